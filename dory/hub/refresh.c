/* SPDX-License-Identifier: BSD-3-Clause */
/* Bringing indices here up to date. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/fetch/fetch.h"
#include "dory/hub/key.h"
#include "dory/hub/layout.h"
#include "dory/hub/serial.h"

enum { OLD_S = 3600 };

int hub_fetch_text(const struct dory_config *config, const char *url, const char *directory, char **text,
	size_t *length, struct dory_error *err)
{
	const struct fetch_options options = {.proxy = config->proxy, .quiet = true};
	char *path = text_format("%s/fetched.%d", directory, (int)getpid());
	struct fetch_request request = {.url = url, .path = path, .limit = HUB_INDEX_SIZE_MAX};
	int result = fetch_all(&options, &request, 1, err);

	if (result == 0)
		result = file_read(path, HUB_INDEX_SIZE_MAX, text, length, err);
	unlink(path);
	free(request.etag);
	free(request.modified);
	free(path);
	return result;
}

int hub_offered_key(const struct dory_config *config, const char *url, char **key, struct dory_error *err)
{
	char *from = text_format("%s/" HUB_KEY_NAME, url),
	     *directory = text_format("%s/cache/repositories", config->root), *text, parsed[HUB_KEY_TEXT_SIZE];
	struct dory_error ignored;
	size_t length;
	int result = file_make_directories(directory, err);

	*key = NULL;
	if (result == 0 && hub_fetch_text(config, from, directory, &text, &length, &ignored) == 0) {
		text[strcspn(text, " \t\r\n")] = '\0';
		if (hub_key_parse(text, parsed, &ignored) == 0)
			*key = text_copy(parsed);
		free(text);
	}
	free(directory);
	free(from);
	return result;
}

static int take_serial(const char *root, const struct hub *hub, uint64_t serial, struct dory_error *err)
{
	if (hub_serial_check(root, hub, serial, err) < 0)
		return -1;
	return hub_serial_keep(root, hub, serial, err);
}

static int refresh_into(
	const struct dory_config *config, const struct hub *hub, const char *directory, struct dory_error *err)
{
	char *path = hub_index_path(config->root, hub->name), *text = NULL;
	struct package_list list = {0};
	size_t length;
	int result = hub->layout->refresh(config, hub, directory, &text, &length, err);

	if (result == 0)
		result = hub_index_parse(
			hub->url, text, length, NULL, &list, err); /* what cannot be read does not replace what can */
	if (result == 0 && hub->key)
		result = take_serial(config->root, hub, hub_index_serial(text, length), err);
	if (result == 0)
		result = file_replace(path, text, length, err);
	package_list_release(&list);
	free(text);
	free(path);
	return result;
}

int hub_refresh(const struct dory_config *config, const struct hub *hub, struct dory_error *err)
{
	char *directory = hub_directory(config->root, hub->name), *lock = text_format("%s/.lock", directory);
	int fd, result = file_make_directories(directory, err);

	if (result == 0)
		result = file_lock(lock, NULL, &fd, err);
	if (result == 0) {
		result = refresh_into(config, hub, directory, err);
		close(fd);
	}
	free(lock);
	free(directory);
	return result < 0 ? error_wrap(err, "the repository %s", hub_title(hub)) : 0;
}

/* Seconds since its index was brought here; negative: there is none. */
static int64_t age(const char *root, const struct hub *hub)
{
	char *path = hub_index_path(root, hub->name);
	struct stat st;
	int64_t seconds = -1;

	if (stat(path, &st) == 0)
		seconds = time(NULL) > st.st_mtime ? time(NULL) - st.st_mtime : 0;
	free(path);
	return seconds;
}

static bool is_wanted(const char *root, const struct hub *hub, enum hub_refresh when)
{
	int64_t seconds = age(root, hub);

	return when == HUB_ALWAYS || (when == HUB_IF_OLD && (seconds < 0 || seconds > OLD_S));
}

int hub_refresh_all(
	const struct dory_config *config, const struct hub_list *list, enum hub_refresh when, struct dory_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct hub *hub = &list->hubs[i];

		if (!is_wanted(config->root, hub, when) || hub_refresh(config, hub, err) == 0)
			continue;
		if (err->kind == DORY_ERROR_UNTRUSTED)
			return -1;
		if (age(config->root, hub) >= 0)
			progress_warning("%s; what it had %lld minutes ago counts", err->message,
				(long long)age(config->root, hub) / 60);
		else if (list->count > 1)
			progress_warning("%s; it is left out", err->message);
		else
			return -1;
	}
	return 0;
}
