/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and state of the cached indices. */
#include "index.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"

enum {
	NAME_MAX_LENGTH = 120,
	DIGEST_SHOWN = 8,
	STATE_MAX = 65536,
};

static void make_plain(char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr(".-+", *name))
			*name = '_';
}

/* A name that a person recognises, and some digits of a digest that tell apart what looks alike. */
static char *directory_of(const char *parent, const struct debian_source *source, const struct dory_config *config)
{
	const char *address = strstr(source->uri, "://"), *keyring = source->keyring ? source->keyring : config->keyring;
	char *identity = text_format("%s\n%s\n%s\n%s\n%s", source->uri, source->suite, source->components, keyring,
	    config->architecture);
	char *name = text_format("%s_%s", address ? address + 3 : source->uri, source->suite), *directory;
	char digest[DIGEST_TEXT_SIZE];

	digest_sha256(identity, strlen(identity), digest);
	make_plain(name);
	directory = text_format("%s/%.*s-%.*s", parent, NAME_MAX_LENGTH, *name == '.' ? name + 1 : name, DIGEST_SHOWN, digest);
	free(identity);
	free(name);
	return directory;
}

static char *dist_url_of(const struct debian_source *source)
{
	const char *between = *source->components ? "/dists/" : "/";
	size_t length = strlen(source->suite);

	while (length > 0 && source->suite[length - 1] == '/')
		length--;
	return text_format("%s%s%.*s", source->uri, between, (int)length, source->suite);
}

int index_list_init(struct index_list *list, const struct dory_config *config, struct dory_error *err)
{
	*list = (struct index_list){0};
	if (config->source_count == 0)
		return config_explain_no_sources(config, err);
	list->directory = text_format("%s/cache/debian", config->root);
	for (size_t i = 0; i < config->source_count; i++) {
		struct index *index = array_push(&list->indices, &list->count, sizeof(*index));

		index->source = &config->sources[i];
		index->directory = directory_of(list->directory, index->source, config);
		index->dist_url = dist_url_of(index->source);
		index_read_state(index);
	}
	return 0;
}

void index_list_fini(struct index_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->indices[i].directory);
		free(list->indices[i].dist_url);
		free(list->indices[i].etag);
		free(list->indices[i].modified);
	}
	free(list->indices);
	free(list->directory);
	*list = (struct index_list){0};
}

char *index_solv_path(const struct index *index, const char *component, const char *architecture)
{
	char *name = text_format("%s_%s", *component ? component : "flat", architecture), *path;

	make_plain(name);
	path = text_format("%s/%s.solv", index->directory, name);
	free(name);
	return path;
}

static int use_component(const struct index *index, const char *component, const char *architecture,
    int (*use)(const char *path, bool is_optional, void *context), void *context)
{
	char *path = index_solv_path(index, component, architecture);
	int result = use(path, false, context);

	free(path);
	if (result == 0 && *component) {
		path = index_solv_path(index, component, "all");
		result = use(path, true, context);
		free(path);
	}
	return result;
}

int index_each_solv(const struct index *index, const char *architecture,
    int (*use)(const char *path, bool is_optional, void *context), void *context)
{
	char *words, *cursor, *component;
	int result = 0;

	if (!*index->source->components)
		return use_component(index, "", architecture, use, context);
	cursor = words = text_copy(index->source->components);
	while (result == 0 && (component = strsep(&cursor, " \t")))
		if (*component)
			result = use_component(index, component, architecture, use, context);
	free(words);
	return result;
}

static int check_there(const char *path, bool is_optional, void *context)
{
	struct stat status;

	return is_optional || stat(path, &status) == 0 ? 0 : -1;
}

bool index_is_cached(const struct index *index, const char *architecture)
{
	return index_each_solv(index, architecture, check_there, NULL) == 0;
}

static void take_line(struct index *index, const char *key, const char *value)
{
	if (strcmp(key, "checked") == 0)
		index->checked = strtoll(value, NULL, 10);
	else if (strcmp(key, "attempted") == 0)
		index->attempted = strtoll(value, NULL, 10);
	else if (strcmp(key, "etag") == 0)
		text_replace(&index->etag, text_copy(value));
	else if (strcmp(key, "modified") == 0)
		text_replace(&index->modified, text_copy(value));
	else if (strcmp(key, "not-automatic") == 0)
		index->is_not_automatic = *value == '1';
}

void index_read_state(struct index *index)
{
	char *path = text_format("%s/state", index->directory), *text, *cursor, *line;
	struct dory_error ignored;
	size_t length;

	if (file_read(path, STATE_MAX, &text, &length, &ignored) == 0) {
		cursor = text;
		while ((line = strsep(&cursor, "\n"))) {
			char *key = strsep(&line, " ");

			if (line)
				take_line(index, key, line);
		}
		free(text);
	}
	free(path);
}

int index_write_state(const struct index *index, struct dory_error *err)
{
	char *path = text_format("%s/state", index->directory);
	struct text_buffer text = {0};
	int result;

	text_append_format(&text, "checked %lld\nattempted %lld\nnot-automatic %d\n", (long long)index->checked,
	    (long long)index->attempted, index->is_not_automatic);
	if (index->etag)
		text_append_format(&text, "etag %s\n", index->etag);
	if (index->modified)
		text_append_format(&text, "modified %s\n", index->modified);
	result = file_replace(path, text.text, text.length, err);
	free(text.text);
	free(path);
	return result;
}
