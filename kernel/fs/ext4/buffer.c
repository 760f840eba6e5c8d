/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of metadata in memory. There are no references: a buffer is in use only while the file system is locked, and is
 * given back when that ends (or at points in long work where none is in use).
 */
#include "kernel/fs/ext4/ext4.h"

enum { BATCH_MAX = 32, AHEAD_MAX = 16, SPARED = 48 };

bool ext4_block_is_valid(const struct ext4 *fs, uint64_t block, uint64_t nr)
{
	return block > fs->super.first_data_block && nr && block < fs->nr_blocks && nr <= fs->nr_blocks - block;
}

static struct buffer *find(struct ext4 *fs, uint64_t block, struct rb_node **parent, struct rb_node ***link)
{
	*parent = NULL;
	*link = &fs->buffers.root;
	while (**link) {
		struct buffer *buffer = container_of(**link, struct buffer, node);

		if (buffer->block == block)
			return buffer;
		*parent = **link;
		*link = block < buffer->block ? &(*parent)->left : &(*parent)->right;
	}
	return NULL;
}

static void buffer_free(struct ext4 *fs, struct buffer *buffer)
{
	rb_remove(&fs->buffers, &buffer->node);
	list_remove(&buffer->lru);
	fs->nr_buffers--;
	if (buffer->is_dirty)
		fs->nr_dirty--;
	heap_free(buffer->data);
	heap_free(buffer);
}

/* Memory ran out in the middle of an operation: clean buffers go, but those that it may have in hand, which are the latest. */
static bool drop_old(struct ext4 *fs)
{
	size_t left = fs->nr_buffers;
	bool any = false;

	while (left-- > SPARED) {
		struct buffer *buffer = container_of(list_pop_front(&fs->buffer_lru), struct buffer, lru);

		list_push_back(&fs->buffer_lru, &buffer->lru);
		if (!buffer->is_dirty) {
			buffer_free(fs, buffer);
			any = true;
		}
	}
	return any;
}

static int enter(struct ext4 *fs, uint64_t block, struct rb_node *parent, struct rb_node **link, struct buffer **made)
{
	struct buffer *buffer = heap_alloc_zero(sizeof(*buffer));

	if (!buffer)
		return -ENOMEM;
	buffer->data = heap_alloc(fs->block_size);
	if (!buffer->data && drop_old(fs))
		buffer->data = heap_alloc(fs->block_size);
	if (!buffer->data) {
		heap_free(buffer);
		return -ENOMEM;
	}
	buffer->block = block;
	rb_insert(&fs->buffers, &buffer->node, parent, link);
	list_push_back(&fs->buffer_lru, &buffer->lru);
	fs->nr_buffers++;
	*made = buffer;
	return 0;
}

static int verify(struct ext4 *fs, struct buffer *buffer, enum buffer_kind kind, uint32_t seed)
{
	if (buffer->is_verified && buffer->kind == kind && buffer->seed == seed)
		return 0;
	if (buffer->is_dirty && buffer->is_verified && (buffer->kind != kind || buffer->seed != seed))
		return ext4_corrupt(fs, COMPLAIN_MAP, buffer->block, "a block is used twice");
	buffer->kind = (uint8_t)kind;
	buffer->seed = seed;
	if (!ext4_buffer_checksum_ok(fs, buffer))
		return ext4_corrupt(fs, COMPLAIN_CHECKSUM, buffer->block, "wrong checksum of a block");
	buffer->is_verified = true;
	return 0;
}

static void touch(struct ext4 *fs, struct buffer *buffer)
{
	list_remove(&buffer->lru);
	list_push_back(&fs->buffer_lru, &buffer->lru);
}

/* Reads the block and up to `ahead` of those behind it that are not in memory, in one request. */
static int read_in(struct ext4 *fs, uint64_t block, uint64_t ahead, struct buffer **first)
{
	struct block_segment segments[AHEAD_MAX];
	struct buffer *made[AHEAD_MAX];
	struct rb_node *parent, **link;
	size_t count = 0;
	int ret = 0;

	ahead = min_u64(min_u64(ahead, AHEAD_MAX - 1), fs->nr_blocks - block - 1);
	for (uint64_t at = block; at <= block + ahead && !find(fs, at, &parent, &link); at++) {
		if (enter(fs, at, parent, link, &made[count]))
			break;
		segments[count] = (struct block_segment){.data = made[count]->data, .len = fs->block_size};
		count++;
	}
	if (!count)
		return -ENOMEM;
	ret = block_transfer(fs->device, BLOCK_READ, block << fs->block_shift, segments, count);
	if (ret)
		while (count)
			buffer_free(fs, made[--count]);
	else
		*first = made[0];
	return ret;
}

int ext4_buffer_peek(struct ext4 *fs, uint64_t block, uint64_t ahead, struct buffer **found)
{
	struct rb_node *parent, **link;
	struct buffer *buffer = find(fs, block, &parent, &link);

	if (!buffer) {
		if (block >= fs->nr_blocks)
			return ext4_corrupt(fs, COMPLAIN_MAP, block, "a block beyond the end");
		return read_in(fs, block, ahead, found);
	}
	touch(fs, buffer);
	*found = buffer;
	return 0;
}

void ext4_buffer_preload(struct ext4 *fs, uint64_t block, const void *content)
{
	struct rb_node *parent, **link;
	struct buffer *buffer;

	if (!find(fs, block, &parent, &link) && !enter(fs, block, parent, link, &buffer))
		memcpy(buffer->data, content, fs->block_size);
}

int ext4_buffer_read_ahead(struct ext4 *fs, uint64_t block, uint64_t ahead, enum buffer_kind kind, uint32_t seed, struct buffer **found)
{
	struct buffer *buffer;
	int ret = ext4_buffer_peek(fs, block, ahead, &buffer);

	if (!ret)
		ret = verify(fs, buffer, kind, seed);
	if (!ret)
		*found = buffer;
	return ret;
}

int ext4_buffer_read(struct ext4 *fs, uint64_t block, enum buffer_kind kind, uint32_t seed, struct buffer **found)
{
	return ext4_buffer_read_ahead(fs, block, 0, kind, seed, found);
}

int ext4_buffer_new(struct ext4 *fs, uint64_t block, enum buffer_kind kind, uint32_t seed, struct buffer **made)
{
	struct rb_node *parent, **link;
	struct buffer *buffer = find(fs, block, &parent, &link);
	int ret = buffer ? 0 : enter(fs, block, parent, link, &buffer);

	if (ret)
		return ret;
	memset(buffer->data, 0, fs->block_size);
	buffer->kind = (uint8_t)kind;
	buffer->seed = seed;
	buffer->is_verified = true;
	ext4_buffer_dirty(fs, buffer);
	*made = buffer;
	return 0;
}

void ext4_buffer_dirty(struct ext4 *fs, struct buffer *buffer)
{
	if (!buffer->is_dirty)
		fs->nr_dirty++;
	buffer->is_dirty = true;
}

void ext4_buffer_forget(struct ext4 *fs, uint64_t block)
{
	struct rb_node *parent, **link;
	struct buffer *buffer = find(fs, block, &parent, &link);

	if (buffer)
		buffer_free(fs, buffer);
}

/* ---- Writing: neighbours go in one request, several requests at a time. ---- */

static void mark_clean(struct ext4 *fs, struct buffer *buffer)
{
	buffer->is_dirty = false;
	fs->nr_dirty--;
}

/* Starts a request for the dirty buffers from `first` on that are neighbours on the disk; returns the last one. */
static struct buffer *write_run(struct ext4 *fs, struct block_batch *batch, struct buffer *first, int *ret)
{
	struct block_segment segments[BATCH_MAX];
	struct buffer *buffer = first, *last = first;
	size_t count = 0;

	for (;;) {
		struct rb_node *next;

		ext4_buffer_checksum_set(fs, buffer);
		segments[count++] = (struct block_segment){.data = buffer->data, .len = fs->block_size};
		last = buffer;
		next = rb_next(&buffer->node);
		buffer = next ? container_of(next, struct buffer, node) : NULL;
		if (!buffer || !buffer->is_dirty || buffer->block != last->block + 1 || count == BATCH_MAX)
			break;
	}
	*ret = block_batch_add(batch, BLOCK_WRITE, first->block << fs->block_shift, segments, count);
	return last;
}

int ext4_buffers_write(struct ext4 *fs)
{
	struct block_batch *batch;
	int ret = 0, status;

	if (!fs->nr_dirty)
		return 0;
	ret = ext4_begin_change(fs);
	if (ret)
		return ret;
	batch = block_batch_new(fs->device);
	if (!batch)
		return -ENOMEM;
	for (struct rb_node *node = rb_first(&fs->buffers); node && !ret; node = rb_next(node)) {
		struct buffer *buffer = container_of(node, struct buffer, node);

		if (buffer->is_dirty)
			node = &write_run(fs, batch, buffer, &ret)->node;
	}
	status = block_batch_finish(batch);
	ret = ret ? ret : status;
	if (ret)
		return ret;
	for (struct rb_node *node = rb_first(&fs->buffers); node; node = rb_next(node)) {
		struct buffer *buffer = container_of(node, struct buffer, node);

		if (buffer->is_dirty)
			mark_clean(fs, buffer);
	}
	return 0;
}

size_t ext4_buffers_drop_clean(struct ext4 *fs, size_t max)
{
	struct buffer *buffer, *next;
	size_t given = 0;

	list_for_each_safe(buffer, next, &fs->buffer_lru, lru) {
		if (given >= max)
			break;
		if (buffer->is_dirty)
			continue;
		buffer_free(fs, buffer);
		given += fs->block_size;
	}
	return given;
}

void ext4_buffers_trim(struct ext4 *fs)
{
	if (fs->nr_buffers <= fs->max_buffers)
		return;
	if (fs->nr_dirty > fs->max_buffers / 2 && ext4_buffers_write(fs))
		(void)ext4_corrupt(fs, COMPLAIN_IO, 0, "metadata cannot be written");
	ext4_buffers_drop_clean(fs, (fs->nr_buffers - fs->max_buffers + fs->max_buffers / 4) * fs->block_size);
}

void ext4_buffers_fini(struct ext4 *fs)
{
	while (!list_empty(&fs->buffer_lru))
		buffer_free(fs, container_of(fs->buffer_lru.next, struct buffer, lru));
}
