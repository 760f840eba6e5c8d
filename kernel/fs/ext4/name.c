/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations on names: lookup, create, link, unlink, rename. The directories are locked by the caller, the file system here. */
#include "kernel/fs/ext4/ext4.h"

static int ext4_lookup(struct inode *directory, const char *name, size_t len, struct inode **found)
{
	struct ext4 *fs = ext4_fs(directory);
	uint32_t number;
	int ret;

	ext4_lock(fs);
	ret = ext4_directory_find(ext4_of(directory), name, len, &number);
	if (!ret)
		ret = ext4_inode_get(fs, number, found);
	ext4_unlock(fs);
	return ret;
}

/* ---- Link counts. A directory with more than the format can count has 1 for good (dir_nlink). ---- */

static int can_link(const struct inode *inode)
{
	const struct ext4 *fs = container_of(inode->fs, struct ext4, fs);

	if (inode->links < EXT4_LINKS_MAX || (inode_is_directory(inode) && (fs->super.feature_ro_compat & EXT4_DIR_NLINK)))
		return 0;
	return -EMLINK;
}

static void add_link(struct inode *inode)
{
	if (inode_is_directory(inode) && (inode->links == 1 || inode->links >= EXT4_LINKS_MAX))
		inode->links = 1;
	else
		inode->links++;
	ext4_inode_changed(ext4_of(inode));
}

static void drop_link(struct inode *inode)
{
	if (inode->links && !(inode_is_directory(inode) && inode->links == 1))
		inode->links--;
	ext4_inode_changed(ext4_of(inode));
}

/* The name was the last of a directory. */
static void drop_directory(struct inode *inode)
{
	inode->links = 0;
	ext4_inode_changed(ext4_of(inode));
}

/* ---- Making ---- */

static int may_change(struct inode *directory)
{
	if (ext4_fs(directory)->fs.is_read_only)
		return -EROFS;
	return directory->links ? 0 : -ENOENT;
}

static int make(struct inode *directory, const char *name, size_t len, uint32_t mode, uint32_t uid, uint32_t gid, const char *target, uint64_t device, struct inode **made)
{
	struct ext4 *fs = ext4_fs(directory);
	bool is_directory = (mode & S_IFMT) == S_IFDIR;
	int ret = is_directory ? can_link(directory) : 0;

	if (!ret)
		ret = ext4_inode_new(fs, directory, mode, uid, gid, made);
	if (ret)
		return ret;
	(*made)->device = device;
	(*made)->links = is_directory ? 2 : 1;
	if (is_directory)
		ret = ext4_directory_init(ext4_of(*made), (uint32_t)directory->number);
	if (!ret && target)
		ret = ext4_link_store(ext4_of(*made), target, strlen(target));
	if (!ret && name)
		ret = ext4_directory_add(ext4_of(directory), name, len, (uint32_t)(*made)->number, mode);
	if (!name || ret)
		(*made)->links = 0;
	else if (is_directory)
		add_link(directory);
	return ret;
}

static int make_entry(struct inode *directory, const char *name, size_t len, uint32_t mode, uint32_t uid, uint32_t gid, const char *target, uint64_t device, struct inode **made)
{
	struct ext4 *fs = ext4_fs(directory);
	struct inode *inode = NULL;
	int ret = may_change(directory);

	if (!ret && name && len > EXT4_NAME_MAX)
		ret = -ENAMETOOLONG;
	if (ret)
		return ret;
	ext4_lock(fs);
	ret = make(directory, name, len, mode, uid, gid, target, device, &inode);
	ext4_unlock(fs);
	if (!ret)
		*made = inode;
	else if (inode)
		inode_put(inode); /* deletes it again */
	return ret;
}

static int ext4_create(struct inode *directory, const char *name, size_t len, uint32_t mode, uint32_t uid, uint32_t gid, uint64_t device, struct inode **made)
{
	return make_entry(directory, name, len, mode, uid, gid, NULL, device, made);
}

static int ext4_create_unnamed(struct inode *directory, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **made)
{
	return make_entry(directory, NULL, 0, mode, uid, gid, NULL, 0, made);
}

static int ext4_symlink(struct inode *directory, const char *name, size_t len, const char *target, uint32_t uid, uint32_t gid, struct inode **made)
{
	if (strlen(target) >= ext4_fs(directory)->block_size)
		return -ENAMETOOLONG;
	return make_entry(directory, name, len, S_IFLNK | 0777, uid, gid, target, 0, made);
}

static int ext4_link(struct inode *directory, const char *name, size_t len, struct inode *target)
{
	struct ext4 *fs = ext4_fs(directory);
	int ret = may_change(directory);

	if (!ret)
		ret = can_link(target);
	if (ret)
		return ret;
	ext4_lock(fs);
	ret = ext4_of(target)->is_deleted ? -ENOENT : ext4_directory_add(ext4_of(directory), name, len, (uint32_t)target->number, target->mode);
	if (!ret)
		add_link(target);
	ext4_unlock(fs);
	return ret;
}

/* ---- Removing ---- */

static int ext4_unlink(struct inode *directory, const char *name, size_t len, struct inode *target)
{
	struct ext4 *fs = ext4_fs(directory);
	int ret = may_change(directory);

	if (ret)
		return ret;
	ext4_lock(fs);
	ret = ext4_directory_remove(ext4_of(directory), name, len);
	if (!ret) {
		drop_link(target);
		ext4_inode_changed(ext4_of(directory));
	}
	ext4_unlock(fs);
	return ret;
}

static int check_empty(struct inode *directory)
{
	bool empty;
	int ret = ext4_directory_is_empty(ext4_of(directory), &empty);

	return ret ? ret : empty ? 0 : -ENOTEMPTY;
}

static int ext4_rmdir(struct inode *directory, const char *name, size_t len, struct inode *target)
{
	struct ext4 *fs = ext4_fs(directory);
	int ret = may_change(directory);

	if (ret)
		return ret;
	ext4_lock(fs);
	ret = check_empty(target);
	if (!ret)
		ret = ext4_directory_remove(ext4_of(directory), name, len);
	if (!ret) {
		drop_directory(target);
		drop_link(directory);
	}
	ext4_unlock(fs);
	return ret;
}

/* ---- rename(2) ---- */

struct end {
	struct inode *directory;
	const char *name;
	size_t len;
	struct inode *inode; /* what stands there; NULL: nothing */
};

static int set_name(const struct end *end, const struct inode *inode)
{
	return ext4_directory_set(ext4_of(end->directory), end->name, end->len, (uint32_t)inode->number, inode->mode);
}

static int set_parent(struct inode *moved, const struct inode *parent)
{
	return ext4_directory_set(ext4_of(moved), "..", 2, (uint32_t)parent->number, S_IFDIR);
}

/* A directory went from one parent to another. */
static int moved_to(struct inode *moved, struct inode *from, struct inode *to)
{
	if (!inode_is_directory(moved) || from == to)
		return 0;
	drop_link(from);
	add_link(to);
	return set_parent(moved, to);
}

static int exchange_names(const struct end *from, const struct end *to)
{
	int ret = set_name(to, from->inode);

	if (ret)
		return ret;
	ret = set_name(from, to->inode);
	if (ret) {
		(void)set_name(to, to->inode);
		return ret;
	}
	ret = moved_to(from->inode, from->directory, to->directory);
	return ret ? ret : moved_to(to->inode, to->directory, from->directory);
}

static int replace(const struct end *from, const struct end *to)
{
	int ret = inode_is_directory(to->inode) ? check_empty(to->inode) : 0;

	if (!ret)
		ret = set_name(to, from->inode);
	if (ret)
		return ret;
	ret = ext4_directory_remove(ext4_of(from->directory), from->name, from->len);
	if (ret) {
		(void)set_name(to, to->inode);
		return ret;
	}
	if (inode_is_directory(to->inode)) {
		drop_directory(to->inode);
		drop_link(to->directory);
	} else {
		drop_link(to->inode);
	}
	return moved_to(from->inode, from->directory, to->directory);
}

static int move(const struct end *from, const struct end *to)
{
	int ret = inode_is_directory(from->inode) && from->directory != to->directory ? can_link(to->directory) : 0;

	if (!ret)
		ret = ext4_directory_add(ext4_of(to->directory), to->name, to->len, (uint32_t)from->inode->number, from->inode->mode);
	if (ret)
		return ret;
	ret = ext4_directory_remove(ext4_of(from->directory), from->name, from->len);
	if (ret) {
		(void)ext4_directory_remove(ext4_of(to->directory), to->name, to->len);
		return ret;
	}
	return moved_to(from->inode, from->directory, to->directory);
}

static int ext4_rename(struct inode *from_directory, const char *name, size_t len, struct inode *moved, struct inode *to_directory, const char *new_name, size_t new_len, struct inode *replaced, bool exchange)
{
	struct ext4 *fs = ext4_fs(from_directory);
	struct end from = {from_directory, name, len, moved}, to = {to_directory, new_name, new_len, replaced};
	int ret = may_change(from_directory);

	if (!ret)
		ret = may_change(to_directory);
	if (ret || replaced == moved)
		return ret;
	ext4_lock(fs);
	ret = ext4_begin_change(fs);
	if (!ret)
		ret = exchange ? exchange_names(&from, &to) : replaced ? replace(&from, &to) : move(&from, &to);
	if (!ret) {
		ext4_inode_changed(ext4_of(from_directory));
		ext4_inode_changed(ext4_of(to_directory));
		ext4_inode_changed(ext4_of(moved));
	}
	ext4_unlock(fs);
	return ret;
}

#define COMMON_OPS                                                                                                  \
	.set_attributes = ext4_set_attributes, .sync = ext4_sync_inode, .dirty = ext4_dirty, .release = ext4_release, \
	.get_xattr = ext4_get_xattr, .list_xattr = ext4_list_xattr, .set_xattr = ext4_set_xattr, .remove_xattr = ext4_remove_xattr

const struct inode_ops ext4_directory_ops = {
    COMMON_OPS,
    .lookup = ext4_lookup,
    .create = ext4_create,
    .create_unnamed = ext4_create_unnamed,
    .symlink = ext4_symlink,
    .link = ext4_link,
    .unlink = ext4_unlink,
    .rmdir = ext4_rmdir,
    .rename = ext4_rename,
    .read_directory = ext4_read_directory,
};
const struct inode_ops ext4_file_ops = {COMMON_OPS, .prepare_write = ext4_prepare_write, .allocate = ext4_allocate, .find_data = ext4_find_data};
const struct inode_ops ext4_link_ops = {COMMON_OPS, .get_link = ext4_get_link};
const struct inode_ops ext4_special_ops = {COMMON_OPS};
