/* SPDX-License-Identifier: BSD-3-Clause */
/* meta/package.yaml. */
#include "dory/manifest/package_manifest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/manifest/document.h"
#include "dory/manifest/emitter.h"
#include "dory/manifest/requirement.h"

/* Capstan reads RFC 3339 and "2006-01-02 15:04"; anything else is no time. */
static bool parse_created(const char *text, struct tm *tm)
{
	const char *end;

	*tm = (struct tm){0};
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", tm);
	if (end) {
		if (*end == '.')
			end += 1 + strspn(end + 1, "0123456789");
		return strcmp(end, "Z") == 0 || ((*end == '+' || *end == '-') && strlen(end) == 6 && end[3] == ':');
	}
	*tm = (struct tm){0};
	end = strptime(text, "%Y-%m-%d %H:%M", tm);
	return end && !*end;
}

char *package_created_text(const char *created)
{
	char text[64];
	struct tm tm;

	if (!created || !parse_created(created, &tm))
		return text_copy("N/A");
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	return text_copy(text);
}

char *package_created_now(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	char text[64];
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return text_copy(text);
}

static int take_created(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	const char *text = document_scalar(document, value, err);
	struct tm tm;

	if (!text)
		return -1;
	text_replace(into, text_copy(parse_created(text, &tm) ? text : ""));
	return 0;
}

static int take_version(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	const char *text = document_scalar(document, value, err);
	struct dory_error why;

	if (!text)
		return -1;
	if (package_version_check(text, &why) < 0)
		return document_fail(document, value, err, "%s", why.message);
	text_replace(into, text_copy(text));
	return 0;
}

static int take_name(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	const char *text = document_scalar(document, value, err);
	struct dory_error why;

	if (!text)
		return -1;
	if (*text && package_name_check(text, &why) < 0) {
		document_fail(document, value, err, "%s", why.message);
		return error_hint(err, "%s", why.hint);
	}
	text_replace(into, text_copy(text));
	return 0;
}

/* Each line is checked where its place is still known. */
static int take_requirements(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	struct text_list *list = into;

	if (document_take_list(document, into, value, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		struct requirement requirement;
		struct dory_error why;

		if (requirement_parse(list->items[i], &requirement, &why) < 0) {
			document_fail(document, yaml_document_get_node(&document->yaml, value->data.sequence.items.start[i]),
				err, "%s", why.message);
			return error_hint(err, "%s", why.hint);
		}
		requirement_release(&requirement);
	}
	return 0;
}

static int take_binary_pair(struct document *document, void *into, const yaml_node_t *key, const char *name,
	const yaml_node_t *value, struct dory_error *err)
{
	const char *path = document_scalar(document, value, err);

	if (!path)
		return -1;
	text_list_set(into, name, path);
	return 0;
}

static int take_binary(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	text_list_release(into);
	return document_each_pair(document, value, take_binary_pair, into, err);
}

static int take_size(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	enum { DIGITS_MAX = 18 };
	const char *text = document_scalar(document, value, err);

	if (!text)
		return -1;
	if (text[strspn(text, "0123456789")] || strlen(text) > DIGITS_MAX)
		return document_fail(document, value, err, "a number of bytes is expected here, not '%.100s'", text);
	*(uint64_t *)into = strtoull(text, NULL, 10);
	return 0;
}

#define KEY(key, take_) {.name = #key, .take = take_, .offset = offsetof(struct package_manifest, key)}

static const struct document_key keys[] = {
	KEY(name, take_name),
	KEY(title, document_take_text),
	KEY(author, document_take_text),
	KEY(version, take_version),
	KEY(require, take_requirements),
	KEY(provides, take_requirements),
	KEY(conflicts, take_requirements),
	KEY(binary, take_binary),
	KEY(created, take_created),
	KEY(platform, document_take_text),
	KEY(architecture, document_take_text),
	KEY(sha256, document_take_text),
	KEY(size, take_size),
};

static void fill(struct package_manifest *manifest)
{
	char **const texts[] = {&manifest->name, &manifest->title, &manifest->author, &manifest->version,
		&manifest->created, &manifest->platform, &manifest->architecture, &manifest->sha256};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!*texts[i])
			*texts[i] = text_copy("");
}

static int check(const char *file, const struct package_manifest *manifest, struct dory_error *err)
{
	const struct {
		const char *key, *value;
	} needed[] = {{"name", manifest->name}, {"title", manifest->title}, {"author", manifest->author}};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!*needed[i].value)
			return error_set(err, DORY_ERROR_FORMAT, "%s: '%s' must be provided for the package", file,
				needed[i].key);
	return 0;
}

int package_manifest_parse(const char *name, const char *text, size_t length, bool is_quiet,
	struct package_manifest *manifest, struct dory_error *err)
{
	struct document document;
	int result = 0;

	*manifest = (struct package_manifest){0};
	if (document_open(&document, name, text, length, err) < 0)
		return -1;
	document.is_quiet = is_quiet;
	if (document.root)
		result = document_mapping(
			&document, document.root, keys, ARRAY_SIZE(keys), manifest, "package.yaml", err);
	document_close(&document);
	fill(manifest);
	if (result == 0)
		result = check(name, manifest, err);
	if (result < 0)
		package_manifest_release(manifest);
	return result;
}

int package_manifest_read(const char *path, bool is_quiet, struct package_manifest *manifest, struct dory_error *err)
{
	size_t length;
	char *text;
	int result;

	if (file_read(path, MANIFEST_SIZE_MAX, &text, &length, err) < 0)
		return -1;
	result = package_manifest_parse(path, text, length, is_quiet, manifest, err);
	free(text);
	return result;
}

static void put_if_any(struct emitter *emitter, const char *key, const char *value)
{
	if (*value)
		emitter_put(emitter, key, value);
}

static void put_binary(struct emitter *emitter, const struct text_list *binary)
{
	if (binary->count == 0)
		return;
	emitter_begin_mapping(emitter, "binary");
	for (size_t i = 0; i < binary->count; i++) {
		char *name = text_copy_n(binary->items[i], strcspn(binary->items[i], "="));

		emitter_put(emitter, name, binary->items[i] + strlen(name) + 1);
		free(name);
	}
	emitter_end_mapping(emitter);
}

char *package_manifest_print(const struct package_manifest *manifest)
{
	struct emitter *emitter = emitter_new();

	emitter_begin_mapping(emitter, NULL);
	emitter_put(emitter, "name", manifest->name);
	emitter_put(emitter, "title", manifest->title);
	put_if_any(emitter, "author", manifest->author);
	put_if_any(emitter, "version", manifest->version);
	emitter_put_list(emitter, "require", &manifest->require);
	emitter_put_list(emitter, "provides", &manifest->provides);
	emitter_put_list(emitter, "conflicts", &manifest->conflicts);
	put_binary(emitter, &manifest->binary);
	emitter_put(emitter, "created", *manifest->created ? manifest->created : "N/A");
	put_if_any(emitter, "platform", manifest->platform);
	put_if_any(emitter, "architecture", manifest->architecture);
	put_if_any(emitter, "sha256", manifest->sha256);
	if (manifest->size)
		emitter_put_number(emitter, "size", manifest->size);
	emitter_end_mapping(emitter);
	return emitter_finish(emitter);
}

void package_manifest_release(struct package_manifest *manifest)
{
	char *const texts[] = {manifest->name, manifest->title, manifest->author, manifest->version, manifest->created,
		manifest->platform, manifest->architecture, manifest->sha256};
	struct text_list *const lists[] = {
		&manifest->require, &manifest->provides, &manifest->conflicts, &manifest->binary};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		text_list_release(lists[i]);
	*manifest = (struct package_manifest){0};
}

void package_manifest_default(struct package_manifest *manifest)
{
	*manifest = (struct package_manifest){
		.name = text_copy("App"), .title = text_copy("App"), .author = text_copy("Anonymous")};
	fill(manifest);
}
