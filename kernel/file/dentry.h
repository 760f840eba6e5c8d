/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dentries: names that were looked up, with what they name, in a hash table by parent and name; and mounts.
 *
 * One spin lock, name_lock, guards the tree, the table, all reference counts of dentries and mounts, and fs_context's places, so
 * that a walk whose names are all in memory takes one lock and counts twice. A dentry's `inode` never changes once it is set: a name that
 * is removed leaves the table, and the dentry lives on for those who have it open.
 */
#pragma once
#include "kernel/file/path.h"
#include "kernel/uapi/mount.h"

enum { DENTRY_INLINE_NAME = 40 };

struct dentry {
	struct dentry *hash_next;
	struct dentry *parent; /* counted; a root's is itself, not counted */
	struct inode *inode;   /* counted; NULL: the name is known not to exist */
	char *link;	       /* target of a symbolic link, once read */
	uint32_t references;
	uint32_t hash;
	uint16_t name_len;
	uint16_t nr_mounts; /* mounts that stand on it */
	bool is_hashed, is_used;
	struct list lru; /* hashed ones that were unused at some time */
	struct list children, sibling;
	struct file_system *fs;
	const char *name; /* inline_name or heap */
	char inline_name[DENTRY_INLINE_NAME];
};

struct mount {
	struct list node; /* all mounts, oldest first */
	struct file_system *fs;
	struct dentry *root;  /* counted */
	struct path at;	      /* what it stands on, counted; zero for the root mount and anonymous ones */
	unsigned references;  /* the list's, and places in it */
	unsigned flags;	      /* MS_* */
	uint64_t id;
	char *source;
	bool is_attached;
	bool is_expiring; /* MNT_EXPIRE: nobody used it since */
	struct mount *next_dead;
	/* Until somebody walks into it, the file system is not made: then fs and root are NULL. */
	const struct file_system_type *pending_type;
	const char *pending_options;
};

extern struct spinlock name_lock;
extern struct list all_mounts;
extern struct mount anonymous_mount;

/* What is to be freed once name_lock is released. */
struct dead_names {
	struct dentry *dentries;
	struct mount *mounts;
};
void names_bury(struct dead_names *dead); /* without the lock */
/* One that is nowhere and has no number yet. NULL: no memory. */
struct mount *mount_new(struct file_system *fs, struct dentry *root, unsigned flags, const char *source);
void mount_begin_locked(struct mount *mount); /* it gets its number, and holds its file system */
void mount_enter_locked(struct mount *mount); /* into the list, on the place whose references it has in `at` */
enum { MOUNT_FLAGS_KEPT = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME };
void mount_bury(struct mount *mount);	  /* without the lock: the last reference is gone */

uint32_t dentry_hash(const char *name, size_t len);
/* With name_lock held: */
struct dentry *dentry_find_locked(struct dentry *parent, const char *name, size_t len, uint32_t hash); /* not counted */
void dentry_get_locked(struct dentry *dentry);
void dentry_put_locked(struct dentry *dentry, struct dead_names *dead);
void dentry_unhash_locked(struct dentry *dentry, struct dead_names *dead); /* the caller has a reference */
void path_put_locked(struct path *path, struct dead_names *dead);
struct mount *mount_on_locked(const struct path *place); /* the mount that stands on it, NULL: none */
/* A mount that waits for somebody to look up its folder. */
struct lazy_mount {
	struct lazy_mount *next;
	const struct file_system_type *type;
	const char *target, *options;
};
extern struct lazy_mount *lazy_mounts; /* NULL most of the time */
const char *mount_lazy_target_locked(const struct path *place); /* its path, if a mount waits for it; NULL */
void mount_attach_lazy_locked(const struct path *place);	/* the folder is there: enters the mount that waits for it, if any */
/* Without the lock: makes the file system of one whose `root` is NULL. If that fails, the next that walks there tries again. */
int mount_complete(struct mount *mount) must_check;
bool dentry_is_below_locked(const struct dentry *dentry, const struct dentry *ancestor);

/* A new name below `parent` with one reference; takes the reference to the inode (also when it fails). Hashed if asked for. NULL: no memory. */
struct dentry *dentry_new(struct dentry *parent, const char *name, size_t len, struct inode *inode, bool hashed);
struct dentry *dentry_new_root(struct inode *inode, const char *name, struct file_system *fs);
/*
 * The child of that name, counted, from memory or the file system; a negative dentry if there is none. With the directory's inode locked.
 */
int dentry_lookup(struct dentry *parent, const char *name, size_t len, struct dentry **found) must_check;
/* Makes a negative dentry, which the caller holds with the directory locked, name the inode (takes its reference). */
void dentry_instantiate(struct dentry *dentry, struct inode *inode);
void dentry_move(struct dentry *dentry, struct dentry *parent, const char *name, size_t len);
void dentry_exchange(struct dentry *a, struct dentry *b);
/* Forgets unused names: those of one file system, or (NULL) the least recently used if there are too many. */
void dentry_prune(struct file_system *fs);
void dentry_trim(void);
/* After rmdir: drops what is known about names in it. */
void dentry_forget_children(struct dentry *directory);

