/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories as linear blocks of entries (ext4 disk layout, "Linear (Classic) Directories"), in order of names. */
#include <string.h>
#include "dory/compose/ext4_writer.h"

/* The entries of one directory are laid into blocks twice: to count the blocks, and to fill them. */
struct layout {
	uint64_t block; /* the current one */
	unsigned used;  /* bytes of it */
	unsigned last;  /* where its last entry starts */
};

static unsigned entry_size(size_t name_length)
{
	return (unsigned)align_up(8 + name_length, 4);
}

/* The place of the next entry; true if it opens a new block. */
static bool place(struct layout *layout, size_t name_length)
{
	unsigned size = entry_size(name_length);
	bool is_new = layout->used + size > EXT4_BLOCK;

	if (is_new) {
		layout->block++;
		layout->used = 0;
	}
	layout->last = layout->used;
	layout->used += size;
	return is_new;
}

uint64_t ext4_directory_blocks(const struct tree_node *directory)
{
	struct layout layout = {0};

	place(&layout, 1);
	place(&layout, 2);
	for (const struct tree_node *child = directory->children; child; child = child->next)
		place(&layout, child->name_length);
	return layout.block + 1;
}

static uint8_t file_type(uint32_t mode)
{
	if (S_ISDIR(mode))
		return EXT2_FT_DIR;
	return S_ISLNK(mode) ? EXT2_FT_SYMLINK : EXT2_FT_REG_FILE;
}

static uint8_t *nth_block(struct ext4_writer *w, const struct ext4_runs *runs, uint64_t index)
{
	for (size_t i = 0; i < runs->count; i++) {
		if (index < runs->items[i].count)
			return overlay_block(w->overlay, runs->items[i].start + index);
		index -= runs->items[i].count;
	}
	return NULL;
}

/* The last entry of a block reaches to its end. */
static void close_block(uint8_t *bytes, const struct layout *layout)
{
	uint16_t length = ext2fs_cpu_to_le16((uint16_t)(EXT4_BLOCK - layout->last));

	if (bytes)
		memcpy(bytes + layout->last + offsetof(struct ext2_dir_entry_2, rec_len), &length, sizeof(length));
}

struct filling {
	struct ext4_writer *w;
	const struct ext4_runs *runs;
	struct layout layout;
	uint8_t *bytes;
};

static int put_entry(struct filling *filling, const char *name, size_t length, const struct tree_inode *inode,
	struct dory_error *err)
{
	struct ext2_dir_entry_2 entry = {.inode = ext2fs_cpu_to_le32(inode->number),
		.rec_len = ext2fs_cpu_to_le16((uint16_t)entry_size(length)),
		.name_len = (uint8_t)length,
		.file_type = file_type(inode->mode)};
	struct layout before = filling->layout;

	if (place(&filling->layout, length) || !filling->bytes) {
		close_block(filling->bytes, &before);
		filling->bytes = nth_block(filling->w, filling->runs, filling->layout.block);
		if (!filling->bytes)
			return error_set_errno(err, DORY_ERROR_IO, "reading the image");
		memset(filling->bytes, 0, EXT4_BLOCK);
	}
	memcpy(filling->bytes + filling->layout.last, &entry, 8);
	memcpy(filling->bytes + filling->layout.last + 8, name, length);
	return 0;
}

int ext4_fill_directory(
	struct ext4_writer *w, const struct tree_node *directory, const struct ext4_runs *runs, struct dory_error *err)
{
	const struct tree_node *parent = directory->parent ? directory->parent : directory;
	struct filling filling = {.w = w, .runs = runs};

	if (put_entry(&filling, ".", 1, directory->inode, err) < 0 ||
		put_entry(&filling, "..", 2, parent->inode, err) < 0)
		return -1;
	for (const struct tree_node *child = directory->children; child; child = child->next)
		if (put_entry(&filling, child->name, child->name_length, child->inode, err) < 0)
			return -1;
	close_block(filling.bytes, &filling.layout);
	return 0;
}
