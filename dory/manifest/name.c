/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and versions of packages: they become names of files, and words of command lines. */
#include <ctype.h>
#include <string.h>
#include "dory/manifest/requirement.h"

enum { LENGTH_MAX = 100 };

static bool has_only(const char *text, const char *signs)
{
	for (const char *c = text; *c; c++)
		if (!(isascii(*c) && isalnum((unsigned char)*c)) && !strchr(signs, *c))
			return false;
	return true;
}

int package_name_check(const char *name, struct dory_error *err)
{
	bool starts_well = isascii(*name) && (isalnum((unsigned char)*name) || *name == '_');

	if (starts_well && has_only(name, "._+-") && strlen(name) <= LENGTH_MAX)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "\"%.120s\" cannot be the name of a package", name);
	return error_hint(err, "A name has letters, digits and . _ + -, starts with a letter or digit, and has at most %d of them.",
		LENGTH_MAX);
}

int package_version_check(const char *version, struct dory_error *err)
{
	if (has_only(version, ".+~-:_") && strlen(version) <= LENGTH_MAX)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "\"%.120s\" cannot be a version", version);
	return error_hint(err, "A version has letters, digits and . + ~ - : _, as in 1.10.2.");
}
