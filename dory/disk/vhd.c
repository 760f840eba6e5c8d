/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VHD, dynamic ("Virtual Hard Disk Image Format Specification", Microsoft): the footer's copy, a header, the table of blocks
 * of 2 MiB, the blocks, each behind a bitmap of its sectors, and the footer.
 */
#include <errno.h>
#include <stdlib.h>
#include "dory/disk/transfer.h"

enum {
	BLOCK = 2 << 20,
	HEADER_AT = 512,
	HEADER_LENGTH = 1024,
	TABLE_AT = HEADER_AT + HEADER_LENGTH,
	BITMAP = BLOCK / SECTOR / 8,
	TYPE_DYNAMIC = 3,
};
#define SIZE_LIMIT (2040ull << 30)

/* The ones' complement of the sum of all bytes but the sum's own, which are 0 still. */
static uint32_t checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += bytes[i];
	return ~sum;
}

/* Appendix "CHS calculation": the largest geometry that BIOSes knew, not larger than the disk. */
static uint32_t geometry(uint64_t sectors)
{
	uint32_t per_track = 17, heads, cylinders_heads;

	if (sectors > 65535u * 16 * 255)
		sectors = 65535u * 16 * 255;
	if (sectors >= 65535u * 16 * 63) {
		per_track = 255;
		heads = 16;
		cylinders_heads = (uint32_t)(sectors / per_track);
	} else {
		cylinders_heads = (uint32_t)(sectors / per_track);
		heads = (cylinders_heads + 1023) / 1024;
		heads = heads < 4 ? 4 : heads;
		if (cylinders_heads >= heads * 1024 || heads > 16) {
			per_track = 31;
			heads = 16;
			cylinders_heads = (uint32_t)(sectors / per_track);
		}
		if (cylinders_heads >= heads * 1024) {
			per_track = 63;
			heads = 16;
			cylinders_heads = (uint32_t)(sectors / per_track);
		}
	}
	return (cylinders_heads / heads) << 16 | heads << 8 | per_track;
}

static void make_footer(int from, uint64_t size, uint8_t f[SECTOR])
{
	memset(f, 0, SECTOR);
	memcpy(f, "conectix", 8);
	put_be32(f + 8, 2);
	put_be32(f + 12, 0x00010000);
	put_be64(f + 16, HEADER_AT);
	memcpy(f + 28, "win ", 4); /* whose readers take the size as it stands, not from the geometry */
	put_be32(f + 32, 0x000a0000);
	memcpy(f + 36, "Wi2k", 4);
	put_be64(f + 40, size);
	put_be64(f + 48, size);
	put_be32(f + 56, geometry(size / SECTOR));
	put_be32(f + 60, TYPE_DYNAMIC);
	disk_identifier(from, 0, f + 68);
	put_be32(f + 64, checksum(f, SECTOR));
}

static int put_header(int to, uint32_t blocks)
{
	uint8_t h[HEADER_LENGTH] = {0};

	memcpy(h, "cxsparse", 8);
	put_be64(h + 8, UINT64_MAX);
	put_be64(h + 16, TABLE_AT);
	put_be32(h + 24, 0x00010000);
	put_be32(h + 28, blocks);
	put_be32(h + 32, BLOCK);
	put_be32(h + 36, checksum(h, sizeof(h)));
	return disk_put(to, HEADER_AT, h, sizeof(h));
}

static int put_blocks(int from, uint64_t size, int to, uint8_t *table, uint64_t *at)
{
	uint8_t bitmap[BITMAP];
	struct disk_reader reader;
	int found;

	memset(bitmap, 0xff, sizeof(bitmap));
	if (disk_reader_init(&reader, from, size, BLOCK) < 0)
		return -1;
	while ((found = disk_reader_next(&reader)) > 0) {
		put_be32(table + reader.at / BLOCK * 4, (uint32_t)(*at / SECTOR));
		if (disk_put(to, *at, bitmap, sizeof(bitmap)) < 0 || disk_put(to, *at + BITMAP, reader.bytes, BLOCK) < 0) {
			found = -1;
			break;
		}
		*at += BITMAP + BLOCK;
	}
	disk_reader_fini(&reader);
	return found;
}

int vhd_write(int from, uint64_t size, int to)
{
	uint64_t blocks = (size + BLOCK - 1) / BLOCK, table_length = align_up(blocks * 4, SECTOR), at = TABLE_AT + table_length;
	uint8_t footer[SECTOR], *table;
	int result;

	if (size > SIZE_LIMIT) {
		errno = EFBIG;
		return -1;
	}
	table = malloc(table_length);
	if (!table)
		return -1;
	memset(table, 0xff, table_length);
	make_footer(from, size, footer);
	result = put_blocks(from, size, to, table, &at);
	if (result == 0 && (disk_put(to, 0, footer, SECTOR) < 0 || put_header(to, (uint32_t)blocks) < 0 ||
				   disk_put(to, TABLE_AT, table, table_length) < 0 || disk_put(to, at, footer, SECTOR) < 0))
		result = -1;
	free(table);
	return result;
}
