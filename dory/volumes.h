/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Volumes of a project, as Capstan has them: files in its folder volumes, each a disk for `dory run --volume`, with NAME.yaml beside it, which
 * says the format. They stay out of packages.
 */
#pragma once
#include "dory/base/error.h"

struct dory_volume {
	const char *name;
	uint64_t size;           /* bytes of the disk */
	const char *format;      /* of dory/disk: raw, qcow2, vdi, vmdk ... */
	const char *file_system; /* "ext4": ready to be mounted; NULL: zeros */
};

/* Makes one in `project`, which must have meta/package.yaml. CONFLICT: it is there already. What fails leaves nothing. */
int dory_volume_create(const char *project, const struct dory_volume *volume, struct dory_error *err) must_check;
enum { VOLUME_FORMAT_SIZE = 16 };
/*
 * The format of the volume at `path` where a person said none: what PATH.yaml says; else raw. Error: USAGE, if it looks like another, which would be
 * spoilt by being written to.
 */
int dory_volume_format(const char *path, char format[VOLUME_FORMAT_SIZE], struct dory_error *err) must_check;
/* Calls `each` for the project's volumes, by name: "raw", bytes of the file. */
typedef void dory_volume_fn(void *context, const char *name, const char *format, uint64_t bytes);
int dory_volume_list(const char *project, dory_volume_fn *each, void *context, struct dory_error *err) must_check;
/* Removes it and what stands beside it. NOT_FOUND. */
int dory_volume_delete(const char *project, const char *name, struct dory_error *err) must_check;
