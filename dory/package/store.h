/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store of packages, <root>/packages: for each a manifest and an archive, under its name; of several versions the
 * one that was put in last has the name, the others are NAME@VERSION. A package is there when its manifest is, which
 * comes last.
 */
#pragma once
#include "dory/package/archive.h"
#include "dory/package/source.h"

/* Packs the project at `directory`, whose manifest this is, into the store. *file: the archive's path; owned. */
int package_store_put_tree(const char *root, const char *directory, const struct package_manifest *manifest,
	enum archive_format format, char **file, struct dory_error *err) must_check;
/* Copies the archive at `path` into the store, after it was read as a whole. */
int package_store_put_archive(const char *root, const char *path, char **file, struct dory_error *err) must_check;
/* Where a new archive can be written before it is put into the store; made if need be; returns owned. */
char *package_store_draft(const char *root, const char *name, struct dory_error *err);
/* NOT_FOUND with near names. `word`: "NAME", all versions, or "NAME=VERSION". */
int package_store_remove(const char *root, const char *word, struct dory_error *err) must_check;
