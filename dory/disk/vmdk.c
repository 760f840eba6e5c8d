/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMDK, stream-optimised ("Virtual Disk Format 5.0", VMware): grains packed by zlib, each behind a marker with its place;
 * grain tables among them, the directory and a footer at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include "dory/disk/transfer.h"

enum {
	GRAIN = 65536,
	TABLE_ENTRIES = 512,
	DESCRIPTOR_AT = 1, /* sectors, as all of these */
	DESCRIPTOR_SECTORS = 20,
	OVERHEAD = 128,
	MARKER_TABLE = 1,
	MARKER_DIRECTORY = 2,
	MARKER_FOOTER = 3,
	FLAGS = 0x30001, /* line ends can be checked; grains are packed; there are markers */
};

struct vmdk {
	int to;
	uint64_t size, at; /* `at`: bytes written */
	uint8_t *directory, *packed;
	uint64_t tables, table_index;
	uint8_t table[TABLE_ENTRIES * 4];
	bool has_table;
};

/* Appends, filled up with zeros to a whole sector. */
static int append(struct vmdk *v, const void *bytes, size_t length)
{
	static const uint8_t zeros[SECTOR];
	size_t fill = (SECTOR - length % SECTOR) % SECTOR;

	if (disk_put(v->to, v->at, bytes, length) < 0 || disk_put(v->to, v->at + length, zeros, fill) < 0)
		return -1;
	v->at += length + fill;
	return 0;
}

static int append_marker(struct vmdk *v, uint64_t sectors, uint32_t type)
{
	uint8_t marker[SECTOR] = {0};

	put_le64(marker, sectors);
	put_le32(marker + 12, type);
	return append(v, marker, sizeof(marker));
}

static int finish_table(struct vmdk *v)
{
	if (!v->has_table)
		return 0;
	if (append_marker(v, sizeof(v->table) / SECTOR, MARKER_TABLE) < 0)
		return -1;
	put_le32(v->directory + v->table_index * 4, (uint32_t)(v->at / SECTOR));
	if (append(v, v->table, sizeof(v->table)) < 0)
		return -1;
	memset(v->table, 0, sizeof(v->table));
	v->has_table = false;
	return 0;
}

static int put_grain(struct vmdk *v, const struct disk_reader *reader)
{
	uint64_t grain = reader->at / GRAIN;
	uLongf length = compressBound(GRAIN);

	if (grain / TABLE_ENTRIES != v->table_index && finish_table(v) < 0)
		return -1;
	v->table_index = grain / TABLE_ENTRIES;
	v->has_table = true;
	if (compress2(v->packed + 12, &length, reader->bytes, GRAIN, 6) != Z_OK)
		abort();
	put_le64(v->packed, reader->at / SECTOR);
	put_le32(v->packed + 8, (uint32_t)length);
	put_le32(v->table + grain % TABLE_ENTRIES * 4, (uint32_t)(v->at / SECTOR));
	return append(v, v->packed, 12 + length);
}

static int put_grains(struct vmdk *v, int from)
{
	struct disk_reader reader;
	int found;

	if (disk_reader_init(&reader, from, v->size, GRAIN) < 0)
		return -1;
	while ((found = disk_reader_next(&reader)) > 0) {
		if (put_grain(v, &reader) < 0) {
			found = -1;
			break;
		}
	}
	disk_reader_fini(&reader);
	return found < 0 ? -1 : finish_table(v);
}

static void make_header(const struct vmdk *v, uint64_t directory_at, uint8_t h[SECTOR])
{
	memset(h, 0, SECTOR);
	memcpy(h, "KDMV", 4);
	put_le32(h + 4, 3);
	put_le32(h + 8, FLAGS);
	put_le64(h + 12, v->size / SECTOR);
	put_le64(h + 20, GRAIN / SECTOR);
	put_le64(h + 28, DESCRIPTOR_AT);
	put_le64(h + 36, DESCRIPTOR_SECTORS);
	put_le32(h + 44, TABLE_ENTRIES);
	put_le64(h + 56, directory_at);
	put_le64(h + 64, OVERHEAD);
	memcpy(h + 73, "\n \r\n", 4);
	put_le16(h + 77, 1); /* deflate */
}

static int put_front(struct vmdk *v, int from)
{
	uint8_t header[SECTOR], identifier[16];
	char text[DESCRIPTOR_SECTORS * SECTOR] = {0};
	uint64_t sectors = v->size / SECTOR, cylinders = sectors / (255 * 63);

	disk_identifier(from, 0, identifier);
	snprintf(text, sizeof(text),
		"# Disk DescriptorFile\nversion=1\nCID=%02x%02x%02x%02x\nparentCID=ffffffff\ncreateType=\"streamOptimized\"\n\n"
		"# Extent description\nRDONLY %llu SPARSE \"disk.vmdk\"\n\n# The Disk Data Base\n#DDB\n\n"
		"ddb.virtualHWVersion = \"10\"\nddb.geometry.cylinders = \"%llu\"\nddb.geometry.heads = \"255\"\n"
		"ddb.geometry.sectors = \"63\"\nddb.adapterType = \"lsilogic\"\n",
		identifier[0], identifier[1], identifier[2], identifier[3] & 0xfe, (unsigned long long)sectors,
		(unsigned long long)(cylinders ? cylinders : 1));
	make_header(v, UINT64_MAX, header); /* the directory's place is told by the footer */
	if (append(v, header, sizeof(header)) < 0 || append(v, text, sizeof(text)) < 0)
		return -1;
	v->at = OVERHEAD * SECTOR;
	return 0;
}

static int put_end(struct vmdk *v)
{
	uint8_t footer[SECTOR];
	uint64_t directory_at, sectors = (v->tables * 4 + SECTOR - 1) / SECTOR;

	if (append_marker(v, sectors, MARKER_DIRECTORY) < 0)
		return -1;
	directory_at = v->at / SECTOR;
	make_header(v, directory_at, footer);
	if (append(v, v->directory, v->tables * 4) < 0 || append_marker(v, 1, MARKER_FOOTER) < 0 || append(v, footer, SECTOR) < 0)
		return -1;
	if (v->at / SECTOR > UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	return append_marker(v, 0, 0);
}

int vmdk_write(int from, uint64_t size, int to)
{
	struct vmdk v = {.to = to, .size = size};
	int result = -1;

	v.tables = (size + (uint64_t)GRAIN * TABLE_ENTRIES - 1) / ((uint64_t)GRAIN * TABLE_ENTRIES);
	v.directory = calloc(v.tables, 4);
	v.packed = malloc(12 + compressBound(GRAIN));
	if (v.directory && v.packed && put_front(&v, from) == 0 && put_grains(&v, from) == 0)
		result = put_end(&v);
	free(v.directory);
	free(v.packed);
	return result;
}
