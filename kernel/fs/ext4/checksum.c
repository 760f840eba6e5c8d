/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums of metadata: crc32c (metadata_csum), crc16 (uninit_bg), without the final inversion. */
#include "kernel/fs/ext4/ext4.h"

#define POLYNOMIAL 0x82f63b78u /* Castagnoli, bits reversed */

static uint32_t table[256];

static void make_table(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		__atomic_store_n(&table[i], crc, __ATOMIC_RELAXED);
	}
}

uint32_t ext4_crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	if (unlikely(!__atomic_load_n(&table[255], __ATOMIC_ACQUIRE)))
		make_table();
	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
	return crc;
}

uint16_t ext4_crc16(uint16_t crc, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
	}
	return crc;
}

/* Where the checksum stands in the block and what it is; false: this block has none. */
static bool compute(struct ext4 *fs, const struct buffer *buffer, size_t *at, uint32_t *crc)
{
	static const uint8_t zeros[4];
	const struct ext4_extent_header *header = (const void *)buffer->data;
	const struct ext4_dirent *first = (const void *)buffer->data;
	const struct ext4_index_count *count;
	size_t offset, limit;
	uint64_t block = buffer->block;

	switch (buffer->kind) {
	case BUFFER_DIRECTORY:
		*at = fs->block_size - 4;
		*crc = ext4_crc32c(buffer->seed, buffer->data, fs->block_size - EXT4_DIRENT_TAIL_LEN);
		return true;
	case BUFFER_INDEX:
		offset = first->rec_len == fs->block_size ? 8 : 32;
		count = (const void *)(buffer->data + offset);
		limit = offset + (size_t)count->limit * sizeof(struct ext4_index_entry);
		if (limit + 8 > fs->block_size || count->count > count->limit)
			return false;
		*at = limit + 4;
		*crc = ext4_crc32c(buffer->seed, buffer->data, offset + (size_t)count->count * sizeof(struct ext4_index_entry));
		*crc = ext4_crc32c(*crc, buffer->data + limit, 4);
		*crc = ext4_crc32c(*crc, zeros, 4);
		return true;
	case BUFFER_EXTENTS:
		*at = sizeof(*header) + (size_t)header->max * sizeof(struct ext4_extent);
		if (*at + 4 > fs->block_size)
			return false;
		*crc = ext4_crc32c(buffer->seed, buffer->data, *at);
		return true;
	case BUFFER_XATTR:
		*at = offsetof(struct ext4_xattr_header, checksum);
		*crc = ext4_crc32c(fs->seed, &block, sizeof(block));
		*crc = ext4_crc32c(*crc, buffer->data, *at);
		*crc = ext4_crc32c(*crc, zeros, 4);
		*crc = ext4_crc32c(*crc, buffer->data + *at + 4, fs->block_size - *at - 4);
		return true;
	}
	return false;
}

bool ext4_buffer_checksum_ok(struct ext4 *fs, const struct buffer *buffer)
{
	uint32_t crc, stored;
	size_t at;

	if (!fs->has_checksums || buffer->kind == BUFFER_PLAIN)
		return true;
	if (!compute(fs, buffer, &at, &crc))
		return false;
	memcpy(&stored, buffer->data + at, sizeof(stored));
	return stored == crc;
}

void ext4_buffer_checksum_set(struct ext4 *fs, struct buffer *buffer)
{
	uint32_t crc;
	size_t at;

	if (fs->has_checksums && compute(fs, buffer, &at, &crc))
		memcpy(buffer->data + at, &crc, sizeof(crc));
}
