/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be done with the images of the store, beside running them. All but pruning need the composing half's libraries. */
#pragma once
#include <stdio.h>
#include "dory/dory.h"

/*
 * Writes the image's disk, or its files, to `path`, which is replaced when it is whole; "-": to standard output, where the
 * format can be written front to back. `format`: of dory/disk/disk.h, or "tar", which `path`'s ending compresses. NULL: by the
 * ending of `path`.
 */
int dory_image_export(const struct dory_config *config, const char *name, const char *format, const char *path,
	struct dory_error *err) must_check;

/*
 * Makes an image of a disk's file that holds one ext4 file system (raw, qcow2; other formats with qemu-img's help), or of an
 * archive's files (tar, cpio, compressed or not). `command`: the command that `dory run` runs; it may be NULL for a disk, which
 * may hold its own.
 */
int dory_image_import(const struct dory_config *config, const char *name, const char *path, const struct run_config *run,
	struct dory_error *err) must_check;

/* A bill of materials, SPDX 2.3 as JSON: the packages, and the files that came from directories and archives. */
int dory_image_sbom(const struct dory_config *config, const char *name, FILE *to, struct dory_error *err) must_check;

struct dory_prune {
	bool all; /* also what has to be downloaded again */
	bool dry_run;
	/* What goes, and how many bytes of the disk it takes. */
	void (*report)(void *context, const char *what, uint64_t bytes);
	void *context;
};
/*
 * Removes what can be made again: images that `dory run` made and no machine uses, what killed compositions left, unpacked
 * packages; with `all` the downloads as well. *freed: bytes.
 */
int dory_prune(const struct dory_config *config, const struct dory_prune *prune, uint64_t *freed, struct dory_error *err) must_check;

struct content_list;
/*
 * For each entry of the image's whole list the number of the source that it came from, as struct image_contents counts: 0
 * for what composition made itself. Returns owned; NULL if that is not known.
 */
uint32_t *dory_image_origins(const struct image *image, const struct content_list *list);

/* SHA-256 of the image's disk file, kept beside it as long as that does not change. `text`: 65 bytes. */
int dory_image_digest(const struct image *image, char text[65], struct dory_error *err) must_check;
