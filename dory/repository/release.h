/* SPDX-License-Identifier: BSD-3-Clause */
/* Release files of Debian archives: what a suite holds, signed. A pure function over (buffer, length). */
#pragma once
#include "dory/base/error.h"

struct release_file {
	char *path;	 /* relative to the Release file: "main/binary-amd64/Packages.xz" */
	char sha256[65]; /* lower-case hex */
	uint64_t size;
};

struct release {
	char *origin, *suite, *codename;
	char *architectures;	 /* words */
	int64_t date;		 /* seconds since 1970; 0: not said */
	int64_t valid_until;	 /* the same */
	bool has_by_hash;	 /* files are also at by-hash/SHA256/DIGEST */
	bool is_not_automatic;	 /* backports, experimental: only for who asks for a version */
	bool is_all_apart;	 /* packages for all architectures stand in indices of their own */
	struct release_file *files; /* of the SHA256 list */
	size_t file_count;
};

/* `name` is for messages. FORMAT if there is no SHA256 list or a line of it is not one. */
int release_parse(const char *text, size_t length, const char *name, struct release *release,
    struct dory_error *err) must_check;
void release_fini(struct release *release);

const struct release_file *release_find(const struct release *release, const char *path); /* NULL if it is not listed */

/* "Sat, 11 Jul 2026 10:16:37 UTC" as seconds since 1970; 0 if it is no such date. */
int64_t release_parse_date(const char *text);
