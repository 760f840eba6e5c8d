/* SPDX-License-Identifier: BSD-3-Clause */
/* What the writers of formats share: reading a sparse disk block by block, writing whole, numbers in either order. */
#pragma once
#include <endian.h>
#include <string.h>
#include "lib/attr.h"

enum { SECTOR = 512 };

/* Walks through the disk in blocks of `block` bytes and stops at those that hold something else than zeros. */
struct disk_reader {
	int fd;
	uint64_t size, block;
	uint64_t next;  /* where to look on */
	uint64_t at;    /* of the block found; a multiple of `block` */
	uint8_t *bytes; /* its bytes; zeros behind the disk's end */
};
int disk_reader_init(struct disk_reader *reader, int fd, uint64_t size, uint64_t block);
void disk_reader_fini(struct disk_reader *reader);
/* 1: a block was found; 0: no more; -1 with errno. */
int disk_reader_next(struct disk_reader *reader);

/* All of it, or -1 with errno. */
int disk_put(int fd, uint64_t at, const void *bytes, size_t length);
/* Exactly `length` bytes; behind the file's end zeros. */
int disk_get(int fd, uint64_t at, void *bytes, size_t length);
bool disk_is_zero(const void *bytes, size_t length);

/* Sixteen bytes that tell this disk from others: its ext4 file system's UUID, with `salt` mixed in. */
void disk_identifier(int fd, uint8_t salt, uint8_t identifier[16]);

static inline void put_le16(uint8_t *to, uint16_t v)
{
	v = htole16(v);
	memcpy(to, &v, sizeof(v));
}

static inline void put_le32(uint8_t *to, uint32_t v)
{
	v = htole32(v);
	memcpy(to, &v, sizeof(v));
}

static inline void put_le64(uint8_t *to, uint64_t v)
{
	v = htole64(v);
	memcpy(to, &v, sizeof(v));
}

static inline void put_be16(uint8_t *to, uint16_t v)
{
	v = htobe16(v);
	memcpy(to, &v, sizeof(v));
}

static inline void put_be32(uint8_t *to, uint32_t v)
{
	v = htobe32(v);
	memcpy(to, &v, sizeof(v));
}

static inline void put_be64(uint8_t *to, uint64_t v)
{
	v = htobe64(v);
	memcpy(to, &v, sizeof(v));
}

static inline uint32_t get_be32(const uint8_t *from)
{
	uint32_t v;

	memcpy(&v, from, sizeof(v));
	return be32toh(v);
}

static inline uint64_t get_be64(const uint8_t *from)
{
	uint64_t v;

	memcpy(&v, from, sizeof(v));
	return be64toh(v);
}

void disk_tell_progress(uint64_t done);

/* The writers, each in a file of its own. */
int raw_write(int from, uint64_t size, int to);
int qcow2_write(int from, uint64_t size, int to);
int vmdk_write(int from, uint64_t size, int to);
int vdi_write(int from, uint64_t size, int to);
int vhd_write(int from, uint64_t size, int to);
int vhdx_write(int from, uint64_t size, int to);
