/* SPDX-License-Identifier: BSD-3-Clause */
/* VDI 1.1, dynamic (VirtualBox: include/VBox/vd.h tells of it): a header, a map of blocks of 1 MiB, the blocks. */
#include <errno.h>
#include <stdlib.h>
#include "dory/disk/transfer.h"

enum {
	BLOCK = 1 << 20,
	MAP_AT = 512,
	HEADER_LENGTH = 0x190,
	TYPE_DYNAMIC = 1,
	FREE_BLOCK = -1,
};

static int put_blocks(int from, uint64_t size, int to, uint64_t data_at, uint8_t *map, uint32_t *allocated)
{
	struct disk_reader reader;
	int found;

	if (disk_reader_init(&reader, from, size, BLOCK) < 0)
		return -1;
	while ((found = disk_reader_next(&reader)) > 0) {
		put_le32(map + reader.at / BLOCK * 4, *allocated);
		if (disk_put(to, data_at + (uint64_t)(*allocated)++ * BLOCK, reader.bytes, BLOCK) < 0) {
			found = -1;
			break;
		}
	}
	disk_reader_fini(&reader);
	return found;
}

static void make_header(int from, uint64_t size, uint64_t data_at, uint32_t blocks, uint32_t allocated, uint8_t h[MAP_AT])
{
	memset(h, 0, MAP_AT);
	strcpy((char *)h, "<<< Oracle VM VirtualBox Disk Image >>>\n");
	put_le32(h + 64, 0xbeda107f);
	put_le32(h + 68, 0x00010001);
	put_le32(h + 72, HEADER_LENGTH);
	put_le32(h + 76, TYPE_DYNAMIC);
	put_le32(h + 340, MAP_AT);
	put_le32(h + 344, (uint32_t)data_at);
	put_le32(h + 360, SECTOR);
	put_le64(h + 368, size);
	put_le32(h + 376, BLOCK);
	put_le32(h + 384, blocks);
	put_le32(h + 388, allocated);
	disk_identifier(from, 0, h + 392);
	disk_identifier(from, 1, h + 408);
}

int vdi_write(int from, uint64_t size, int to)
{
	uint64_t blocks = (size + BLOCK - 1) / BLOCK, data_at = align_up(MAP_AT + blocks * 4, BLOCK);
	uint8_t header[MAP_AT], *map = malloc(blocks * 4);
	uint32_t allocated = 0;
	int result;

	if (!map || blocks > UINT32_MAX / 8) {
		free(map);
		errno = EFBIG;
		return -1;
	}
	memset(map, FREE_BLOCK, blocks * 4);
	result = put_blocks(from, size, to, data_at, map, &allocated);
	make_header(from, size, data_at, (uint32_t)blocks, allocated, header);
	if (result == 0)
		result = disk_put(to, MAP_AT, map, blocks * 4);
	if (result == 0)
		result = disk_put(to, 0, header, sizeof(header));
	free(map);
	return result;
}
