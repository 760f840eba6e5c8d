/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formats of disk images. What is written has the same bytes for the same disk: identifiers come from the disk's own
 * file system. Holes and blocks of zeros take no room where the format allows.
 */
#pragma once
#include "dory/base/error.h"

struct disk_format {
	const char *name; /* "qcow2" */
	const char *summary;
	/* Writes the disk in `from`, of `size` bytes, a multiple of 512, to the empty file `to`. -1 with errno. */
	int (*write)(int from, uint64_t size, int to);
};
extern const struct disk_format disk_formats[]; /* ends with a NULL name */
const struct disk_format *disk_format_find(const char *name); /* NULL if there is none */

/* Called now and then by this thread's exports and imports with the bytes of the disk that are done. NULL: nobody. */
typedef void disk_progress_fn(void *context, uint64_t done);
void disk_set_progress(disk_progress_fn *tell, void *context);

int disk_export(const struct disk_format *format, int from, int to, struct dory_error *err) must_check;

/* Which format the file has by its first and last bytes: a name of disk_formats; "raw" for all else. */
const char *disk_format_recognize(int fd);

/* The file is a disk's: it has one of the other formats, or begins as a bare disk does, with an ext4 file system or a partition table. */
bool disk_recognize(int fd);
bool disk_has_ext4(int fd);       /* a bare disk */
bool disk_has_partitions(int fd); /* or something else that a computer would start from */

/*
 * Writes what a disk image of the format holds to the empty file `to`, sparsely. Of formats this module reads raw and qcow2
 * itself. FORMAT for a damaged file, one that needs another file (a backing file, an external data file), or that is encrypted.
 */
int disk_import_raw(int from, int to, struct dory_error *err) must_check;
int disk_import_qcow2(int from, int to, struct dory_error *err) must_check;
