/* SPDX-License-Identifier: BSD-3-Clause */
/* Licences: from the short names of Debian's copyright files to SPDX identifiers. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/sbom.h"

static const struct {
	const char *debian, *spdx;
} known[] = {
	{"Apache-2.0", "Apache-2.0"},
	{"Artistic", "Artistic-1.0-Perl"},
	{"Artistic-2.0", "Artistic-2.0"},
	{"BSD-2-clause", "BSD-2-Clause"},
	{"BSD-3-clause", "BSD-3-Clause"},
	{"BSD-4-clause", "BSD-4-Clause"},
	{"BSL-1.0", "BSL-1.0"},
	{"CC0-1.0", "CC0-1.0"},
	{"curl", "curl"},
	{"Expat", "MIT"},
	{"GFDL-1.3+", "GFDL-1.3-or-later"},
	{"GPL-1", "GPL-1.0-only"},
	{"GPL-1+", "GPL-1.0-or-later"},
	{"GPL-2", "GPL-2.0-only"},
	{"GPL-2+", "GPL-2.0-or-later"},
	{"GPL-2.0", "GPL-2.0-only"},
	{"GPL-2.0+", "GPL-2.0-or-later"},
	{"GPL-3", "GPL-3.0-only"},
	{"GPL-3+", "GPL-3.0-or-later"},
	{"ISC", "ISC"},
	{"LGPL-2", "LGPL-2.0-only"},
	{"LGPL-2+", "LGPL-2.0-or-later"},
	{"LGPL-2.1", "LGPL-2.1-only"},
	{"LGPL-2.1+", "LGPL-2.1-or-later"},
	{"LGPL-3", "LGPL-3.0-only"},
	{"LGPL-3+", "LGPL-3.0-or-later"},
	{"MIT", "MIT"},
	{"MPL-1.1", "MPL-1.1"},
	{"MPL-2.0", "MPL-2.0"},
	{"OLDAP-2.8", "OLDAP-2.8"},
	{"PSF-2", "PSF-2.0"},
	{"SIL-1.1", "OFL-1.1"},
	{"Unlicense", "Unlicense"},
	{"W3C", "W3C"},
	{"X11", "X11"},
	{"Zlib", "Zlib"},
	{"zlib", "Zlib"},
};

static const char *identifier(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strncmp(known[i].debian, name, length) == 0 && !known[i].debian[length])
			return known[i].spdx;
	}
	return NULL;
}

/* One "License:" line's expression: names with "or" and "and" between. False: a name is not known. */
static bool translate(const char *line, size_t length, struct text_buffer *expression)
{
	const char *end = line + length;

	while (line += strspn(line, " \t"), line < end) {
		size_t word = strcspn(line, " \t\n,");
		const char *spdx = identifier(line, word);

		if (word == 2 && strncmp(line, "or", 2) == 0)
			text_append_format(expression, " OR ");
		else if (word == 3 && strncmp(line, "and", 3) == 0)
			text_append_format(expression, " AND ");
		else if (spdx && word > 0)
			text_append_format(expression, "%s", spdx);
		else
			return false;
		line += word;
	}
	return expression->length > 0;
}

struct expressions {
	char **items;
	size_t count;
};

static void add_once(struct expressions *expressions, char *expression)
{
	for (size_t i = 0; i < expressions->count; i++) {
		if (strcmp(expressions->items[i], expression) == 0) {
			free(expression);
			return;
		}
	}
	*(char **)array_push(&expressions->items, &expressions->count, sizeof(char *)) = expression;
}

/* All lines "License: ..."; false if one of them cannot be told in SPDX's words. */
static bool collect(const char *copyright, struct expressions *expressions)
{
	static const char key[] = "License:";

	for (const char *line = copyright; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		struct text_buffer expression = {0};
		size_t length = strcspn(line, "\n");

		if (length < sizeof(key) || strncmp(line, key, sizeof(key) - 1) != 0)
			continue;
		if (!translate(line + sizeof(key) - 1, length - (sizeof(key) - 1), &expression)) {
			free(expression.text);
			return false;
		}
		add_once(expressions, expression.text);
	}
	return expressions->count > 0;
}

static char *join(const struct expressions *expressions)
{
	struct text_buffer all = {0};

	for (size_t i = 0; i < expressions->count; i++) {
		const char *expression = expressions->items[i];
		bool is_compound = expressions->count > 1 && strchr(expression, ' ');

		text_append_format(&all, "%s%s%s%s", i ? " AND " : "", is_compound ? "(" : "", expression, is_compound ? ")" : "");
	}
	return all.text;
}

char *sbom_licence(const char *copyright)
{
	struct expressions expressions = {0};
	char *licence = NULL;

	if (strncmp(copyright, "Format:", 7) == 0 && collect(copyright, &expressions))
		licence = join(&expressions);
	for (size_t i = 0; i < expressions.count; i++)
		free(expressions.items[i]);
	free(expressions.items);
	return licence ? licence : text_copy("NOASSERTION");
}
