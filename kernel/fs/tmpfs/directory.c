/* SPDX-License-Identifier: BSD-3-Clause */
/* tmpfs directories: entries in a tree by name, and in a list by position, so that readdir(3) goes on where it was whatever is removed. */
#include "kernel/fs/tmpfs/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

static int compare(const char *name, size_t len, const struct tmpfs_entry *entry)
{
	int order = memcmp(name, entry->name, min_u64(len, entry->len));

	return order ? order : (int)len - (int)entry->len;
}

static struct tmpfs_entry *find(struct tmpfs_inode *directory, const char *name, size_t len, struct rb_node **parent, struct rb_node ***link)
{
	*parent = NULL;
	*link = &directory->names.root;
	while (**link) {
		struct tmpfs_entry *entry = container_of(**link, struct tmpfs_entry, node);
		int order = compare(name, len, entry);

		if (!order)
			return entry;
		*parent = **link;
		*link = order < 0 ? &entry->node.left : &entry->node.right;
	}
	return NULL;
}

static struct tmpfs_entry *entry_of(struct tmpfs_inode *directory, const char *name, size_t len)
{
	struct rb_node *parent, **link;

	return find(directory, name, len, &parent, &link);
}

static bool is_directory(const struct tmpfs_inode *inode)
{
	return (inode->inode.mode & S_IFMT) == S_IFDIR;
}

/* Takes the reference to the inode on success. */
static int entry_add(struct tmpfs_inode *directory, const char *name, size_t len, struct tmpfs_inode *inode)
{
	struct rb_node *parent, **link;
	struct tmpfs_entry *entry;

	if (find(directory, name, len, &parent, &link))
		return -EEXIST;
	entry = heap_alloc(sizeof(*entry) + len);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->name, name, len);
	entry->len = (uint16_t)len;
	entry->inode = inode;
	entry->position = ++directory->last_position;
	rb_insert(&directory->names, &entry->node, parent, link);
	list_push_back(&directory->entries, &entry->order);
	directory->inode.size += 20;
	if (is_directory(inode)) {
		inode->parent = directory;
		directory->inode.links++;
	}
	return 0;
}

/* The reference goes to the caller. */
static struct tmpfs_inode *entry_remove(struct tmpfs_inode *directory, struct tmpfs_entry *entry)
{
	struct tmpfs_inode *inode = entry->inode;

	rb_remove(&directory->names, &entry->node);
	list_remove(&entry->order);
	heap_free(entry);
	directory->inode.size -= 20;
	if (is_directory(inode))
		directory->inode.links--;
	return inode;
}

void tmpfs_entries_free(struct tmpfs_inode *directory)
{
	struct tmpfs_entry *entry, *next;

	list_for_each_safe(entry, next, &directory->entries, order)
		heap_free(entry);
}

struct inode *tmpfs_find(struct inode *directory, const char *name, size_t len)
{
	struct tmpfs_entry *entry = entry_of(tmpfs_inode_of(directory), name, len);

	return entry ? &entry->inode->inode : NULL;
}

void tmpfs_set_filler(struct file_system *fs, const struct tmpfs_filler *filler)
{
	container_of(fs, struct tmpfs, fs)->filler = filler;
}

static const struct tmpfs_filler *filler_of(struct inode *directory)
{
	return directory == directory->fs->root ? tmpfs_of(directory)->filler : NULL;
}

/* Before the folder is listed, or an entry goes for good: from here on it is an ordinary folder. */
static int fill_all(struct inode *directory)
{
	const struct tmpfs_filler *filler = filler_of(directory);
	int ret = filler ? filler->all(directory) : 0;

	if (filler && !ret)
		tmpfs_of(directory)->filler = NULL;
	return ret;
}

static int tmpfs_lookup(struct inode *directory, const char *name, size_t len, struct inode **found)
{
	struct tmpfs_entry *entry = entry_of(tmpfs_inode_of(directory), name, len);
	int ret;

	if (!entry && filler_of(directory)) {
		ret = filler_of(directory)->one(directory, name, len);
		if (ret)
			return ret;
		entry = entry_of(tmpfs_inode_of(directory), name, len);
	}

	if (!entry)
		return -ENOENT;
	inode_get(&entry->inode->inode);
	*found = &entry->inode->inode;
	return 0;
}

/* One reference for the entry, one for the caller. */
static int add_made(struct inode *directory, const char *name, size_t len, struct tmpfs_inode *inode, struct inode **made)
{
	int ret = entry_add(tmpfs_inode_of(directory), name, len, inode);

	if (ret) {
		inode->inode.links = 0;
		inode_put(&inode->inode);
		return ret;
	}
	inode_get(&inode->inode);
	*made = &inode->inode;
	return 0;
}

static int tmpfs_create(struct inode *directory, const char *name, size_t len, uint32_t mode, uint32_t uid, uint32_t gid, uint64_t device, struct inode **made)
{
	struct tmpfs_inode *inode;
	int ret = tmpfs_inode_new(tmpfs_of(directory), mode, uid, gid, device, &inode);

	return ret ? ret : add_made(directory, name, len, inode, made);
}

static int tmpfs_create_unnamed(struct inode *directory, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **made)
{
	struct tmpfs_inode *inode;
	int ret = tmpfs_inode_new(tmpfs_of(directory), mode, uid, gid, 0, &inode);

	if (ret)
		return ret;
	inode->inode.links = 0;
	*made = &inode->inode;
	return 0;
}

static int tmpfs_symlink(struct inode *directory, const char *name, size_t len, const char *target, uint32_t uid, uint32_t gid, struct inode **made)
{
	struct tmpfs_inode *inode;
	int ret = tmpfs_inode_new(tmpfs_of(directory), S_IFLNK | 0777, uid, gid, 0, &inode);

	if (ret)
		return ret;
	inode->target = heap_copy_string(target);
	inode->inode.size = strlen(target);
	if (!inode->target) {
		inode_put(&inode->inode);
		return -ENOMEM;
	}
	return add_made(directory, name, len, inode, made);
}

static int tmpfs_link(struct inode *directory, const char *name, size_t len, struct inode *target)
{
	int ret = entry_add(tmpfs_inode_of(directory), name, len, tmpfs_inode_of(target));

	if (ret)
		return ret;
	inode_get(target);
	__atomic_add_fetch(&target->links, 1, __ATOMIC_RELAXED);
	return 0;
}

static int tmpfs_unlink(struct inode *directory, const char *name, size_t len, struct inode *target)
{
	struct tmpfs_inode *d = tmpfs_inode_of(directory);
	int ret = fill_all(directory);
	struct tmpfs_entry *entry = entry_of(d, name, len);

	if (ret || !entry)
		return ret ? ret : -ENOENT;
	entry_remove(d, entry);
	__atomic_sub_fetch(&target->links, 1, __ATOMIC_RELAXED);
	inode_put(target);
	return 0;
}

static int tmpfs_rmdir(struct inode *directory, const char *name, size_t len, struct inode *target)
{
	struct tmpfs_inode *d = tmpfs_inode_of(directory);
	int ret = fill_all(directory);
	struct tmpfs_entry *entry = entry_of(d, name, len);

	if (ret || !entry)
		return ret ? ret : -ENOENT;
	if (!list_empty(&tmpfs_inode_of(target)->entries))
		return -ENOTEMPTY;
	entry_remove(d, entry);
	target->links = 0;
	inode_put(target);
	return 0;
}

static void exchange_inodes(struct tmpfs_inode *a_directory, struct tmpfs_entry *a, struct tmpfs_inode *b_directory, struct tmpfs_entry *b)
{
	struct tmpfs_inode *inode = a->inode;

	if (is_directory(a->inode) != is_directory(b->inode)) {
		int shift = is_directory(a->inode) ? 1 : -1;

		a_directory->inode.links = (uint32_t)((int)a_directory->inode.links - shift);
		b_directory->inode.links = (uint32_t)((int)b_directory->inode.links + shift);
	}
	a->inode = b->inode;
	b->inode = inode;
	a->inode->parent = a_directory;
	b->inode->parent = b_directory;
}

static int tmpfs_rename(struct inode *from, const char *name, size_t len, struct inode *moved, struct inode *to, const char *new_name, size_t new_len, struct inode *replaced, bool exchange)
{
	struct tmpfs_inode *from_directory = tmpfs_inode_of(from), *to_directory = tmpfs_inode_of(to);
	struct tmpfs_entry *old = entry_of(from_directory, name, len), *target = entry_of(to_directory, new_name, new_len);
	int ret;

	if (!old || !!target != !!replaced)
		return -ENOENT;
	ret = fill_all(from);
	if (ret)
		return ret;
	if (exchange) {
		exchange_inodes(from_directory, old, to_directory, target);
		return 0;
	}
	if (replaced && inode_is_directory(replaced) && !list_empty(&tmpfs_inode_of(replaced)->entries))
		return -ENOTEMPTY;
	if (target) { /* the entry stays and names another inode: nothing can fail */
		struct tmpfs_inode *gone = target->inode;

		if (is_directory(gone))
			gone->inode.links = 0;
		else
			__atomic_sub_fetch(&gone->inode.links, 1, __ATOMIC_RELAXED);
		to_directory->inode.links -= is_directory(gone);
		target->inode = tmpfs_inode_of(moved);
		to_directory->inode.links += is_directory(target->inode);
		target->inode->parent = to_directory;
		inode_put(&gone->inode);
	} else {
		ret = entry_add(to_directory, new_name, new_len, tmpfs_inode_of(moved));
		if (ret)
			return ret;
	}
	entry_remove(from_directory, old);
	return 0;
}

static int tmpfs_read_directory(struct inode *directory, uint64_t *position, struct directory_sink *sink)
{
	struct tmpfs_inode *d = tmpfs_inode_of(directory);
	struct tmpfs_entry *entry;
	int ret = fill_all(directory);

	if (ret)
		return ret;
	if (*position == 0) {
		if (!sink->add(sink, ".", 1, directory->number, LINUX_DT_DIR, 1))
			return 0;
		*position = 1;
	}
	if (*position == 1) {
		if (!sink->add(sink, "..", 2, d->parent ? d->parent->inode.number : directory->number, LINUX_DT_DIR, 2))
			return 0;
		*position = 2;
	}
	list_for_each(entry, &d->entries, order) {
		if (entry->position < *position)
			continue;
		if (!sink->add(sink, entry->name, entry->len, entry->inode->inode.number, inode_directory_type(entry->inode->inode.mode), entry->position + 1))
			return 0;
		*position = entry->position + 1;
	}
	return 0;
}

static int nothing_to_sync(struct inode *inode, bool data_only)
{
	return 0;
}

const struct inode_ops tmpfs_directory_ops = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create,
    .create_unnamed = tmpfs_create_unnamed,
    .symlink = tmpfs_symlink,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .rmdir = tmpfs_rmdir,
    .rename = tmpfs_rename,
    .read_directory = tmpfs_read_directory,
    .set_attributes = tmpfs_set_attributes,
    .get_xattr = tmpfs_get_xattr,
    .set_xattr = tmpfs_set_xattr,
    .list_xattr = tmpfs_list_xattr,
    .remove_xattr = tmpfs_remove_xattr,
    .sync = nothing_to_sync,
    .release = tmpfs_inode_release,
};

int tmpfs_add(struct inode *directory, const char *name, uint32_t mode, uint64_t device, const char *link_target, struct inode **made)
{
	struct inode *inode;
	int ret;

	if (link_target)
		ret = tmpfs_symlink(directory, name, strlen(name), link_target, 0, 0, &inode);
	else
		ret = tmpfs_create(directory, name, strlen(name), mode, 0, 0, device, &inode);
	if (ret)
		return ret;
	inode_put(inode); /* the entry has its own */
	if (made)
		*made = inode;
	return 0;
}
