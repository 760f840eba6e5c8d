/* SPDX-License-Identifier: BSD-3-Clause */
/* VHDX, dynamic ([MS-VHDX]): headers and region tables, both twice, an empty log, metadata, the table of blocks, the blocks. */
#include <errno.h>
#include <stdlib.h>
#include "dory/disk/transfer.h"

enum {
	MIB = 1 << 20,
	BLOCK = 2 * MIB,
	HEADER_AT = 64 << 10, /* and again after as much */
	REGIONS_AT = 192 << 10,
	STEP = 64 << 10,
	LOG_AT = MIB,
	METADATA_AT = 2 * MIB,
	METADATA_ITEMS = 64 << 10, /* behind their table */
	TABLE_AT = 3 * MIB,
	HEADER_LENGTH = 4096,
	FULLY_PRESENT = 6,
};
/* Blocks of one sector bitmap, whose entry stands behind theirs in the table. */
#define CHUNK_RATIO ((1ull << 23) * SECTOR / BLOCK)
#define SIZE_LIMIT  (64ull << 40)

/* As they lie on disk: the first three parts in little-endian order. */
static const uint8_t region_table[16] = "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08";
static const uint8_t region_metadata[16] = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e";
static const uint8_t item_parameters[16] = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b";
static const uint8_t item_size[16] = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8";
static const uint8_t item_identifier[16] = "\xab\x12\xca\xbe\xe6\xb2\x23\x45\x93\xef\xc3\x09\xe0\x00\xc7\x46";
static const uint8_t item_logical_sector[16] = "\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f";
static const uint8_t item_physical_sector[16] = "\xc7\x48\xa3\xcd\x5d\x44\x71\x44\x9c\xc9\xe9\x88\x52\x51\xc5\x56";

/* CRC-32C, as RFC 3720 defines it. */
static uint32_t crc32c(const uint8_t *bytes, size_t length)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Two copies, the second of a later number. */
static int put_headers(int from, int to)
{
	uint8_t h[HEADER_LENGTH], identifier[16] = "vhdxfile";

	if (disk_put(to, 0, identifier, 8) < 0)
		return -1;
	for (unsigned i = 0; i < 2; i++) {
		memset(h, 0, sizeof(h));
		memcpy(h, "head", 4);
		put_le64(h + 8, i + 1);
		disk_identifier(from, 1, h + 16); /* of the last write to the file ... */
		disk_identifier(from, 2, h + 32); /* ... and to the disk */
		put_le16(h + 66, 1);
		put_le32(h + 68, MIB);
		put_le64(h + 72, LOG_AT);
		put_le32(h + 4, crc32c(h, sizeof(h)));
		if (disk_put(to, HEADER_AT + i * STEP, h, sizeof(h)) < 0)
			return -1;
	}
	return 0;
}

static void put_region(uint8_t *to, const uint8_t identifier[16], uint64_t at, uint64_t length)
{
	memcpy(to, identifier, 16);
	put_le64(to + 16, at);
	put_le32(to + 24, (uint32_t)length);
	put_le32(to + 28, 1); /* required */
}

static int put_regions(int to, uint64_t table_length)
{
	uint8_t *r = calloc(1, STEP);
	int result = -1;

	if (!r)
		return -1;
	memcpy(r, "regi", 4);
	put_le32(r + 8, 2);
	put_region(r + 16, region_table, TABLE_AT, table_length);
	put_region(r + 48, region_metadata, METADATA_AT, MIB);
	put_le32(r + 4, crc32c(r, STEP));
	if (disk_put(to, REGIONS_AT, r, STEP) == 0)
		result = disk_put(to, REGIONS_AT + STEP, r, STEP);
	free(r);
	return result;
}

/* One item: its line in the table, and its bytes behind the others'. */
static void put_item(uint8_t *table, unsigned index, const uint8_t identifier[16], uint32_t offset, uint32_t length, uint32_t flags)
{
	uint8_t *line = table + 32 + index * 32;

	memcpy(line, identifier, 16);
	put_le32(line + 16, METADATA_ITEMS + offset);
	put_le32(line + 20, length);
	put_le32(line + 24, flags);
}

static int put_metadata(int from, uint64_t size, int to)
{
	enum { REQUIRED = 4, OF_THE_DISK = 2 };
	uint8_t table[32 + 5 * 32] = {0}, items[48] = {0};

	memcpy(table, "metadata", 8);
	put_le16(table + 10, 5);
	put_item(table, 0, item_parameters, 0, 8, REQUIRED);
	put_item(table, 1, item_size, 8, 8, REQUIRED | OF_THE_DISK);
	put_item(table, 2, item_identifier, 16, 16, REQUIRED | OF_THE_DISK);
	put_item(table, 3, item_logical_sector, 32, 4, REQUIRED | OF_THE_DISK);
	put_item(table, 4, item_physical_sector, 36, 4, REQUIRED | OF_THE_DISK);
	put_le32(items, BLOCK);
	put_le64(items + 8, size);
	disk_identifier(from, 0, items + 16);
	put_le32(items + 32, SECTOR);
	put_le32(items + 36, 4096);
	if (disk_put(to, METADATA_AT, table, sizeof(table)) < 0)
		return -1;
	return disk_put(to, METADATA_AT + METADATA_ITEMS, items, sizeof(items));
}

static int put_blocks(int from, uint64_t size, int to, uint8_t *table, uint64_t at)
{
	struct disk_reader reader;
	int found;

	if (disk_reader_init(&reader, from, size, BLOCK) < 0)
		return -1;
	while ((found = disk_reader_next(&reader)) > 0) {
		uint64_t block = reader.at / BLOCK;

		put_le64(table + (block + block / CHUNK_RATIO) * 8, at | FULLY_PRESENT);
		if (disk_put(to, at, reader.bytes, BLOCK) < 0) {
			found = -1;
			break;
		}
		at += BLOCK;
	}
	disk_reader_fini(&reader);
	return found;
}

int vhdx_write(int from, uint64_t size, int to)
{
	uint64_t blocks = (size + BLOCK - 1) / BLOCK, entries = blocks + (blocks - 1) / CHUNK_RATIO;
	uint64_t table_length = align_up(entries * 8, MIB);
	uint8_t *table;
	int result;

	if (size > SIZE_LIMIT) {
		errno = EFBIG;
		return -1;
	}
	table = calloc(1, table_length);
	if (!table)
		return -1;
	result = put_blocks(from, size, to, table, TABLE_AT + table_length);
	if (result == 0 && (put_headers(from, to) < 0 || put_regions(to, table_length) < 0 || put_metadata(from, size, to) < 0 ||
				   disk_put(to, TABLE_AT, table, table_length) < 0))
		result = -1;
	free(table);
	return result;
}
