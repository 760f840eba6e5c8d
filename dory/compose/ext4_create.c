/* SPDX-License-Identifier: BSD-3-Clause */
/* A new file system: its measures, then everything in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/compose/ext4_image.h"
#include "dory/compose/ext4_writer.h"

enum {
	INODE_SIZE = 256,
	BLOCKS_PER_GROUP = 32768,
	GROUPS_PER_FLEX_LOG = 4,
	BYTES_PER_FREE_INODE = 16384,
	FREE_INODES_MIN = 4096,
};

struct measures {
	uint64_t blocks; /* of the content, directories with it */
	uint64_t inodes;
};

int ext4_fail(struct dory_error *err, errcode_t code, const char *what)
{
	return error_set(err, DORY_ERROR_IO, "%s: %s", what, error_message(code));
}

static struct measures measure(const struct tree *tree)
{
	struct measures m = {0};

	for (struct tree_node *node = tree_root(tree); node; node = tree_next(node)) {
		uint64_t blocks =
			S_ISDIR(node->inode->mode) ? ext4_directory_blocks(node) : ext4_blocks_for(node->inode->size);

		node->inode->number = 0;
		node->inode->change = TREE_CHANGE_INODE | TREE_CHANGE_DATA;
		m.blocks += blocks + (blocks > 4 * 1024); /* a large file may need a block for its extents */
		m.inodes++;
	}
	return m;
}

/* The whole file system's blocks: content, room, and the structures for as many blocks and inodes. */
static uint64_t total_blocks(uint64_t content, uint64_t inodes)
{
	uint64_t inode_blocks = inodes * INODE_SIZE / EXT4_BLOCK, total = content + inode_blocks, groups;

	groups = total / BLOCKS_PER_GROUP + 2;
	total += groups * 8; /* bitmaps, superblocks and descriptors, rounding of the inode tables */
	total = max_u64(total, inodes);
	return align_up(total, 256); /* whole MiB */
}

static void set_parameters(struct ext2_super_block *param, uint64_t blocks, uint64_t inodes)
{
	param->s_rev_level = EXT2_DYNAMIC_REV;
	param->s_log_block_size = 2;
	param->s_log_cluster_size = 2;
	param->s_inode_size = INODE_SIZE;
	param->s_inodes_count = (uint32_t)inodes;
	param->s_log_groups_per_flex = GROUPS_PER_FLEX_LOG;
	param->s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR;
	param->s_feature_incompat =
		EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_FLEX_BG;
	param->s_feature_ro_compat = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
				     EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE;
	ext2fs_blocks_count_set(param, blocks);
}

void ext4_set_identity(ext2_filsys fs, const struct ext4_options *options)
{
	struct ext2_super_block *super = fs->super;

	fs->now = options->timestamp;
	super->s_mkfs_time = super->s_lastcheck = super->s_wtime = (uint32_t)options->timestamp;
	super->s_mtime = 0;
	super->s_checkinterval = 0;
	super->s_max_mnt_count = -1;
	super->s_min_extra_isize = super->s_want_extra_isize = 32;
	super->s_def_hash_version = EXT2_HASH_HALF_MD4;
	super->s_flags |= EXT2_FLAGS_SIGNED_HASH;
	memcpy(super->s_uuid, options->uuid, sizeof(super->s_uuid));
	memcpy(super->s_hash_seed, options->uuid, sizeof(super->s_hash_seed));
	memcpy(super->s_volume_name, "dory", 4);
	ext2fs_mark_super_dirty(fs);
}

static int make_structures(struct ext4_writer *w, uint64_t blocks, uint64_t inodes, const struct ext4_options *options,
	struct dory_error *err)
{
	struct ext2_super_block param = {0};
	errcode_t code;

	set_parameters(&param, blocks, inodes);
	code = ext2fs_initialize("image", EXT2_FLAG_RW, &param, overlay_manager(w->overlay), &w->fs);
	if (code)
		return ext4_fail(err, code, "laying out the image");
	ext4_set_identity(w->fs, options);
	code = ext2fs_allocate_tables(w->fs);
	if (code)
		return ext4_fail(err, code, "laying out the image");
	for (ext2_ino_t i = EXT2_BAD_INO; i < EXT2_FIRST_INODE(w->fs->super); i++)
		ext2fs_inode_alloc_stats2(w->fs, i, +1, i == EXT2_ROOT_INO);
	w->next_inode = EXT2_FIRST_INODE(w->fs->super);
	tree_root(w->tree)->inode->number = EXT2_ROOT_INO;
	return 0;
}

static int fill(struct ext4_writer *w, uint64_t free_bytes, struct dory_error *err)
{
	struct tree_node *lost = tree_find(w->tree, "/lost+found", false);
	errcode_t code;

	/* e2fsck wants its directory to be the first inode that is not reserved, by custom */
	if (lost && S_ISDIR(lost->inode->mode)) {
		ext2fs_inode_alloc_stats2(w->fs, w->next_inode, +1, true);
		lost->inode->number = w->next_inode++;
	}
	if (ext4_number_inodes(w, err) < 0 || ext4_write_changes(w, err) < 0)
		return -1;
	code = ext2fs_close_free(&w->fs);
	return code ? ext4_fail(err, code, "writing the image's structures") : 0;
}

static int write_structures(struct ext4_writer *w, struct dory_error *err)
{
	size_t count;
	struct disk_block *blocks = overlay_changed(w->overlay, &count);
	int result = disk_blocks_write(w->fd, blocks, count);

	free(blocks);
	return result < 0 ? error_set_errno(err, DORY_ERROR_IO, "writing the image") : 0;
}

static void close_writer(struct ext4_writer *w)
{
	if (w->fs)
		ext2fs_free(w->fs);
	overlay_free(w->overlay);
	free(w->staging);
	ext4_runs_release(&w->freed);
}

/* How large: as was asked for, if the content has room there, or as large as it takes. */
static int choose_size(struct measures m, const struct ext4_options *options, uint64_t *blocks, uint64_t *inodes,
	struct dory_error *err)
{
	uint64_t needed = m.inodes + 16 + max_u64(m.inodes / 4, FREE_INODES_MIN), least = total_blocks(m.blocks, needed);

	if (!options->total_bytes) {
		*inodes = needed + options->free_bytes / BYTES_PER_FREE_INODE;
		*blocks = total_blocks(m.blocks + ext4_blocks_for(options->free_bytes), *inodes);
	} else {
		*blocks = options->total_bytes / EXT4_BLOCK;
		*inodes = needed + (*blocks > least ? (*blocks - least) * EXT4_BLOCK / BYTES_PER_FREE_INODE : 0);
	}
	if (*blocks > UINT32_MAX)
		return error_set(err, DORY_ERROR_NO_SPACE, "an image cannot be larger than 16 TiB");
	if (options->total_bytes && *blocks < least)
		return error_set(err, DORY_ERROR_NO_SPACE,
			"an image of %llu MiB is too small for its content, which takes %llu MiB",
			(unsigned long long)options->total_bytes >> 20, (unsigned long long)(least * EXT4_BLOCK) >> 20);
	return 0;
}

int ext4_image_create(int fd, struct tree *tree, const struct ext4_options *options, struct dory_error *err)
{
	struct ext4_writer w = {.fd = fd, .is_new = true, .tree = tree, .overlay = overlay_new(fd, true)};
	uint64_t inodes, blocks;
	int result = choose_size(measure(tree), options, &blocks, &inodes, err);

	if (result == 0)
		result = make_structures(&w, blocks, inodes, options, err);
	if (result == 0 && ftruncate(fd, (off_t)(ext2fs_blocks_count(w.fs->super) * EXT4_BLOCK)) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "making the image's file as large as it will be");
	if (result == 0)
		result = fill(&w, options->free_bytes, err);
	if (result == 0)
		result = write_structures(&w, err);
	close_writer(&w);
	return result;
}
