/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a Capstanfile. */
#include "dory/manifest/capstanfile.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/manifest/document.h"

void capstanfile_release(struct capstanfile *file)
{
	for (size_t i = 0; i < file->count; i++) {
		free(file->files[i].guest);
		free(file->files[i].host);
	}
	free(file->files);
	free(file->command);
	free(file->build);
	free(file->rootfs);
	text_list_release(&file->bases);
	*file = (struct capstanfile){0};
}

/* One base, or a list of them. */
static int take_base(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	struct capstanfile *file = into;
	const char *base;

	if (value->type == YAML_SEQUENCE_NODE || document_is_empty(value))
		return document_take_list(document, &file->bases, value, err);
	base = document_scalar(document, value, err);
	if (!base)
		return -1;
	text_list_add(&file->bases, base);
	return 0;
}

static int take_rpm(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	document_fail(document, value, err, "rpm-base is of Fedora's packages, which Dory does not read");
	return error_hint(err, "Name a Debian package instead: base: deb:NAME");
}

/* "/a/b" from "a//b"; NULL if it leads upwards, or nowhere. */
static char *clean_guest(const char *path)
{
	struct text_buffer clean = {0};

	while (path += strspn(path, "/"), *path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			free(clean.text);
			return NULL;
		}
		if (length != 1 || *path != '.')
			text_append_format(&clean, "/%.*s", (int)length, path);
		path += length;
	}
	return clean.text;
}

/* '&' stands for the last part of the guest's path. */
static char *replace_ampersands(const char *host, const char *guest)
{
	const char *last = strrchr(guest, '/') + 1;
	struct text_buffer text = {0};

	for (; *host; host++)
		text_append(&text, *host == '&' ? last : host, *host == '&' ? strlen(last) : 1);
	return text.text ? text.text : text_copy("");
}

static int take_file(struct document *document, void *into, const yaml_node_t *key, const char *name, const yaml_node_t *value,
	struct dory_error *err)
{
	struct capstanfile *file = into;
	const char *host = document_scalar(document, value, err);
	struct capstanfile_entry *entry;
	char *guest;

	if (!host)
		return -1;
	guest = clean_guest(name);
	if (!guest)
		return document_fail(document, key, err, "'%.200s' is no path of a file in the image", name);
	if (!*host) {
		free(guest);
		return document_fail(document, value, err, "%.200s needs the path of a file on this disk", name);
	}
	entry = array_push(&file->files, &file->count, sizeof(*entry));
	*entry = (struct capstanfile_entry){
		.guest = guest, .host = replace_ampersands(host, guest), .line = (unsigned)key->start_mark.line + 1};
	return 0;
}

static int take_files(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	return document_each_pair(document, value, take_file, into, err);
}

static const struct document_key keys[] = {
	{"base", take_base, 0},
	{"cmdline", document_take_text, offsetof(struct capstanfile, command)},
	{"build", document_take_text, offsetof(struct capstanfile, build)},
	{"files", take_files, 0},
	{"rootfs", document_take_text, offsetof(struct capstanfile, rootfs)},
	{"rpm-base", take_rpm, 0},
};

static void drop_empty(char **text)
{
	if (*text && !**text)
		text_replace(text, NULL);
}

int capstanfile_parse(
	const char *name, const char *text, size_t length, bool is_quiet, struct capstanfile *file, struct dory_error *err)
{
	struct document document;
	int result = 0;

	*file = (struct capstanfile){0};
	if (document_open(&document, name, text, length, err) < 0)
		return -1;
	document.is_quiet = is_quiet;
	if (document.root)
		result = document_mapping(&document, document.root, keys, ARRAY_SIZE(keys), file, "a Capstanfile", err);
	document_close(&document);
	drop_empty(&file->command);
	drop_empty(&file->build);
	drop_empty(&file->rootfs);
	if (result == 0 && !file->command) {
		result = error_set(err, DORY_ERROR_FORMAT, "%s: \"cmdline\" not found", name);
		error_hint(err, "Say what the image runs, as in: cmdline: /usr/bin/hello --option");
	}
	if (result < 0)
		capstanfile_release(file);
	return result;
}
