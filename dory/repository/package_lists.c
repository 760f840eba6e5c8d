/* SPDX-License-Identifier: BSD-3-Clause */
/* From a release file to .solv files. Debian wiki, DebianRepository/Format, has the names of the files. */
#include "package_lists.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "solv_file.h"
#include "dory/base/text.h"

static char *by_hash_url(const struct task *task, const struct release_file *file)
{
	const char *slash = strrchr(file->path, '/');
	int length = slash ? (int)(slash + 1 - file->path) : 0;

	return text_format("%s/%.*sby-hash/SHA256/%s", task->index->dist_url, length, file->path, file->sha256);
}

/* One package list, unless the one that is cached is the same. NOT_FOUND if the release has none. */
static int plan_list(struct refresh *refresh, struct task *task, const char *component, const char *architecture,
    struct dory_error *err)
{
	static const char *const suffixes[] = {".xz", ".gz", ""};
	char *base = *component ? text_format("%s/binary-%s/Packages", component, architecture) : text_copy("Packages");
	char *solv_path = index_solv_path(task->index, component, architecture);
	const struct release_file *file = NULL, *unpacked = release_find(&task->release, base);
	struct list_download *download;
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes) && !file; i++) {
		char *path = text_format("%s%s", base, suffixes[i]);

		file = release_find(&task->release, path);
		free(path);
	}
	if (!file) {
		result = error_set(err, DORY_ERROR_NOT_FOUND, "its release file lists no %s", base);
	} else if (!solv_file_is_from(solv_path, file->sha256)) {
		download = array_push(&refresh->downloads, &refresh->download_count, sizeof(*download));
		*download = (struct list_download){
		    .task = task,
		    .file = file,
		    .plain_url = text_format("%s/%s", task->index->dist_url, file->path),
		    .path = text_format("%s.packages", solv_path),
		    .solv_path = solv_path,
		    .unpacked_size = unpacked ? unpacked->size : 0,
		};
		download->url = task->release.has_by_hash ? by_hash_url(task, file) : text_copy(download->plain_url);
		solv_path = NULL;
	}
	free(base);
	free(solv_path);
	return result;
}

static int plan_component(struct refresh *refresh, struct task *task, const char *component, struct dory_error *err)
{
	const char *architecture = refresh->config->architecture;
	struct dory_error ignored;

	if (plan_list(refresh, task, component, architecture, err) < 0)
		return -1;
	if (*component && task->release.is_all_apart && plan_list(refresh, task, component, "all", &ignored) < 0)
		return 0; /* such an archive has none, or has them in the other list */
	return 0;
}

int package_lists_plan(struct refresh *refresh, struct task *task, struct dory_error *err)
{
	char *words, *cursor, *component;
	int result = 0;

	if (!*task->index->source->components)
		return plan_component(refresh, task, "", err);
	cursor = words = text_copy(task->index->source->components);
	while (result == 0 && (component = strsep(&cursor, " \t")))
		if (*component)
			result = plan_component(refresh, task, component, err);
	free(words);
	return result;
}

/* All lists in parallel; by their plain names those that the archive does not have by digest. */
static void fetch_lists(struct refresh *refresh, bool by_plain_name)
{
	struct fetch_request *requests = NULL;
	struct list_download **of = NULL;
	size_t count = 0, of_count = 0;
	struct dory_error ignored;

	for (size_t i = 0; i < refresh->download_count; i++) {
		struct list_download *download = &refresh->downloads[i];
		struct fetch_request *request;

		if (download->task->is_over || (by_plain_name && access(download->path, F_OK) == 0))
			continue;
		request = array_push(&requests, &count, sizeof(*request));
		request->url = by_plain_name ? download->plain_url : download->url;
		request->path = download->path;
		request->sha256 = download->file->sha256;
		request->size = download->file->size;
		*(struct list_download **)array_push(&of, &of_count, sizeof(*of)) = download;
	}
	if (fetch_all(&refresh->options, requests, count, &ignored) < 0) {
		/* each request has its own error */
	}
	for (size_t i = 0; i < count; i++) {
		bool may_be_elsewhere = !by_plain_name && requests[i].http_status == 404;

		if (requests[i].outcome == FETCH_FAILED && !may_be_elsewhere)
			refresh_fail(of[i]->task, &requests[i].error);
		free(requests[i].etag);
		free(requests[i].modified);
	}
	free(requests);
	free(of);
}

static void make_solv_files(struct refresh *refresh)
{
	struct dory_error error;

	for (size_t i = 0; i < refresh->download_count; i++) {
		struct list_download *download = &refresh->downloads[i];

		if (!download->task->is_over && solv_file_make(download->path, download->unpacked_size,
						    refresh->config->architecture, download->file->sha256,
						    download->solv_path, &error) < 0)
			refresh_fail(download->task, &error);
		unlink(download->path);
	}
}

void package_lists_take(struct refresh *refresh)
{
	refresh->options.title = "package lists";
	fetch_lists(refresh, false);
	fetch_lists(refresh, true);
	make_solv_files(refresh);
}

void package_lists_fini(struct refresh *refresh)
{
	for (size_t i = 0; i < refresh->download_count; i++) {
		free(refresh->downloads[i].url);
		free(refresh->downloads[i].plain_url);
		free(refresh->downloads[i].path);
		free(refresh->downloads[i].solv_path);
	}
	free(refresh->downloads);
}
