/* SPDX-License-Identifier: BSD-3-Clause */
/* <root>/repositories.json. Who changes it holds repositories.lock. */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/near_names.h"
#include "dory/base/text.h"
#include "dory/hub/key.h"
#include "dory/hub/layout.h"
#include "dory/hub/serial.h"

enum { FILE_SIZE_MAX = 1 << 20, NAME_SIZE_MAX = 64 };

const struct hub_layout *const hub_layouts[] = {&hub_layout_dory, &hub_layout_capstan, &hub_layout_github, NULL};

const struct hub_layout *hub_layout_find(const char *name)
{
	for (const struct hub_layout *const *layout = hub_layouts; *layout; layout++)
		if (strcmp((*layout)->name, name) == 0)
			return *layout;
	return NULL;
}

const char *hub_title(const struct hub *hub)
{
	return hub->is_unnamed ? hub->url : hub->name;
}

void hub_release(struct hub *hub)
{
	free(hub->name);
	free(hub->url);
	free(hub->key);
	*hub = (struct hub){0};
}

void hub_list_release(struct hub_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		hub_release(&list->hubs[i]);
	free(list->hubs);
	*list = (struct hub_list){0};
}

struct hub *hub_list_find(const struct hub_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->hubs[i].name, name) == 0)
			return &list->hubs[i];
	return NULL;
}

char *hub_directory(const char *root, const char *name)
{
	return text_format("%s/cache/repositories/%s", root, name);
}

char *hub_index_path(const char *root, const char *name)
{
	return text_format("%s/cache/repositories/%s/" HUB_INDEX_NAME, root, name);
}

static char *list_path(const char *root)
{
	return text_format("%s/repositories.json", root);
}

/* ---- Reading and writing ---- */

static bool take(const json_t *object, struct hub_list *list)
{
	const char *name = json_string_value(json_object_get(object, "name")),
		   *url = json_string_value(json_object_get(object, "url")),
		   *layout = json_string_value(json_object_get(object, "layout")),
		   *key = json_string_value(json_object_get(object, "key"));
	const struct hub_layout *found = layout ? hub_layout_find(layout) : NULL;
	struct dory_error ignored;

	if (!name || !url || !found || hub_check(name, url, &ignored) < 0)
		return false;
	*(struct hub *)array_push(&list->hubs, &list->count, sizeof(struct hub)) =
		(struct hub){.name = text_copy(name), .url = text_copy(url), .layout = found, .key = text_copy(key)};
	return true;
}

static int parse(const char *path, const char *text, size_t length, struct hub_list *list, struct dory_error *err)
{
	json_error_t failure = {.text = "it is no list of repositories"};
	json_t *array = json_loadb(text, length, 0, &failure);
	bool is_sound = json_is_array(array);
	const json_t *object;
	size_t i;

	json_array_foreach(array, i, object)
		is_sound = is_sound && take(object, list);
	json_decref(array);
	if (is_sound)
		return 0;
	hub_list_release(list);
	error_set(err, DORY_ERROR_FORMAT, "%s is damaged (line %d: %s)", path, failure.line, failure.text);
	return error_hint(err, "Mend or remove it, and add the repositories again.");
}

int hub_list_read(const char *root, struct hub_list *list, struct dory_error *err)
{
	char *path = list_path(root), *text;
	size_t length;
	int result = 0;

	*list = (struct hub_list){0};
	if (access(path, F_OK) == 0) {
		result = file_read(path, FILE_SIZE_MAX, &text, &length, err);
		if (result == 0) {
			result = parse(path, text, length, list, err);
			free(text);
		}
	}
	free(path);
	return result;
}

static int write_list(const char *root, const struct hub_list *list, struct dory_error *err)
{
	char *path = list_path(root), *text;
	json_t *array = json_array();
	int result;

	for (size_t i = 0; i < list->count; i++) {
		const struct hub *hub = &list->hubs[i];

		json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s*}", "name", hub->name, "url", hub->url,
						     "layout", hub->layout->name, "key", hub->key));
	}
	text = json_dumps(array, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(array);
	result = text ? file_replace(path, text, strlen(text), err)
		      : error_set(err, DORY_ERROR_USAGE, "the repository's URL is not UTF-8 text");
	free(text);
	free(path);
	return result;
}

/* ---- Changing ---- */

int hub_check(const char *name, const char *url, struct dory_error *err)
{
	static const char *const schemes[] = {"https://", "http://", "file:///"};
	bool has_scheme = false;

	if (!isalnum((unsigned char)name[0]) || strlen(name) > NAME_SIZE_MAX ||
		name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] != '\0')
		return error_set(
			err, DORY_ERROR_USAGE, "'%s' is not a name for a repository (letters, digits, . _ -)", name);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		has_scheme =
			has_scheme || (strncmp(url, schemes[i], strlen(schemes[i])) == 0 && url[strlen(schemes[i])]);
	if (!has_scheme || strpbrk(url, " \t\r\n?#"))
		return error_set(err, DORY_ERROR_USAGE,
			"'%s' is not the URL of a repository (https://, http:// or file:///, without ? and #)", url);
	return 0;
}

/* Reads the list under its lock; the lock's descriptor, or -1. */
static int open_list(const char *root, struct hub_list *list, struct dory_error *err)
{
	char *lock = text_format("%s/repositories.lock", root);
	int fd = -1;

	if (file_make_directories(root, err) == 0 && file_lock(lock, NULL, &fd, err) == 0 &&
		hub_list_read(root, list, err) < 0) {
		close(fd);
		fd = -1;
	}
	free(lock);
	return fd;
}

int hub_add(const char *root, const struct hub *hub, struct dory_error *err)
{
	struct hub_list list;
	int fd = open_list(root, &list, err), result;

	if (fd < 0)
		return -1;
	if (hub_list_find(&list, hub->name)) {
		error_set(err, DORY_ERROR_CONFLICT, "there is a repository '%s' already", hub->name);
		result = error_hint(err, "`dory repo rm %s` removes it.", hub->name);
	} else {
		*(struct hub *)array_push(&list.hubs, &list.count, sizeof(struct hub)) =
			(struct hub){.name = text_copy(hub->name),
				.url = text_copy(hub->url),
				.layout = hub->layout,
				.key = text_copy(hub->key)};
		result = write_list(root, &list, err);
	}
	hub_list_release(&list);
	close(fd);
	return result;
}

static int explain_unknown(const struct hub_list *list, const char *name, struct dory_error *err)
{
	struct near_names near = {0};

	for (size_t i = 0; i < list->count; i++)
		near_names_offer(&near, name, list->hubs[i].name);
	error_set(err, DORY_ERROR_NOT_FOUND, "there is no repository '%s'", name);
	return near.count ? near_names_hint(&near, err) : error_hint(err, "`dory repo ls` lists them.");
}

int hub_remove(const char *root, const char *name, struct dory_error *err)
{
	struct hub_list list;
	int fd = open_list(root, &list, err), result;
	struct hub *hub;

	if (fd < 0)
		return -1;
	hub = hub_list_find(&list, name);
	if (!hub) {
		result = explain_unknown(&list, name, err);
	} else {
		char *directory = hub_directory(root, name);

		hub_release(hub);
		memmove(hub, hub + 1, (size_t)(&list.hubs[list.count] - (hub + 1)) * sizeof(*hub));
		list.count--;
		result = write_list(root, &list, err);
		if (result == 0)
			result = file_remove_tree(directory, err);
		hub_serial_forget(root, name);
		free(directory);
	}
	hub_list_release(&list);
	close(fd);
	return result;
}
