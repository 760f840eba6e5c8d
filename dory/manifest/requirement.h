/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a package asks for, one line of `require`:
 *
 *   requirement = alternative { "|" alternative }
 *   alternative = NAME [ OPERATOR VERSION ]        OPERATOR: = == < <= > >=
 *
 * NAME is a package of Dory's, or "deb:NAME" for one of Debian's. Versions compare as Debian's do (deb-version(7)):
 * 1.9 < 1.10, 1.0~rc1 < 1.0.
 */
#pragma once
#include "dory/base/error.h"

enum requirement_operator {
	REQUIREMENT_ANY,
	REQUIREMENT_EQUAL,
	REQUIREMENT_LESS,
	REQUIREMENT_LESS_EQUAL,
	REQUIREMENT_GREATER,
	REQUIREMENT_GREATER_EQUAL,
};

struct alternative {
	char *name; /* without "deb:" */
	bool is_debian;
	enum requirement_operator operator;
	char *version; /* NULL if any will do */
};

struct requirement {
	struct alternative *alternatives;
	size_t count;
};

/* Error: FORMAT. */
int requirement_parse(const char *text, struct requirement *requirement, struct dory_error *err) must_check;
void requirement_release(struct requirement *requirement);
/* "node >= 18 | deb:nodejs"; returns owned. */
char *requirement_print(const struct requirement *requirement);
char *alternative_print(const struct alternative *alternative);
const char *requirement_operator_text(enum requirement_operator operator); /* ">="; "" for any */

/* A name: letters, digits and . _ + -, at most 100 bytes, starting with a letter, digit or _. Error: USAGE. */
int package_name_check(const char *name, struct dory_error *err) must_check;
/* A version: letters, digits and . + ~ - : _, at most 100 bytes; empty is none. Error: USAGE. */
int package_version_check(const char *version, struct dory_error *err) must_check;
