/* SPDX-License-Identifier: BSD-3-Clause */
/* The store's index. */
#include "dory/package/index_file.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/file.h"

enum { INDEX_SIZE_MAX = 1 << 26, FIELDS = 14, STATE_SIZE = 4 * 17 };
#define LIST_SEPARATOR "\x1f"

void index_file_open(struct index_file *index, const char *path)
{
	struct dory_error ignored;
	size_t length;

	if (file_read(path, INDEX_SIZE_MAX, &index->text, &length, &ignored) < 0)
		index->text = NULL;
	index->next = index->text;
}

void index_file_close(struct index_file *index)
{
	free(index->text);
	*index = (struct index_file){0};
}

/* Blank separated numbers to base 16, by hand: a thousand packages are a thousand of these. */
static void print_state(char state[STATE_SIZE], const struct stat *st)
{
	static const char digits[] = "0123456789abcdef";
	const uint64_t numbers[] = {st->st_ino, (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		unsigned shift = 60;

		while (shift > 0 && numbers[i] >> shift == 0)
			shift -= 4;
		for (;; shift -= 4) {
			*state++ = digits[numbers[i] >> shift & 15];
			if (shift == 0)
				break;
		}
		*state++ = i + 1 < ARRAY_SIZE(numbers) ? ' ' : '\0';
	}
}

/* Splits a line in place; false if it has another number of fields. */
static bool split(char *line, char *fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = line;
		line = strchr(line, '\t');
		if (!line)
			return i == FIELDS - 1;
		*line++ = '\0';
	}
	return false;
}

static void take_list(struct text_list *list, char *text)
{
	for (char *rest = text, *word; *text && (word = strsep(&rest, LIST_SEPARATOR));)
		text_list_add(list, word);
}

static void take(struct package_manifest *manifest, char *fields[FIELDS])
{
	*manifest = (struct package_manifest){.name = text_copy(fields[2]),
		.title = text_copy(fields[3]),
		.author = text_copy(fields[4]),
		.version = text_copy(fields[5]),
		.created = text_copy(fields[6]),
		.platform = text_copy(fields[7]),
		.architecture = text_copy(fields[8]),
		.sha256 = text_copy(fields[9]),
		.size = strtoull(fields[10], NULL, 10)};
	take_list(&manifest->require, fields[11]);
	take_list(&manifest->provides, fields[12]);
	take_list(&manifest->conflicts, fields[13]);
}

bool index_file_find(struct index_file *index, const char *stem, const struct stat *st, struct package_manifest *manifest)
{
	char state[STATE_SIZE];

	print_state(state, st);
	while (index->next && *index->next) {
		char *line = index->next, *end = strchr(line, '\n'), *fields[FIELDS];
		size_t length = strcspn(line, "\t\n");
		int order = strncmp(line, stem, length);

		if (order == 0 && stem[length])
			order = -1;
		if (order > 0)
			return false; /* its turn comes later */
		index->next = end ? end + 1 : NULL;
		if (order < 0)
			continue;
		if (end)
			*end = '\0';
		if (!split(line, fields) || strcmp(fields[1], state) != 0)
			return false;
		take(manifest, fields);
		return true;
	}
	return false;
}

static bool is_plain(const char *text)
{
	return !strpbrk(text, "\t\n" LIST_SEPARATOR);
}

static bool is_plain_list(const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!is_plain(list->items[i]) || !*list->items[i])
			return false;
	return true;
}

void index_file_append(struct text_buffer *text, const char *stem, const struct stat *st, const struct package_manifest *m)
{
	const char *const texts[] = {stem, m->name, m->title, m->author, m->version, m->created, m->platform,
		m->architecture, m->sha256};
	const struct text_list *const lists[] = {&m->require, &m->provides, &m->conflicts};
	char state[STATE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!is_plain(texts[i]))
			return;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!is_plain_list(lists[i]))
			return;
	print_state(state, st);
	text_append_format(text, "%s\t%s", stem, state);
	for (size_t i = 1; i < ARRAY_SIZE(texts); i++)
		text_append_format(text, "\t%s", texts[i]);
	text_append_format(text, "\t%llu", (unsigned long long)m->size);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char *joined = text_list_join(lists[i], LIST_SEPARATOR);

		text_append_format(text, "\t%s", joined);
		free(joined);
	}
	text_append(text, "\n", 1);
}
