/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meta/package.yaml: what a package is called and what it needs. Capstan's keys, and of our own: version constraints and
 * alternatives in `require`, `provides`, `conflicts`, `architecture`; and, in the store's copy alone, `sha256` and `size`
 * of the archive that it describes.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/base/text_list.h"

enum { MANIFEST_SIZE_MAX = 1 << 20 };

struct package_manifest {
	char *name, *title, *author; /* the three that must be there */
	char *version;               /* "" if there is none, as all that follows */
	char *created;               /* RFC 3339, or "" */
	char *platform, *architecture;
	struct text_list require, provides, conflicts; /* as they were written; each a sound requirement */
	struct text_list binary;                       /* "NAME=PATH" */
	char *sha256;
	uint64_t size;
};

/* Text of the file `name`. Warnings go to standard error unless `is_quiet`. Error: FORMAT with file, line and column. */
int package_manifest_parse(const char *name, const char *text, size_t length, bool is_quiet,
	struct package_manifest *manifest, struct dory_error *err) must_check;
/* Error: also NOT_FOUND. */
int package_manifest_read(
	const char *path, bool is_quiet, struct package_manifest *manifest, struct dory_error *err) must_check;
/* As YAML; returns owned. */
char *package_manifest_print(const struct package_manifest *manifest);
void package_manifest_release(struct package_manifest *manifest);
/* What a directory without a manifest is taken for, as Capstan does. */
void package_manifest_default(struct package_manifest *manifest);

/* "2006-01-02 15:04", or "N/A". */
char *package_created_text(const char *created);
/* The time now as manifests write it; honours SOURCE_DATE_EPOCH; returns owned. */
char *package_created_now(void);
