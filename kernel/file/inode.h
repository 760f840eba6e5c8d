/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes, dentries, file systems: what a file system implements and the path walk uses.
 *
 * Locks: inode->lock (sleeping) guards a directory's entries and a file's size and metadata; the dentry tree has one spin lock of its own.
 */
#pragma once
#include "kernel/sched/wait.h"
#include "kernel/vm/page_cache.h"
#include "kernel/vm/user_memory.h"
#include "kernel/uapi/stat.h"
#include "lib/linkerset.h"

struct inode;
struct file;
struct path;
struct dentry;
struct file_system; /* a mounted one */

struct time_stamp {
	int64_t seconds;
	uint32_t nanoseconds;
};

struct inode_attributes { /* for creation and change: which fields count is in `valid` */
	unsigned valid; /* ATTRIBUTE_* */
	uint32_t mode;
	uint32_t uid, gid;
	uint64_t size;
	struct time_stamp atime, mtime;
};
enum { ATTRIBUTE_MODE = 1, ATTRIBUTE_UID = 2, ATTRIBUTE_GID = 4, ATTRIBUTE_SIZE = 8, ATTRIBUTE_ATIME = 16, ATTRIBUTE_MTIME = 32, ATTRIBUTE_TIMES_NOW = 64 /* the times given are the present: weaker checks */ };
/* What a set_attributes does to the fields of struct inode, but size: for file systems. */
void inode_apply_attributes(struct inode *inode, const struct inode_attributes *attributes);

/* Directory reading: called for each entry; false: no room, stop before this one. */
struct directory_sink {
	bool (*add)(struct directory_sink *sink, const char *name, size_t len, uint64_t inode, unsigned type /* DT_* */, uint64_t next_position);
};

/* All are called with inode->lock held, but for `open`, `get_link` and `release`. A missing operation is -EPERM, -ENOTDIR or -EINVAL as fits. Names are not NUL-terminated beyond len. */
struct inode_ops {
	int (*lookup)(struct inode *directory, const char *name, size_t len, struct inode **found); /* -ENOENT; returns a reference */
	int (*create)(struct inode *directory, const char *name, size_t len, uint32_t mode, uint32_t uid, uint32_t gid, uint64_t device, struct inode **made); /* any type but link: regular, directory, fifo, socket, device */
	int (*create_unnamed)(struct inode *directory, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **made); /* O_TMPFILE: links 0; NULL: -EOPNOTSUPP */
	int (*symlink)(struct inode *directory, const char *name, size_t len, const char *target, uint32_t uid, uint32_t gid, struct inode **made);
	int (*link)(struct inode *directory, const char *name, size_t len, struct inode *target);
	int (*unlink)(struct inode *directory, const char *name, size_t len, struct inode *target);
	int (*rmdir)(struct inode *directory, const char *name, size_t len, struct inode *target); /* -ENOTEMPTY */
	/* Both directories locked. `replaced` is what stands at the target, or NULL; exchange: RENAME_EXCHANGE. */
	int (*rename)(struct inode *from, const char *name, size_t len, struct inode *moved, struct inode *to, const char *new_name, size_t new_len, struct inode *replaced, bool exchange);
	int (*read_directory)(struct inode *directory, uint64_t *position, struct directory_sink *sink); /* "." and ".." too */
	int (*get_link)(struct inode *inode, char **target);		   /* heap string; returns owned */
	int (*set_attributes)(struct inode *inode, const struct inode_attributes *attributes); /* stores, and truncates or extends; generic fields are set by it too */
	int (*sync)(struct inode *inode, bool data_only);		   /* metadata and data on the medium; may be NULL */
	int (*allocate)(struct inode *inode, int mode, uint64_t offset, uint64_t len); /* fallocate(2) */
	/* lseek(2): the first byte from `offset` on, which is before the end, that is data or (for_hole) in a hole; -ENXIO: only holes follow. NULL: all is data. */
	int64_t (*find_data)(struct inode *inode, uint64_t offset, bool for_hole);
	/* What a file opened on it does; NULL: data_file_ops for regular files (page cache), directory's own. May replace file->ops, file->private_data. */
	int (*open)(struct inode *inode, struct file *file);
	long (*get_xattr)(struct inode *inode, const char *name, void *value, size_t size);
	int (*set_xattr)(struct inode *inode, const char *name, const void *value, size_t size, int flags);
	long (*list_xattr)(struct inode *inode, char *list, size_t size);
	int (*remove_xattr)(struct inode *inode, const char *name);
	/* Before a write extends or fills holes: makes room (delayed allocation may only reserve). -ENOSPC. NULL: nothing to do. */
	int (*prepare_write)(struct inode *inode, uint64_t offset, uint64_t len);
	/* Fields of struct inode (size, times) changed by a write or read through the page cache; they are to reach the medium. NULL: nothing to do. */
	void (*dirty)(struct inode *inode);
	/* A link that names an open file or place itself, not a text (/proc/PID/fd/N). Returns references. NULL: get_link counts. */
	int (*get_link_path)(struct inode *inode, struct path *to);
	void (*release)(struct inode *inode); /* last reference gone: delete the file if links == 0; frees the memory */
	bool revalidate;		      /* names are looked up each time (proc) */
};

struct inode {
	const struct inode_ops *ops;
	struct file_system *fs;
	uint64_t number;
	uint32_t generation; /* tells those of the same number from each other that were one after another */
	uint32_t mode;	/* S_IFMT and permissions */
	uint32_t uid, gid;
	uint32_t links;
	uint64_t device; /* of a device file: makedev */
	uint64_t size;	 /* bytes; atomic to read */
	uint64_t blocks_512;
	struct time_stamp atime, mtime, ctime, btime;
	struct mutex lock;
	struct page_cache cache; /* regular files with data */
	uint32_t references;	 /* atomic */
	int32_t writers;	 /* how often open for writing; below 0: how often executed, for ETXTBSY; atomic */
	void *private_data;	 /* the file system's */
	struct list fs_node;	 /* the file system's list of inodes in memory */
	void *lock_list;	 /* fcntl and flock locks (lock.c) */
	void *pipe;		 /* FIFO's pipe while open */
	void *socket;		 /* bound AF_UNIX socket */
	struct inode_watch *watches; /* of watch.h; guarded by watch_lock */
	uint32_t seals;		 /* F_SEAL_* of memfd_create(2); guarded by `lock` */
	bool can_seal;
};

void inode_init(struct inode *inode, struct file_system *fs, const struct inode_ops *ops, const struct page_cache_ops *cache_ops);
void inode_get(struct inode *inode);
void inode_put(struct inode *inode);
/* A regular file is either written or executed (execve(2), open(2)): -ETXTBSY if it is the other. Each begin that worked wants its end. */
int inode_begin_write(struct inode *inode) must_check;
void inode_end_write(struct inode *inode);
int inode_begin_execute(struct inode *inode) must_check;
void inode_end_execute(struct inode *inode);
/* For a file system's own list of inodes: false if the last reference is gone and `release` is on its way. */
bool inode_try_get(struct inode *inode) must_check;

/* A kind of file system, by name for mount(2). */
struct file_system_type {
	const char *name;
	bool needs_device;
	/* Mounts; `source` is the device's name or whatever was given. On success *fs is owned by the caller. */
	int (*mount)(const char *source, const char *options, bool read_only, struct file_system **fs);
	/*
	 * What the symbolic link at `place`, relative to the root, would say: for links that programs read at their start, before anybody
	 * needs the whole file system (mount_add_lazily). Heap string; -EAGAIN: mount it and look. NULL: it has none of these.
	 */
	int (*peek_link)(const char *place, char **target);
};
#define FILE_SYSTEM(n) LINKER_SET_MEMBER(file_system, struct file_system_type, n)

struct file_system {
	const struct file_system_type *type;
	struct inode *root; /* one reference */
	uint64_t device;    /* st_dev */
	bool is_read_only;
	uint64_t max_file_size;
	int (*statfs)(struct file_system *fs, struct linux_statfs *to);
	int (*sync)(struct file_system *fs);	 /* everything on the medium */
	int (*remount)(struct file_system *fs, bool read_only);
	void (*unmount)(struct file_system *fs); /* syncs, marks clean, frees */
	/* The inode of that number, from anybody, with a reference. -ESTALE: there is none, or it has no name. NULL: it cannot tell. */
	int (*find_inode)(struct file_system *fs, uint64_t number, struct inode **found);
	void *private_data;
	uint32_t nr_writers; /* files open for writing; atomic */
	struct dentry *root_dentry; /* path.c's; so is: */
	unsigned nr_mounts;
};

/* Permission check for the caller's credentials: mask of MAY_*; -EACCES, -EROFS. */
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };
int inode_permission(const struct inode *inode, unsigned mask) must_check;
void inode_stat(const struct inode *inode, struct linux_stat *to);
struct time_stamp time_stamp_now(void);
bool inode_is_directory(const struct inode *inode);

/* Credentials of the current thread: process/ says how to get them. */
struct credentials {
	uint32_t references; /* atomic; immutable once shared */
	uint32_t uid, euid, suid, fsuid, gid, egid, sgid, fsgid;
	uint32_t secure_bits; /* capabilities(7), SECBIT_*: process/credentials.h */
	uint64_t capabilities_permitted, capabilities_effective, capabilities_inheritable, capabilities_bounding, capabilities_ambient;
	size_t nr_groups;
	uint32_t groups[];
};
const struct credentials *credentials_current(void); /* valid until the thread changes them */
void credentials_set_current_hook(const struct credentials *(*current)(void));
bool credentials_in_group(const struct credentials *cred, uint32_t gid);
/* capabilities(7), those that files ask for. */
enum { CAPABILITY_CHOWN = 0, CAPABILITY_DAC_OVERRIDE = 1, CAPABILITY_DAC_READ_SEARCH = 2, CAPABILITY_FOWNER = 3, CAPABILITY_FSETID = 4, CAPABILITY_SYS_CHROOT = 18, CAPABILITY_SYS_ADMIN = 21, CAPABILITY_SYS_RESOURCE = 24, CAPABILITY_SYS_TIME = 25, CAPABILITY_MKNOD = 27 };
bool credentials_have(const struct credentials *cred, unsigned capability);
/* Marks times as now and tells the file system. */
enum { TOUCH_ATIME = 1, TOUCH_MTIME = 2, TOUCH_CTIME = 4 };
void inode_touch(struct inode *inode, unsigned which);
uint64_t device_number_anonymous(void); /* st_dev of a file system without a device */
unsigned inode_directory_type(uint32_t mode); /* DT_* of a mode */
