/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * contents.json: what went into an image, from where and when; for people and bills of materials. Kept beside image.json,
 * which every run reads, so that a run does not read this.
 */
#pragma once
#include "dory/image/image.h"

struct image_package {
	char *kind; /* "deb": of a Debian archive; "package": one of ours; "project": what the image was composed of */
	char *name, *version, *architecture;
	char *url, *sha256; /* of its archive, "" where that is not known */
	uint64_t size;      /* its bytes */
};

/* In the order of composition; those of packages come first, in their order. The numbers, from 1 on, are those of the manifest (dory/compose/manifest.h). */
struct image_source {
	char *kind;   /* "deb", "package", "directory", "file", "made" (by Dory itself), "archive" */
	char *path;   /* absolute, on the machine that composed; "" where there is none */
	char *target; /* where in the image; "" for packages */
};

struct image_composition {
	char *created, *origin; /* as in struct image */
	char *version;          /* of Dory */
};

struct image_contents { /* zeroed is empty */
	struct image_package *packages;
	struct image_source *sources;
	struct image_composition *history; /* the newest last */
	size_t package_count, source_count, history_count;
};

/* The package that the source is, or whose project it is; NULL: none. `index` counts sources from 0. */
const struct image_package *image_contents_package(const struct image_contents *contents, size_t index);

/* Texts are copied, NULL as "". */
void image_contents_add_package(struct image_contents *contents, const struct image_package *package);
void image_contents_add_source(struct image_contents *contents, const char *kind, const char *path, const char *target);
void image_contents_add_composition(struct image_contents *contents, const char *created, const char *origin);
void image_contents_release(struct image_contents *contents);

/*
 * What `image` was composed from. Empty if that is not known: the image is older than this file, or the disk holds another
 * file system than the one described.
 */
int image_contents_read(const struct image *image, struct image_contents *contents, struct dory_error *err) must_check;

/*
 * Replaces the draft's contents.json by these; the last compositions before stay in the history. Called
 * when the disk is complete, before image_draft_commit.
 */
int image_draft_write_contents(
	struct image_draft *draft, const struct image_contents *contents, struct dory_error *err) must_check;
