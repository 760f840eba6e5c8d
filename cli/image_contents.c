/* SPDX-License-Identifier: BSD-3-Clause */
/* dory image tree, diff and inspect: what is in images. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/image.h"
#include "dory/base/digest.h"
#include "dory/base/text.h"
#include "dory/content/configuration.h"
#include "dory/content/content.h"
#include "dory/image/contents.h"
#include "dory/image_tools.h"

void print_mode(char text[11], unsigned mode)
{
	static const char types[] = "?pc?d?b?-?l?s???", letters[] = "rwxrwxrwx";

	text[0] = types[mode >> 12 & 15];
	for (unsigned i = 0; i < 9; i++)
		text[1 + i] = mode & (0400u >> i) ? letters[i] : '-';
	if (mode & S_ISUID)
		text[3] = text[3] == 'x' ? 's' : 'S';
	if (mode & S_ISGID)
		text[6] = text[6] == 'x' ? 's' : 'S';
	if (mode & S_ISVTX)
		text[9] = text[9] == 'x' ? 't' : 'T';
	text[10] = '\0';
}

/* Names need not be UTF-8: bytes that are not are shown as '?'. */
static json_t *text_json(const char *text)
{
	json_t *value = text ? json_string(text) : json_null();
	char *shown;

	if (value)
		return value;
	shown = text_copy(text);
	for (char *c = shown; *c; c++)
		*c = (signed char)*c < 0 ? '?' : *c;
	value = json_string(shown);
	free(shown);
	return value;
}

static json_t *entry_json(const struct content_entry *e)
{
	char mode[11];
	json_t *object;

	print_mode(mode, e->mode);
	object = json_pack("{s:o, s:s, s:i, s:i, s:I, s:I}", "path", text_json(e->path), "mode", mode, "uid", (int)e->uid, "gid",
		(int)e->gid, "size", (json_int_t)e->size, "mtime", (json_int_t)e->mtime);
	if (e->link)
		json_object_set_new(object, "target", text_json(e->link));
	return object;
}

/* A name with a control character would write on a terminal what it likes. */
static void print_path(const char *path)
{
	for (; *path; path++) {
		if ((unsigned char)*path < 0x20 || *path == 0x7f)
			printf("\\%03o", (unsigned char)*path);
		else
			putchar(*path);
	}
}

static void print_entry(const struct content_entry *e)
{
	char mode[11], owner[32];

	print_mode(mode, e->mode);
	snprintf(owner, sizeof(owner), "%u:%u", e->uid, e->gid);
	printf("%s  %-7s  %10llu  ", mode, owner, (unsigned long long)e->size);
	print_path(e->path);
	if (e->link) {
		printf(" -> ");
		print_path(e->link);
	}
}

static char *origin_text(const struct image_contents *contents, uint32_t origin)
{
	const struct image_package *package;
	const struct image_source *source;

	if (origin == 0 || origin > contents->source_count)
		return text_copy("dory");
	source = &contents->sources[origin - 1];
	package = image_contents_package(contents, origin - 1);
	if (package && strcmp(package->kind, "deb") == 0)
		return text_format("deb:%s", package->name);
	if (package && strcmp(package->kind, "package") == 0)
		return text_format("%s%s%s", package->name, *package->version ? "=" : "", package->version);
	return text_copy(strcmp(source->kind, "made") == 0 ? "dory" : source->path);
}

static void print_tree(const struct content_list *list, const uint32_t *origins, const struct image_contents *contents)
{
	json_t *array = image_values.json ? json_array() : NULL;

	for (size_t i = 0; i < list->count; i++) {
		char *origin = origins ? origin_text(contents, origins[i]) : NULL;

		if (array) {
			json_t *object = entry_json(&list->entries[i]);

			if (origin)
				json_object_set_new(object, "origin", text_json(origin));
			json_array_append_new(array, object);
		} else {
			print_entry(&list->entries[i]);
			printf(origin ? "  (%s)\n" : "%s\n", origin ? origin : "");
		}
		free(origin);
	}
	if (array)
		print_json_value(array);
}

/* The list below the path has its origins out of the whole list's, both in order. */
static uint32_t *origins_of(const struct image *image, const struct content *content, const struct content_list *list)
{
	struct content_list all;
	struct dory_error ignored;
	uint32_t *whole, *part = NULL;

	if (content_list(content, "/", UINT32_MAX, &all, &ignored) < 0)
		return NULL;
	whole = dory_image_origins(image, &all);
	if (whole) {
		part = calloc(list->count + 1, sizeof(*part));
		if (!part)
			abort();
		for (size_t i = 0, j = 0; i < list->count; i++) {
			while (j < all.count && content_path_compare(all.entries[j].path, list->entries[i].path) < 0)
				j++;
			part[i] = j < all.count ? whole[j] : 0;
		}
	}
	free(whole);
	content_list_release(&all);
	return part;
}

static int show_tree(const struct invocation *invocation, const struct image *image, struct content *content)
{
	const struct word_list *words = &invocation->words.operands;
	struct image_contents contents = {0};
	struct content_list list;
	uint32_t *origins = NULL;
	struct dory_error err;
	int status = 0;

	if (content_list(content, words->count > 1 ? words->words[1] : "/", image_values.depth ? image_values.depth : UINT32_MAX, &list, &err) < 0)
		return verb_fail(invocation, &err);
	if (image_values.origin) {
		origins = origins_of(image, content, &list);
		if (image_contents_read(image, &contents, &err) < 0 || !origins) {
			if (origins)
				status = verb_fail(invocation, &err);
			else
				message_note("where the files came from is not known: the image was written to since");
		}
	}
	if (status == 0)
		print_tree(&list, origins, &contents);
	image_contents_release(&contents);
	content_list_release(&list);
	free(origins);
	return status;
}

int image_tree(struct invocation *invocation)
{
	int status = check_word_count(invocation, 1, 2, "say which image");
	struct content *content;
	struct dory_error err;
	struct image image;

	if (status || image_of_word(invocation, 0, &image, &status) < 0)
		return status;
	if (content_open(image.disk_path, &content, &err) < 0) {
		status = verb_fail(invocation, &err);
	} else {
		status = show_tree(invocation, &image, content);
		content_close(content);
	}
	image_release(&image);
	return status;
}

static const struct {
	unsigned change;
	const char *name;
} change_names[] = {{CONTENT_ADDED, "added"}, {CONTENT_REMOVED, "removed"}, {CONTENT_TYPE, "type"}, {CONTENT_MODE, "mode"},
	{CONTENT_OWNER, "owner"}, {CONTENT_BYTES, "content"}, {CONTENT_TIME, "time"}};

static json_t *difference_json(const struct content_difference *d)
{
	json_t *object = json_object(), *changes = json_array();

	json_object_set_new(object, "path", text_json((d->after ? d->after : d->before)->path));
	for (size_t i = 0; i < ARRAY_SIZE(change_names); i++) {
		if (d->changes & change_names[i].change)
			json_array_append_new(changes, json_string(change_names[i].name));
	}
	json_object_set_new(object, "changes", changes);
	json_object_set_new(object, "before", d->before ? entry_json(d->before) : json_null());
	json_object_set_new(object, "after", d->after ? entry_json(d->after) : json_null());
	return object;
}

/* "+ /new", "- /gone", "~ /changed  mode rw-r--r-- -> rwxr-xr-x, content 10 -> 12 bytes" */
static void print_difference(const struct content_difference *d)
{
	char before[11], after[11];

	printf("%c ", d->changes & CONTENT_ADDED ? '+' : d->changes & CONTENT_REMOVED ? '-' : '~');
	print_path((d->after ? d->after : d->before)->path);
	if (!d->before || !d->after) {
		putchar('\n');
		return;
	}
	print_mode(before, d->before->mode);
	print_mode(after, d->after->mode);
	if (d->changes & (CONTENT_TYPE | CONTENT_MODE))
		printf("  mode %s -> %s", before, after);
	if (d->changes & CONTENT_OWNER)
		printf("  owner %u:%u -> %u:%u", d->before->uid, d->before->gid, d->after->uid, d->after->gid);
	if (d->changes & CONTENT_BYTES && d->after->link) {
		printf("  target ");
		print_path(d->before->link);
		printf(" -> ");
		print_path(d->after->link);
	} else if (d->changes & CONTENT_BYTES) {
		printf("  content %llu -> %llu bytes", (unsigned long long)d->before->size, (unsigned long long)d->after->size);
	}
	putchar('\n');
}

static void take_difference(void *context, const struct content_difference *difference)
{
	if (context)
		json_array_append_new(context, difference_json(difference));
	else
		print_difference(difference);
}

static int compare(const struct invocation *invocation, const struct image *before, const struct image *after)
{
	json_t *array = image_values.json ? json_array() : NULL;
	struct content *a = NULL, *b = NULL;
	struct dory_error err;
	int status = 0;

	if (content_open(before->disk_path, &a, &err) < 0 || content_open(after->disk_path, &b, &err) < 0 ||
		content_compare(a, b, take_difference, array, &err) < 0) {
		status = verb_fail(invocation, &err);
		json_decref(array);
	} else if (array) {
		print_json_value(array);
	}
	content_close(a);
	content_close(b);
	return status;
}

int image_diff(struct invocation *invocation)
{
	int status = check_word_count(invocation, 2, 2, "say which two images");
	struct image before, after;

	if (status || image_of_word(invocation, 0, &before, &status) < 0)
		return status;
	if (image_of_word(invocation, 1, &after, &status) == 0) {
		status = compare(invocation, &before, &after);
		image_release(&after);
	}
	image_release(&before);
	return status;
}

struct inspection {
	const struct image *image;
	struct image_contents contents;
	struct content_configuration configuration;
	char digest[DIGEST_TEXT_SIZE];
	size_t files, directories, links;
	uint64_t bytes;
};

static void inspection_release(struct inspection *inspection)
{
	image_contents_release(&inspection->contents);
	content_configuration_release(&inspection->configuration);
}

static int inspect(const struct image *image, struct inspection *inspection, struct dory_error *err)
{
	struct content_list list = {0};
	struct content *content;
	int result;

	*inspection = (struct inspection){.image = image};
	if (dory_image_digest(image, inspection->digest, err) < 0 || image_contents_read(image, &inspection->contents, err) < 0 ||
		content_open(image->disk_path, &content, err) < 0)
		return -1;
	result = content_read_configuration(content, &inspection->configuration, err);
	if (result == 0)
		result = content_list(content, "/", UINT32_MAX, &list, err);
	for (size_t i = 0; i < list.count; i++) {
		inspection->files += S_ISREG(list.entries[i].mode);
		inspection->directories += S_ISDIR(list.entries[i].mode);
		inspection->links += S_ISLNK(list.entries[i].mode);
		inspection->bytes += S_ISREG(list.entries[i].mode) ? list.entries[i].size : 0;
	}
	content_list_release(&list);
	content_close(content);
	return result;
}

static json_t *configuration_json(const struct content_configuration *configuration)
{
	json_t *words = json_array(), *environment = json_array();

	for (size_t i = 0; i < configuration->word_count; i++)
		json_array_append_new(words, text_json(configuration->words[i].text));
	for (size_t i = 0; i < configuration->environment_count; i++)
		json_array_append_new(environment, text_json(configuration->environment[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "arguments", words, "environment", environment, "directory",
		text_json(configuration->directory), "host_name", text_json(configuration->host_name), "user",
		text_json(configuration->user));
}

static json_t *inspection_json(const struct inspection *in)
{
	json_t *packages = json_array();
	const struct image *image = in->image;

	for (size_t i = 0; i < in->contents.package_count; i++) {
		const struct image_package *p = &in->contents.packages[i];

		json_array_append_new(packages, json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", p->kind, "name", p->name, "version", p->version,
						    "architecture", p->architecture, "sha256", p->sha256));
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "name", image->name, "created",
		image->created, "origin", image->origin, "size", (json_int_t)image->size, "used", (json_int_t)image->used, "disk",
		image->disk_path, "digest", in->digest, "command", image->default_command, "files", (json_int_t)in->files, "directories",
		(json_int_t)in->directories, "links", (json_int_t)in->links, "content_bytes", (json_int_t)in->bytes, "configuration",
		configuration_json(&in->configuration), "packages", packages);
}

static void print_configuration(const struct content_configuration *configuration)
{
	for (size_t i = 0; i < configuration->environment_count; i++)
		printf("%s%s\n", i ? "               " : "Environment:   ", configuration->environment[i]);
	if (configuration->directory)
		printf("Directory:     %s\n", configuration->directory);
	if (configuration->user)
		printf("User:          %s\n", configuration->user);
	if (configuration->host_name)
		printf("Host name:     %s\n", configuration->host_name);
}

static void print_inspection(const struct inspection *in)
{
	const struct image *image = in->image;
	char size[16], used[16], bytes[16];

	printf("Name:          %s\nCreated:       %s\nOrigin:        %s\n", image->name, image->created, image->origin);
	printf("Size:          %s, of which %s are used on this disk\n", human_size(image->size, size), human_size(image->used, used));
	printf("Contents:      %zu files of %s, %zu directories, %zu links\n", in->files, human_size(in->bytes, bytes), in->directories, in->links);
	printf("Digest:        sha256:%s\nDisk:          %s\n", in->digest, image->disk_path);
	printf("Command:       %s\n", *image->default_command ? image->default_command : "(none)");
	print_configuration(&in->configuration);
	for (size_t i = 0; i < in->contents.package_count; i++)
		printf("%s%s %s\n", i ? "               " : "Packages:      ", in->contents.packages[i].name, in->contents.packages[i].version);
}

int image_inspect(struct invocation *invocation)
{
	const struct word_list *words = &invocation->words.operands;
	int status = check_word_count(invocation, 1, SIZE_MAX, "say which image");
	json_t *array = image_values.json ? json_array() : NULL;

	for (size_t i = 0; i < words->count && status == 0; i++) {
		struct inspection inspection = {0};
		struct dory_error err;
		struct image image;

		if (image_of_word(invocation, i, &image, &status) < 0)
			break;
		if (inspect(&image, &inspection, &err) < 0) {
			status = verb_fail(invocation, &err);
		} else if (array) {
			json_array_append_new(array, inspection_json(&inspection));
		} else {
			if (i > 0)
				putchar('\n');
			print_inspection(&inspection);
		}
		inspection_release(&inspection);
		image_release(&image);
	}
	if (array && status == 0)
		print_json_value(array);
	else
		json_decref(array);
	return status;
}
