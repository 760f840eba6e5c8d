/* SPDX-License-Identifier: BSD-3-Clause */
/* contents.json, written and read. */
#include "dory/image/contents.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/image/store.h"

enum { CONTENTS_SIZE_MAX = 64 << 20, HISTORY_MAX = 16 };

static char *copy(const char *text)
{
	return text_copy(text ? text : "");
}

void image_contents_add_package(struct image_contents *contents, const struct image_package *package)
{
	struct image_package *p = array_push(&contents->packages, &contents->package_count, sizeof(*p));

	*p = (struct image_package){.kind = copy(package->kind),
		.name = copy(package->name),
		.version = copy(package->version),
		.architecture = copy(package->architecture),
		.url = copy(package->url),
		.sha256 = copy(package->sha256),
		.size = package->size};
}

const struct image_package *image_contents_package(const struct image_contents *contents, size_t index)
{
	return index < contents->package_count ? &contents->packages[index] : NULL;
}

void image_contents_add_source(struct image_contents *contents, const char *kind, const char *path, const char *target)
{
	struct image_source *s = array_push(&contents->sources, &contents->source_count, sizeof(*s));

	*s = (struct image_source){.kind = copy(kind), .path = copy(path), .target = copy(target)};
}

static void add_composition(struct image_contents *contents, const char *created, const char *origin, const char *version)
{
	struct image_composition *c = array_push(&contents->history, &contents->history_count, sizeof(*c));

	*c = (struct image_composition){.created = copy(created), .origin = copy(origin), .version = copy(version)};
}

void image_contents_add_composition(struct image_contents *contents, const char *created, const char *origin)
{
	add_composition(contents, created, origin, DORY_VERSION);
}

void image_contents_release(struct image_contents *contents)
{
	for (size_t i = 0; i < contents->package_count; i++) {
		const struct image_package *p = &contents->packages[i];
		char *const texts[] = {p->kind, p->name, p->version, p->architecture, p->url, p->sha256};

		for (size_t j = 0; j < ARRAY_SIZE(texts); j++)
			free(texts[j]);
	}
	for (size_t i = 0; i < contents->source_count; i++) {
		free(contents->sources[i].kind);
		free(contents->sources[i].path);
		free(contents->sources[i].target);
	}
	for (size_t i = 0; i < contents->history_count; i++) {
		free(contents->history[i].created);
		free(contents->history[i].origin);
		free(contents->history[i].version);
	}
	free(contents->packages);
	free(contents->sources);
	free(contents->history);
	*contents = (struct image_contents){0};
}

static const char *get(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void parse(const json_t *object, struct image_contents *contents)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(object, "packages"), i, item) {
		const char *kind = get(item, "kind"); /* not written before there were others than Debian's */
		const struct image_package package = {.kind = (char *)(kind ? kind : "deb"),
			.name = (char *)get(item, "name"),
			.version = (char *)get(item, "version"),
			.architecture = (char *)get(item, "architecture"),
			.url = (char *)get(item, "url"),
			.sha256 = (char *)get(item, "sha256"),
			.size = (uint64_t)json_integer_value(json_object_get(item, "size"))};

		image_contents_add_package(contents, &package);
	}
	json_array_foreach(json_object_get(object, "sources"), i, item)
		image_contents_add_source(contents, get(item, "kind"), get(item, "path"), get(item, "target"));
	json_array_foreach(json_object_get(object, "history"), i, item)
		add_composition(contents, get(item, "created"), get(item, "origin"), get(item, "version"));
}

static int read_object(const char *path, json_t **object, struct dory_error *err)
{
	json_error_t failure;
	char *text = NULL;
	size_t length;

	if (file_read(path, CONTENTS_SIZE_MAX, &text, &length, err) < 0)
		return -1;
	*object = json_loadb(text, length, 0, &failure);
	free(text);
	if (!json_is_object(*object)) {
		json_decref(*object);
		return error_set(err, DORY_ERROR_FORMAT, "%s is damaged (line %d: %s)", path, failure.line, failure.text);
	}
	return 0;
}

int image_contents_read(const struct image *image, struct image_contents *contents, struct dory_error *err)
{
	char *path = text_format("%.*s/contents.json", (int)(strrchr(image->disk_path, '/') - image->disk_path), image->disk_path);
	char uuid[STORE_UUID_SIZE];
	const char *written_for;
	json_t *object = NULL;
	int result = read_object(path, &object, err);

	*contents = (struct image_contents){0};
	free(path);
	if (result < 0)
		return err->kind == DORY_ERROR_NOT_FOUND ? 0 : -1;
	store_disk_uuid(image->disk_path, uuid);
	written_for = get(object, "disk_uuid");
	if (written_for && strcmp(written_for, uuid) == 0)
		parse(object, contents);
	json_decref(object);
	return 0;
}

static json_t *packages_json(const struct image_contents *contents)
{
	json_t *list = json_array();

	for (size_t i = 0; i < contents->package_count; i++) {
		const struct image_package *p = &contents->packages[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "kind", p->kind, "name", p->name, "version", p->version,
						"architecture", p->architecture, "url", p->url, "sha256", p->sha256, "size",
						(json_int_t)p->size));
	}
	return list;
}

/* Paths need not be UTF-8, which JSON wants: bytes that are not are shown as '?'. */
static json_t *path_json(const char *path)
{
	json_t *text = json_string(path);
	char *shown;

	if (text)
		return text;
	shown = text_copy(path);
	for (char *c = shown; *c; c++)
		*c = (signed char)*c < 0 ? '?' : *c;
	text = json_string(shown);
	free(shown);
	return text;
}

static json_t *sources_json(const struct image_contents *contents)
{
	json_t *list = json_array();

	for (size_t i = 0; i < contents->source_count; i++) {
		const struct image_source *s = &contents->sources[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "kind", s->kind, "path", path_json(s->path), "target",
						path_json(s->target)));
	}
	return list;
}

static void append_history(json_t *list, const struct image_contents *contents)
{
	for (size_t i = 0; i < contents->history_count; i++) {
		const struct image_composition *c = &contents->history[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "created", c->created, "origin", path_json(c->origin),
						"version", c->version));
	}
	while (json_array_size(list) > HISTORY_MAX)
		json_array_remove(list, 0);
}

int image_draft_write_contents(struct image_draft *draft, const struct image_contents *contents, struct dory_error *err)
{
	const char *disk = image_draft_disk(draft);
	char *path = text_format("%.*s/contents.json", (int)(strrchr(disk, '/') - disk), disk), *text;
	char uuid[STORE_UUID_SIZE];
	struct dory_error ignored; /* a former file that cannot be read has no history to keep */
	json_t *former = NULL, *history = json_array(), *object;
	bool is_same = false;
	int result;

	store_disk_uuid(disk, uuid);
	if (read_object(path, &former, &ignored) == 0) {
		json_array_extend(history, json_object_get(former, "history"));
		is_same = get(former, "disk_uuid") && strcmp(get(former, "disk_uuid"), uuid) == 0;
		json_decref(former);
	}
	if (!is_same) /* composing the same again is no event */
		append_history(history, contents);
	object = json_pack("{s:s, s:o, s:o, s:o}", "disk_uuid", uuid, "packages", packages_json(contents), "sources",
		sources_json(contents), "history", history);
	text = json_dumps(object, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	if (text)
		result = file_replace(path, text, strlen(text), err);
	else
		result = error_set(err, DORY_ERROR_USAGE, "what the image was composed from cannot be written down");
	json_decref(object);
	free(text);
	free(path);
	return result;
}
