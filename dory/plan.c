/* SPDX-License-Identifier: BSD-3-Clause */
/* What a composition would take in, without composing. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "abi/run_config.h"
#include "dory/base/text.h"
#include "dory/parts.h"

enum { OPEN_DIRECTORIES = 32 };

/* nftw(3) has no context of the caller's. */
static _Thread_local struct {
	uint64_t bytes;
	size_t files;
} counted;

static int count_file(const char *path, const struct stat *st, int type, struct FTW *place)
{
	if (type == FTW_F || type == FTW_SL) {
		counted.bytes += (uint64_t)st->st_size;
		counted.files++;
	}
	return 0;
}

static int tell_path(const char *path, dory_plan_fn *tell, void *context, struct dory_error *err)
{
	char *absolute = realpath(path, NULL), *target = NULL;
	const char *slash = strrchr(path, '/');
	struct dory_planned planned = {.version = "", .from = "", .is_here = true};
	struct stat st;
	int result = 0;

	if (!absolute || stat(path, &st) < 0) {
		free(absolute);
		return error_set_errno(err, DORY_ERROR_NOT_FOUND, "%s", path);
	}
	planned.name = absolute;
	planned.bytes = (uint64_t)st.st_size;
	if (S_ISDIR(st.st_mode)) {
		memset(&counted, 0, sizeof(counted));
		if (nftw(path, count_file, OPEN_DIRECTORIES, FTW_PHYS) < 0)
			result = error_set_errno(err, DORY_ERROR_IO, "reading the directory %s", path);
		planned.kind = "directory";
		planned.to = "/";
		planned.bytes = counted.bytes;
		planned.files = counted.files;
	} else {
		planned.kind = "file";
		planned.to = target = text_format("/%s", slash ? slash + 1 : path);
	}
	if (result == 0)
		tell(context, &planned);
	free(absolute);
	free(target);
	return result;
}

static int tell_packages(const struct dory_config *config, const struct dory_composition *composition, dory_plan_fn *tell,
	void *context, struct dory_error *err)
{
	struct dory_target packages = {0};
	struct debian_set set = {0};
	int result;

	if (dory_target_init(&packages, "./", true, composition->packages, composition->package_count, err) < 0)
		return -1;
	result = debian_resolve(config, packages.packages, packages.package_count, archive_refresh(composition->refresh), &set, err);
	for (size_t i = 0; i < set.count && result == 0; i++) {
		const struct debian_package *p = &set.packages[i];

		tell(context, &(struct dory_planned){.kind = "deb",
				      .name = p->name,
				      .version = p->version,
				      .from = p->url,
				      .to = "",
				      .bytes = p->size,
				      .is_here = debian_package_is_cached(config, p)});
	}
	debian_set_release(&set);
	dory_target_release(&packages);
	return result;
}

int dory_compose_plan(const struct dory_config *config, const struct dory_composition *composition, dory_plan_fn *tell,
	void *context, struct dory_error *err)
{
	size_t length = 0;
	char *text = NULL;

	if (image_name_check(composition->image, err) < 0 || run_config_check(&composition->config, err) < 0)
		return -1;
	if (composition->package_count > 0 && tell_packages(config, composition, tell, context, err) < 0)
		return -1;
	for (size_t i = 0; i < composition->path_count; i++) {
		if (tell_path(composition->paths[i], tell, context, err) < 0)
			return -1;
	}
	if (run_config_text(&composition->config, &text, &length, err) < 0)
		return -1;
	tell(context, &(struct dory_planned){.kind = "made", .name = "", .version = "", .from = "", .to = RUN_CONFIG_PATH, .bytes = length, .is_here = true});
	free(text);
	return 0;
}
