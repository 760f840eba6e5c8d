/* SPDX-License-Identifier: BSD-3-Clause */
/* tmpfs's own. */
#pragma once
#include "kernel/fs/tmpfs/tmpfs.h"
#include "lib/rbtree.h"

struct tmpfs {
	struct file_system fs;
	struct spinlock lock; /* guards counts and the list of inodes */
	uint64_t pages_max, pages_used;
	uint64_t inodes_max, inodes_used;
	uint64_t last_number;
	struct list inodes;
	const struct tmpfs_filler *filler; /* NULL: all that is to be in the root folder is; guarded by the root's lock */
};

struct tmpfs_entry {
	struct rb_node node; /* by name */
	struct list order;   /* by position: the order of creation */
	uint64_t position;
	struct tmpfs_inode *inode; /* counted */
	uint16_t len;
	char name[];
};

struct tmpfs_attribute {
	struct tmpfs_attribute *next;
	size_t size;
	char *value;
	char name[];
};

struct tmpfs_inode {
	struct inode inode;
	struct tmpfs_inode *parent; /* directories: borrowed, it cannot go before */
	struct rb_tree names;
	struct list entries;
	uint64_t last_position;
	char *target;	     /* symbolic links */
	uint64_t pages_charged;
	struct tmpfs_attribute *attributes;
};

extern const struct inode_ops tmpfs_directory_ops, tmpfs_file_ops, tmpfs_link_ops, tmpfs_special_ops;

struct tmpfs *tmpfs_of(const struct inode *inode);
struct tmpfs_inode *tmpfs_inode_of(const struct inode *inode);
int tmpfs_inode_new(struct tmpfs *fs, uint32_t mode, uint32_t uid, uint32_t gid, uint64_t device, struct tmpfs_inode **made) must_check;
void tmpfs_inode_release(struct inode *inode);
/* Brings the count of pages up to date with what the inode's cache holds. */
void tmpfs_charge(struct inode *inode);
int tmpfs_set_attributes(struct inode *inode, const struct inode_attributes *attributes);
void tmpfs_entries_free(struct tmpfs_inode *directory);

long tmpfs_get_xattr(struct inode *inode, const char *name, void *value, size_t size);
int tmpfs_set_xattr(struct inode *inode, const char *name, const void *value, size_t size, int flags);
long tmpfs_list_xattr(struct inode *inode, char *list, size_t size);
int tmpfs_remove_xattr(struct inode *inode, const char *name);
void tmpfs_attributes_free(struct tmpfs_inode *inode);
