/* SPDX-License-Identifier: BSD-3-Clause */
/* Patterns of files that stay out. */
#include "dory/manifest/ignore.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"

/* What no package wants. The folder meta itself is read, but is no content. */
static const char *const built_in[] = {"/meta/*", "/mpm-pkg", "/.git", "/.capstanignore", "/.doryignore", "/.gitignore",
	"/volumes", "/dory.lock"};

/* Of the longest run a '*' could take, the rest has to match: at most quadratic for each star, and paths are short. */
static bool matches(const char *pattern, const char *path)
{
	for (;;) {
		if (strncmp(pattern, "/**/", 4) == 0) { /* any text at all, none too */
			for (const char *p = path;; p++) {
				if (matches(pattern + 4, p))
					return true;
				if (!*p)
					return false;
			}
		}
		if (strcmp(pattern, "/*") == 0)
			return *path == '/';
		if (*pattern == '*') {
			while (*pattern == '*')
				pattern++;
			for (;; path++) {
				if (matches(pattern, path))
					return true;
				if (!*path || *path == '/')
					return false;
			}
		}
		if (*pattern != *path)
			return false;
		if (!*pattern)
			return true;
		pattern++;
		path++;
	}
}

bool ignore_pattern_matches(const char *pattern, const char *path)
{
	return matches(pattern, path);
}

bool ignore_matches(const struct ignore_rules *rules, const char *path)
{
	for (size_t i = 0; i < rules->patterns.count; i++)
		if (matches(rules->patterns.items[i], path))
			return true;
	return false;
}

/* More stars than a person writes could make the matching slow. */
static int check(const char *name, size_t line, const char *pattern, struct dory_error *err)
{
	enum { STARS_MAX = 8, PATTERN_MAX = 1024 };
	size_t stars = 0;

	for (const char *c = pattern; *c; c++)
		stars += *c == '*' && c[1] != '*';
	if (strcmp(pattern, "/meta") == 0 || strcmp(pattern, "/meta/") == 0)
		return error_set(err, DORY_ERROR_FORMAT, "%s, line %zu: please remove '/meta' from it: without it there is no package",
			name, line);
	if (stars > STARS_MAX || strlen(pattern) > PATTERN_MAX)
		return error_set(err, DORY_ERROR_FORMAT, "%s, line %zu: the pattern is too long", name, line);
	return 0;
}

static char *trimmed(const char *line, size_t length)
{
	while (length > 0 && strchr(" \t\r", *line))
		line++, length--;
	while (length > 0 && strchr(" \t\r", line[length - 1]))
		length--;
	return text_copy_n(line, length);
}

int ignore_parse(const char *name, const char *text, struct ignore_rules *rules, struct dory_error *err)
{
	*rules = (struct ignore_rules){0};
	for (size_t line = 1; text && *text; line++) {
		size_t length = strcspn(text, "\n");
		char *pattern = trimmed(text, length);

		if (check(name, line, pattern, err) < 0) {
			free(pattern);
			ignore_release(rules);
			return -1;
		}
		if (*pattern && *pattern != '#')
			text_list_take(&rules->patterns, pattern);
		else
			free(pattern);
		text += length + (text[length] == '\n');
	}
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++)
		text_list_add(&rules->patterns, built_in[i]);
	return 0;
}

/* Capstan matches from the root alone; those who know other tools' files expect more of a bare name. */
static void warn_of_loose(const char *name, const struct ignore_rules *rules)
{
	for (size_t i = 0; i < rules->patterns.count; i++) {
		const char *pattern = rules->patterns.items[i];

		if (*pattern != '/')
			progress_warning("%s: '%.100s' does not begin with '/' and so matches nothing; '/**/NAME' matches at any depth", name, pattern);
	}
}

int ignore_read(const char *directory, struct ignore_rules *rules, struct dory_error *err)
{
	static const char *const names[] = {".doryignore", ".capstanignore"};
	enum { SIZE_MAX_BYTES = 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path = text_format("%s/%s", directory, names[i]), *text;
		int result = -1;
		size_t length;

		if (file_read(path, SIZE_MAX_BYTES, &text, &length, err) == 0) {
			result = ignore_parse(path, text, rules, err);
			if (result == 0)
				warn_of_loose(path, rules);
			free(text);
			free(path);
			return result;
		}
		free(path);
		if (err->kind != DORY_ERROR_NOT_FOUND)
			return -1;
	}
	return ignore_parse(NULL, NULL, rules, err);
}

void ignore_release(struct ignore_rules *rules)
{
	text_list_release(&rules->patterns);
}
