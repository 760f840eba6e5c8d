/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A parser of apt.conf(5): `Name::Sub "value";` and `Name { Sub "value"; };`, comments of C, C++ and shell.
 * Names nest; the parser keeps the full name of the block it is in, and the lengths to cut it back to.
 */
#include "apt_conf.h"
#include <string.h>

enum {
	NAME_SIZE = 512,
	WORD_SIZE = 1024,
	DEPTH_MAX = 32,
};

struct parser {
	const char *at, *end;
	char name[NAME_SIZE];
	size_t outer[DEPTH_MAX], depth;
};

static void skip_line(struct parser *p)
{
	while (p->at < p->end && *p->at != '\n')
		p->at++;
}

static void skip_space(struct parser *p)
{
	while (p->at < p->end) {
		size_t left = (size_t)(p->end - p->at);

		if (strchr(" \t\r\n", *p->at) && *p->at) {
			p->at++;
		} else if (*p->at == '#' || (left > 1 && memcmp(p->at, "//", 2) == 0)) {
			skip_line(p);
		} else if (left > 1 && memcmp(p->at, "/*", 2) == 0) {
			const char *close = memmem(p->at + 2, left - 2, "*/", 2);

			p->at = close ? close + 2 : p->end;
		} else {
			return;
		}
	}
}

/* A quoted or bare word; false if there is none or it does not fit. */
static bool read_word(struct parser *p, char word[WORD_SIZE])
{
	bool is_quoted = *p->at == '"';
	size_t length = 0;

	if (is_quoted)
		p->at++;
	while (p->at < p->end && (is_quoted ? *p->at != '"' : !memchr(" \t\r\n{};\"", *p->at, 8))) {
		if (length + 1 >= WORD_SIZE || *p->at == '\0')
			return false;
		word[length++] = *p->at++;
	}
	if (is_quoted && p->at++ >= p->end)
		return false;
	word[length] = '\0';
	return is_quoted || length > 0;
}

/* Adds "::word" to the full name; false if it does not fit. */
static bool enter_name(struct parser *p, const char *word)
{
	size_t length = strlen(p->name), more = strlen(word);

	if (length + more + 3 > NAME_SIZE)
		return false;
	if (length > 0) {
		memcpy(p->name + length, "::", 2);
		length += 2;
	}
	memcpy(p->name + length, word, more + 1);
	return true;
}

/* What stands behind a name or an anonymous value: a value, a block or nothing. */
static bool read_item(struct parser *p, void (*found)(const char *, const char *, void *), void *context)
{
	size_t outer = strlen(p->name);
	char word[WORD_SIZE], value[WORD_SIZE];
	bool is_value = *p->at == '"';

	if (!read_word(p, word))
		return false;
	if (!enter_name(p, is_value ? "" : word))
		return false;
	skip_space(p);
	if (!is_value && p->at < p->end && *p->at == '{') {
		if (p->depth == DEPTH_MAX)
			return false;
		p->outer[p->depth++] = outer;
		p->at++;
		return true;
	}
	if (!is_value && p->at < p->end && *p->at != ';' && *p->at != '}') {
		if (!read_word(p, value))
			return false;
		found(p->name, value, context);
	} else if (is_value) {
		found(p->name, word, context);
	}
	p->name[outer] = '\0';
	return true;
}

void apt_conf_parse(const char *text, size_t length, void (*found)(const char *name, const char *value, void *context),
    void *context)
{
	struct parser p = {.at = text, .end = text + length};

	for (skip_space(&p); p.at < p.end; skip_space(&p)) {
		if (*p.at == ';') {
			p.at++;
		} else if (*p.at == '}') {
			if (p.depth == 0)
				return;
			p.name[p.outer[--p.depth]] = '\0';
			p.at++;
		} else if (*p.at == '{' || !read_item(&p, found, context)) {
			return;
		}
	}
}
