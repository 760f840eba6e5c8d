/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The blob of an unpacked package, a file of this machine's own making:
 *
 *   magic | contents ... | records | texts | footer
 *
 * A record names an entry of the package; offsets of contents count from the file's start, those of texts from the
 * texts'.
 */
#pragma once
#include "dory/base/error.h"

#define BLOB_MAGIC "dory-blob-1\n"
enum { BLOB_MAGIC_LENGTH = 12 };

enum blob_flags { BLOB_CONTROL = 1 /* of the control archive */, BLOB_HARD_LINK = 2 /* `link` names the other */ };

struct blob_record {
	uint32_t path, link; /* texts; link 0: none */
	uint32_t mode, uid, gid, flags;
	int64_t mtime;
	uint64_t size, offset;
};

struct blob_footer {
	uint64_t records, record_count, texts, texts_size;
	uint64_t checksum; /* of records and texts */
	char magic[BLOB_MAGIC_LENGTH];
	uint32_t zero;
};

/* An opened blob; records and texts point into a mapping. */
struct blob {
	int fd;
	void *map;
	size_t map_size;
	const struct blob_record *records;
	size_t record_count;
	const char *texts;
	size_t texts_size;
	uint64_t key[2]; /* what it was made from */
};

/* Takes over `fd`, also on failure. False if the file is not a whole blob. */
bool blob_open(int fd, struct blob *blob);
void blob_close(struct blob *blob);
/* The text at an offset of a record; "" where the offset is bad. */
const char *blob_text(const struct blob *blob, uint32_t offset);

/* Unpacks the .deb open at `deb` (named `name` in messages) into the empty file `fd`. */
int blob_unpack(int deb, const char *name, int fd, struct dory_error *err) must_check;
/* The same for a tar archive, compressed in any way. Paths and links that lead out of it are refused. */
int blob_unpack_tar(int archive, const char *name, int fd, struct dory_error *err) must_check;
