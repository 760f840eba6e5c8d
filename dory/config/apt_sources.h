/* SPDX-License-Identifier: BSD-3-Clause */
/* apt's source lists, sources.list(5): the one-line format and deb822. Pure functions over text. */
#pragma once
#include "lib/attr.h"

struct apt_entry { /* one "deb" URI and suite; source packages ("deb-src") are left out */
	char *uri, *suite;
	char *components;    /* words separated by blanks */
	char *architectures; /* the same; empty: all */
	char *signed_by;     /* path(s), fingerprint(s), or an armoured key beginning with "-----BEGIN"; NULL if not given */
};

struct apt_entries {
	struct apt_entry *entries;
	size_t count;
};

/* Append the entries of a file to `list`; what apt would not understand is skipped. The text need not end with NUL. */
void apt_parse_list(const char *text, size_t length, struct apt_entries *list);
void apt_parse_deb822(const char *text, size_t length, struct apt_entries *list);
void apt_entries_release(struct apt_entries *list);
