/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: the dentry cache, mounts, and the walk from a path to what it names (path_resolution(7)). */
#pragma once
#include "kernel/file/inode.h"

struct dentry;
struct mount;

/* A place in the name space. Holds a reference to each. */
struct path {
	struct mount *mount;
	struct dentry *dentry;
};
void path_get(const struct path *path);
void path_put(struct path *path); /* accepts a zeroed one; zeroes it */
struct inode *path_inode(const struct path *path); /* borrows; NULL for a negative one */

enum walk_flags {
	WALK_FOLLOW = 1,      /* follow a symbolic link at the end */
	WALK_DIRECTORY = 2,   /* -ENOTDIR otherwise */
	WALK_EMPTY = 4,	      /* "" names the start (AT_EMPTY_PATH) */
	WALK_NO_SYMLINKS = 8, /* openat2's RESOLVE_NO_SYMLINKS */
	WALK_LAST = 256, /* internal: stop before the last component */
	WALK_BENEATH = 16, WALK_NO_XDEV = 32, WALK_NO_MAGICLINKS = 64, WALK_IN_ROOT = 128,
};
/* Where walks start: the process's root and working directory. process/ has it; shared by CLONE_FS. */
struct fs_context {
	uint32_t references;
	struct spinlock lock;
	struct path root, cwd;
	uint32_t umask;
};
void fs_context_set_current_hook(struct fs_context *(*current)(void));
struct fs_context *fs_context_new(void);			      /* root and cwd: the root mount */
struct fs_context *fs_context_copy(struct fs_context *from);
void fs_context_put(struct fs_context *context);
/* Root and working directory, if they are `from`, become `to`; the caller holds both. NULL: those of before there were processes. Never sleeps. */
void fs_context_move(struct fs_context *context, const struct path *from, const struct path *to);
void fs_context_get_first_root(struct path *root); /* the root mount's, whatever the caller's is */

/* `start`: where a relative path begins; NULL: the working directory. */
int path_walk(const struct path *start, const char *name, unsigned flags, struct path *found) must_check;
/* Walks to the parent of the last component: *last points into `name` (its length in *last_len, trailing slashes set *wants_directory). */
int path_walk_parent(const struct path *start, const char *name, unsigned flags, struct path *parent, const char **last, size_t *last_len, bool *wants_directory) must_check;

/* The operations on names, as the system calls of these names, permission checks included. `name` relative to start. */
int path_open(const struct path *start, const char *name, int flags, uint32_t mode, unsigned walk_flags, struct file **file) must_check;
int path_mknod(const struct path *start, const char *name, uint32_t mode, uint64_t device) must_check;
int path_mkdir(const struct path *start, const char *name, uint32_t mode) must_check;
int path_symlink(const char *target, const struct path *start, const char *name) must_check;
int path_link(const struct path *old_start, const char *old_name, const struct path *new_start, const char *new_name, int flags) must_check;
int path_unlink(const struct path *start, const char *name) must_check;
int path_rmdir(const struct path *start, const char *name) must_check;
int path_rename(const struct path *old_start, const char *old_name, const struct path *new_start, const char *new_name, unsigned flags) must_check;
int inode_change(const struct path *path, const struct inode_attributes *attributes) must_check; /* chmod, chown, utimes, truncate, checks included */

/* The absolute path in the caller's root, "(unreachable)" or " (deleted)" as Linux marks them: length without NUL or -ENAMETOOLONG. */
long path_to_text(const struct path *path, char *to, size_t size);

/* Whether the caller's root is on the way up from there. */
bool path_is_below_root(const struct path *path);

/* Mounts. */
int mount_root(struct file_system *fs) must_check;
int mount_add(const char *source, const char *target, const char *type, unsigned long flags, const char *options) must_check; /* mount(2), MS_BIND too */
/* One that stands nowhere: *root, the only way into it, keeps it. */
int mount_new_detached(const char *source, const char *type, unsigned flags, const char *options, struct path *root) must_check;
/* The same file system once more, from that folder or file on. */
int mount_clone_detached(const struct path *from, struct path *root) must_check;
/* Puts the mount whose root `from` is, detached or not, on a place: -EINVAL: it is no root, or the very first, or only one of both is a folder; -ELOOP: the place is below it. */
int mount_place(const struct path *from, const struct path *at) must_check;
/*
 * pivot_root(2): the mount whose root `new_root` is takes the place of that which the caller's root is the root of, which goes to `put_old`. Who had the old
 * root is the caller's business (fs_context_move). -EINVAL: one of both is no root of a mount, or a place is not where it has to be; -EBUSY.
 */
int mount_pivot(const struct path *new_root, const struct path *put_old) must_check;
/* MS_* of the mount whose root it is: some away, some added. -EINVAL: it is no root. */
int mount_change_flags(const struct path *root, unsigned clear, unsigned set) must_check;
/* mount(2) with MS_REMOUNT. */
int mount_reconfigure(const struct path *root, unsigned flags) must_check;
/* A mount that is made when its folder is first looked up; the folder too, if it is not there. The texts stay valid; `target` has no links. */
int mount_add_lazily(const char *target, const char *type, const char *options) must_check;
/* The text of a link in such a mount that is not made yet, as its file system's peek_link says. -EAGAIN: walk there. */
int mount_peek_link(const char *name, char **target) must_check;
bool mount_is_lazy(const char *target); /* it waits to be made */
int mount_remove(const char *target, int flags) must_check;
int mount_sync_all(void);
void mount_unmount_all(void); /* power-off: every file system clean; root becomes read-only */
/* For /proc/mounts: calls visit for each in order. */
void mount_walk(void (*visit)(void *context, const struct mount *mount), void *context);
const char *mount_source(const struct mount *mount);
struct file_system *mount_file_system(const struct mount *mount);
long mount_target(const struct mount *mount, char *to, size_t size);
uint64_t mount_id(const struct mount *mount);
/* Numbers of mounts that are never given again, from statx(2) and for statmount(2), are this much higher, so that none is taken for one of the others. */
#define MOUNT_UNIQUE_OFFSET (1ull << 31)
static inline uint64_t mount_unique_id(uint64_t id)
{
	return MOUNT_UNIQUE_OFFSET + id;
}
unsigned mount_flags(const struct mount *mount); /* MS_* that hold for it */
uint64_t mount_parent_id(const struct mount *mount); /* the very first's is its own */
/* The mount of that number, by its root, counted. -ENOENT. */
int mount_find(uint64_t id, struct path *root) must_check;
bool mount_is_below(const struct mount *mount, const struct mount *above); /* or is it */
void mount_options_text(const struct mount *mount, char *to, size_t size); /* "rw,nosuid,relatime" */
long mount_root_text(const struct mount *mount, char *to, size_t size); /* which folder of its file system it shows */

/* A place for an inode that has no name (pipes, memfd_create): takes the caller's reference to the inode; `name` is what path_to_text shows. */
int path_new_anonymous(struct inode *inode, const char *name, struct path *path) must_check;
/* As that, for a file made by O_TMPFILE: its file system's, so that linkat(2) can give it a name. `directory` is where it was made. */
int path_new_unnamed(const struct path *directory, struct inode *inode, struct path *path) must_check;
/* Changes the caller's working directory or root; takes references of its own. */
void fs_context_set_cwd(struct fs_context *context, const struct path *path);
void fs_context_set_root(struct fs_context *context, const struct path *path);
void fs_context_get_root(struct fs_context *context, struct path *path);
void fs_context_get_cwd(struct fs_context *context, struct path *path);
struct fs_context *fs_context_current(void);
/* The inode of the place may be changed: -EROFS if the mount or file system is read-only. */
int path_may_change(const struct path *path) must_check;
