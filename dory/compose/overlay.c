/* SPDX-License-Identifier: BSD-3-Clause */
/* An io_manager of libext2fs (ext2fs/ext2_io.h) over a hash table of blocks in memory. */
#include "dory/compose/overlay.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct overlay {
	int fd;
	bool is_empty;
	struct disk_block *slots; /* bytes NULL: free */
	size_t slot_count, used;
};

static _Thread_local struct overlay *opening;

struct overlay *overlay_new(int fd, bool is_empty)
{
	struct overlay *overlay = calloc(1, sizeof(*overlay));

	if (!overlay)
		abort();
	overlay->fd = fd;
	overlay->is_empty = is_empty;
	overlay->slot_count = 256;
	overlay->slots = calloc(overlay->slot_count, sizeof(*overlay->slots));
	if (!overlay->slots)
		abort();
	return overlay;
}

void overlay_free(struct overlay *overlay)
{
	if (!overlay)
		return;
	for (size_t i = 0; i < overlay->slot_count; i++)
		free(overlay->slots[i].bytes);
	free(overlay->slots);
	free(overlay);
}

/* The slot that holds `block`, or the free one where it belongs. */
static struct disk_block *find_slot(struct disk_block *slots, size_t count, uint64_t block)
{
	size_t i = (size_t)((block * 0x9e3779b97f4a7c15u) >> 20) & (count - 1);

	while (slots[i].bytes && slots[i].number != block)
		i = (i + 1) & (count - 1);
	return &slots[i];
}

static void grow(struct overlay *overlay)
{
	size_t count = overlay->slot_count * 4;
	struct disk_block *slots = calloc(count, sizeof(*slots));

	if (!slots)
		abort();
	for (size_t i = 0; i < overlay->slot_count; i++)
		if (overlay->slots[i].bytes)
			*find_slot(slots, count, overlay->slots[i].number) = overlay->slots[i];
	free(overlay->slots);
	overlay->slots = slots;
	overlay->slot_count = count;
}

/* Reads a block of the file; what lies behind its end is zeros. */
static int read_file(const struct overlay *overlay, uint64_t block, uint8_t *to)
{
	size_t done = 0;

	memset(to, 0, DISK_BLOCK);
	while (!overlay->is_empty && done < DISK_BLOCK) {
		ssize_t n = pread(overlay->fd, to + done, DISK_BLOCK - done, (off_t)(block * DISK_BLOCK + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return 0;
}

uint8_t *overlay_block(struct overlay *overlay, uint64_t block)
{
	struct disk_block *slot = find_slot(overlay->slots, overlay->slot_count, block);
	uint8_t *bytes;

	if (slot->bytes)
		return slot->bytes;
	bytes = malloc(DISK_BLOCK);
	if (!bytes)
		abort();
	if (read_file(overlay, block, bytes) < 0) {
		free(bytes);
		return NULL;
	}
	if (++overlay->used * 2 > overlay->slot_count) {
		grow(overlay);
		slot = find_slot(overlay->slots, overlay->slot_count, block);
	}
	*slot = (struct disk_block){.number = block, .bytes = bytes};
	return bytes;
}

int overlay_spill(struct overlay *overlay)
{
	enum { MUCH = 2048 }; /* blocks: 8 MiB */
	struct disk_block *blocks;
	size_t count;
	int result;

	if (overlay->used < MUCH)
		return 0;
	blocks = overlay_changed(overlay, &count);
	result = disk_blocks_write(overlay->fd, blocks, count);
	free(blocks);
	for (size_t i = 0; i < overlay->slot_count; i++)
		free(overlay->slots[i].bytes);
	memset(overlay->slots, 0, overlay->slot_count * sizeof(*overlay->slots));
	overlay->used = 0;
	overlay->is_empty = false; /* the file is read from now on */
	return result;
}

/* libext2fs counts in blocks of channel->block_size, or, with a negative count, in bytes. */
static errcode_t transfer(io_channel channel, unsigned long long block, int count, uint8_t *bytes, bool is_write)
{
	struct overlay *overlay = channel->private_data;
	uint64_t at = block * (uint64_t)channel->block_size;
	uint64_t left = count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * (uint64_t)channel->block_size;

	while (left > 0) {
		uint64_t within = at % DISK_BLOCK, n = min_u64(left, DISK_BLOCK - within);
		uint8_t *page = overlay_block(overlay, at / DISK_BLOCK);

		if (!page)
			return is_write ? EXT2_ET_SHORT_WRITE : EXT2_ET_SHORT_READ;
		if (is_write)
			memcpy(page + within, bytes, n);
		else
			memcpy(bytes, page + within, n);
		bytes += n;
		at += n;
		left -= n;
	}
	return 0;
}

static errcode_t channel_read64(io_channel channel, unsigned long long block, int count, void *to)
{
	return transfer(channel, block, count, to, false);
}

static errcode_t channel_read(io_channel channel, unsigned long block, int count, void *to)
{
	return transfer(channel, block, count, to, false);
}

static errcode_t channel_write64(io_channel channel, unsigned long long block, int count, const void *from)
{
	return transfer(channel, block, count, (uint8_t *)(uintptr_t)from, true);
}

static errcode_t channel_write(io_channel channel, unsigned long block, int count, const void *from)
{
	return transfer(channel, block, count, (uint8_t *)(uintptr_t)from, true);
}

static errcode_t channel_set_block_size(io_channel channel, int size)
{
	channel->block_size = size;
	return 0;
}

static errcode_t channel_flush(io_channel channel)
{
	return 0;
}

static errcode_t channel_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	ext2fs_free_mem(&channel->name);
	return ext2fs_free_mem(&channel);
}

/* What was never written reads as zeros anyway. */
static errcode_t channel_zero_out(io_channel channel, unsigned long long block, unsigned long long count)
{
	static const uint8_t zeros[DISK_BLOCK];
	struct overlay *overlay = channel->private_data;

	if (overlay->is_empty && overlay->used == 0)
		return 0;
	for (; count > 0; count--, block++) {
		errcode_t failure = transfer(channel, block, 1, (uint8_t *)(uintptr_t)zeros, true);

		if (failure)
			return failure;
	}
	return 0;
}

static errcode_t channel_open(const char *name, int flags, io_channel *result);

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "dory overlay",
	.open = channel_open,
	.close = channel_close,
	.set_blksize = channel_set_block_size,
	.read_blk = channel_read,
	.write_blk = channel_write,
	.flush = channel_flush,
	.read_blk64 = channel_read64,
	.write_blk64 = channel_write64,
	.zeroout = channel_zero_out,
};

static errcode_t channel_open(const char *name, int flags, io_channel *result)
{
	io_channel channel;
	errcode_t failure = ext2fs_get_memzero(sizeof(*channel), &channel);

	if (failure)
		return failure;
	failure = ext2fs_get_mem(strlen(name) + 1, &channel->name);
	if (failure) {
		ext2fs_free_mem(&channel);
		return failure;
	}
	strcpy(channel->name, name);
	channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	channel->manager = &manager;
	channel->block_size = 1024;
	channel->refcount = 1;
	channel->private_data = opening;
	*result = channel;
	return 0;
}

io_manager overlay_manager(struct overlay *overlay)
{
	opening = overlay;
	return &manager;
}

static int compare_slots(const void *a, const void *b)
{
	uint64_t x = ((const struct disk_block *)a)->number, y = ((const struct disk_block *)b)->number;

	return x < y ? -1 : x > y;
}

static bool is_changed(const struct overlay *overlay, const struct disk_block *slot)
{
	uint8_t there[DISK_BLOCK];

	return read_file(overlay, slot->number, there) < 0 || memcmp(there, slot->bytes, DISK_BLOCK) != 0;
}

struct disk_block *overlay_changed(struct overlay *overlay, size_t *count)
{
	struct disk_block *list = calloc(overlay->used + 1, sizeof(*list));

	if (!list)
		abort();
	*count = 0;
	for (size_t i = 0; i < overlay->slot_count; i++)
		if (overlay->slots[i].bytes && is_changed(overlay, &overlay->slots[i]))
			list[(*count)++] = overlay->slots[i];
	qsort(list, *count, sizeof(*list), compare_slots);
	return list;
}
