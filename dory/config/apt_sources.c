/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsers of apt's two formats of source lists, as sources.list(5) describes them. */
#include "apt_sources.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "dory/base/text.h"

static const char blanks[] = " \t\r";

static void add_entry(struct apt_entries *list, const struct apt_entry *from)
{
	struct apt_entry *entry = array_push(&list->entries, &list->count, sizeof(*entry));
	size_t length;

	entry->uri = text_copy(from->uri);
	length = strlen(entry->uri);
	while (length > 0 && entry->uri[length - 1] == '/')
		entry->uri[--length] = '\0';
	entry->suite = text_copy(from->suite);
	entry->components = text_copy(from->components ? from->components : "");
	entry->architectures = text_copy(from->architectures ? from->architectures : "");
	entry->signed_by = text_copy(from->signed_by);
}

void apt_entries_release(struct apt_entries *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].uri);
		free(list->entries[i].suite);
		free(list->entries[i].components);
		free(list->entries[i].architectures);
		free(list->entries[i].signed_by);
	}
	free(list->entries);
	*list = (struct apt_entries){0};
}

/* Cuts the next word off *cursor (NUL put behind it); NULL at the end. */
static char *next_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, blanks), *end = word + strcspn(word, blanks);

	if (word == end)
		return NULL;
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* "[ arch=amd64,arm64 signed-by=/path ]" behind the type; *cursor moves behind it. False if it does not end. */
static bool parse_options(char **cursor, struct apt_entry *entry)
{
	char *open = *cursor + strspn(*cursor, blanks), *close, *option;

	if (*open != '[')
		return true;
	close = strchr(open, ']');
	if (!close)
		return false;
	*close = '\0';
	*cursor = close + 1;
	open++;
	while ((option = next_word(&open))) {
		if (strncmp(option, "arch=", 5) == 0)
			entry->architectures = option + 5;
		else if (strncmp(option, "signed-by=", 10) == 0)
			entry->signed_by = option + 10;
	}
	return true;
}

static void parse_line(char *line, struct apt_entries *list)
{
	struct apt_entry entry = {0};
	char *comment = strchr(line, '#'), *type;

	if (comment)
		*comment = '\0';
	type = next_word(&line);
	if (!type || strcmp(type, "deb") != 0 || !parse_options(&line, &entry))
		return;
	entry.uri = next_word(&line);
	entry.suite = next_word(&line);
	entry.components = line + strspn(line, blanks);
	if (entry.uri && entry.suite)
		add_entry(list, &entry);
}

void apt_parse_list(const char *text, size_t length, struct apt_entries *list)
{
	char *copy = text_copy_n(text, length), *cursor = copy, *line;

	while ((line = strsep(&cursor, "\n")))
		parse_line(line, list);
	free(copy);
}

struct stanza {
	char *types, *uris, *suites, *components, *architectures, *signed_by, *enabled;
};

static void release_stanza(struct stanza *stanza)
{
	char *fields[] = {stanza->types, stanza->uris, stanza->suites, stanza->components, stanza->architectures,
	    stanza->signed_by, stanza->enabled};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		free(fields[i]);
	*stanza = (struct stanza){0};
}

static char **stanza_field(struct stanza *stanza, const char *name, size_t length)
{
	const struct {
		const char *name;
		char **value;
	} fields[] = {
	    {"Types", &stanza->types},
	    {"URIs", &stanza->uris},
	    {"Suites", &stanza->suites},
	    {"Components", &stanza->components},
	    {"Architectures", &stanza->architectures},
	    {"Signed-By", &stanza->signed_by},
	    {"Enabled", &stanza->enabled},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].name) == length && strncasecmp(fields[i].name, name, length) == 0)
			return fields[i].value;
	return NULL;
}

/* The product of all URIs and suites of one stanza. */
static void add_stanza(const struct stanza *stanza, struct apt_entries *list)
{
	static const char no[][8] = {"no", "false", "without", "off", "disable", "0"};
	char *uris, *uri, *uri_cursor, *suites, *suite, *suite_cursor;

	if (!stanza->types || !text_has_word(stanza->types, "deb") || !stanza->uris || !stanza->suites)
		return;
	for (size_t i = 0; stanza->enabled && i < ARRAY_SIZE(no); i++)
		if (strcasecmp(stanza->enabled, no[i]) == 0)
			return;
	uri_cursor = uris = text_copy(stanza->uris);
	for (char *c = uris; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	while ((uri = next_word(&uri_cursor))) {
		suite_cursor = suites = text_copy(stanza->suites);
		for (char *c = suites; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		while ((suite = next_word(&suite_cursor)))
			add_entry(list, &(struct apt_entry){.uri = uri,
					    .suite = suite,
					    .components = stanza->components,
					    .architectures = stanza->architectures,
					    .signed_by = stanza->signed_by});
		free(suites);
	}
	free(uris);
}

/* A copy of [start, end) without blanks around it. */
static char *trimmed(const char *start, const char *end)
{
	while (start < end && strchr(" \t\r", *start))
		start++;
	while (end > start && strchr(" \t\r", end[-1]))
		end--;
	return text_copy_n(start, (size_t)(end - start));
}

/* A further line of a field's value; a line of a single dot stands for an empty one. */
static void continue_field(char **field, const char *line, const char *end)
{
	char *more = trimmed(line, end);

	text_replace(field, **field ? text_format("%s\n%s", *field, strcmp(more, ".") == 0 ? "" : more) : text_copy(more));
	free(more);
}

void apt_parse_deb822(const char *text, size_t length, struct apt_entries *list)
{
	const char *line = text, *stop = text + length, *end, *next, *colon;
	struct stanza stanza = {0};
	char **field = NULL;

	for (; line < stop; line = next) {
		end = memchr(line, '\n', (size_t)(stop - line));
		next = end ? end + 1 : stop;
		end = end ? end : stop;
		if (*line == '#')
			continue;
		if (line == end || (line + 1 == end && *line == '\r')) {
			add_stanza(&stanza, list);
			release_stanza(&stanza);
			field = NULL;
		} else if (*line == ' ' || *line == '\t') {
			if (field)
				continue_field(field, line, end);
		} else if ((colon = memchr(line, ':', (size_t)(end - line)))) {
			field = stanza_field(&stanza, line, (size_t)(colon - line));
			if (field)
				text_replace(field, trimmed(colon + 1, end));
		}
	}
	add_stanza(&stanza, list);
	release_stanza(&stanza);
}
