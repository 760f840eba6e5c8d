/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operations on names and files tell those who watch: inotify(7), fcntl(2)'s F_NOTIFY, fanotify(7). Nothing is watched most of the time: then
 * each costs one load.
 */
#pragma once
#include "kernel/file/file.h"

enum watch_mask { /* inotify(7) and fanotify(7) */
	WATCH_ACCESS = 1, WATCH_MODIFY = 2, WATCH_ATTRIBUTES = 4, WATCH_CLOSE_WRITE = 8, WATCH_CLOSE_NOWRITE = 16, WATCH_OPEN = 32,
	WATCH_MOVED_FROM = 64, WATCH_MOVED_TO = 128, WATCH_CREATE = 256, WATCH_DELETE = 512, WATCH_DELETE_SELF = 1024, WATCH_MOVE_SELF = 2048,
	WATCH_EXCLUDE_UNLINKED = 0x04000000, /* of a watch: nothing of entries that have no name any more */
	WATCH_ALL = 0xfff, WATCH_UNMOUNT = 0x2000, WATCH_OVERFLOW = 0x4000, WATCH_IGNORED = 0x8000, WATCH_RENAMED = 0x10000000, WATCH_IS_DIRECTORY = 0x40000000,
	WATCH_OPEN_EXECUTE = 0x1000, /* with WATCH_OPEN */
	WATCH_MAY_OPEN = 0x10000, WATCH_MAY_ACCESS = 0x20000, WATCH_MAY_EXECUTE = 0x40000, /* asked before it is done */
	WATCH_NO_PLACE = 0x20000000, /* of an event by a path: on whatever mount it is, the file is meant (truncate(2), chmod(2)) */
};

struct watch_event {
	const char *name; /* of the directory's entry that it is about; NULL: about the inode itself */
	size_t len;
	uint32_t mask, cookie;
};

struct inode_watch;
struct watch_ops {
	/* Under watch_lock. False: the watch is spent, and is taken off the inode. */
	bool (*tell)(struct inode_watch *watch, const struct watch_event *event);
	void (*told)(void); /* after all were told, without the lock, by who changed the file; NULL: nothing is left to do */
	void (*end)(struct inode_watch *watch); /* under watch_lock: what was watched is gone, and the watch is taken off the inode; NULL: nobody is told */
	void (*free)(struct inode_watch *watch);
};

/* Embedded by who watches, who sets `ops` and `mask` (of events that are told). */
struct inode_watch {
	const struct watch_ops *ops;
	struct inode *inode;	  /* counted */
	struct list node;	  /* of all */
	struct inode_watch *next; /* on the inode, or of those to be buried */
	uint32_t mask;
};

/* An event whole, for who watches more than single inodes. All is borrowed; NULL: it does not apply, or is not known. */
struct watch_notice {
	uint32_t mask;
	struct inode *inode;	 /* that it happened to */
	const struct path *path; /* of it, where the mount counts */
	struct inode *directory; /* of its entry: */
	const char *name;
	size_t len;
	struct inode *new_directory; /* where it is now (WATCH_RENAMED): */
	const char *new_name;
	size_t new_len;
};
struct watch_observer {
	void (*tell)(const struct watch_notice *notice);
	int (*ask)(const struct watch_notice *notice); /* WATCH_MAY_*: 0; -EPERM; -EINTR: the thread is killed */
	void (*unmounted)(const struct file_system *fs);
};
/* NULL: there is none. Its own watches, those that are on no inode too, count in watch_count. */
extern const struct watch_observer *watch_observer;

extern struct spinlock watch_lock; /* guards all watches, and inode->watches */
extern unsigned watch_count;	   /* of watches in the system */

void watch_insert_locked(struct inode_watch *watch, struct inode *inode);
/* Takes one off its inode, into the list of those that watch_bury frees, without the lock. */
void watch_take_locked(struct inode_watch *watch, struct inode_watch **dead);
void watch_bury(struct inode_watch *dead);

void watch_queue_event(struct inode *inode, uint32_t mask);
void watch_queue_entry(struct inode *directory, const char *name, size_t len, uint32_t mask, struct inode *inode);
void watch_queue_path(const struct path *path, uint32_t mask);
void watch_queue_file(const struct file *file, uint32_t mask);
void watch_queue_moved(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len, struct inode *moved);
void watch_queue_removed(struct inode *inode);
void watch_queue_unmounted(const struct file_system *fs);

/* On the inode itself. */
static inline void watch_event(struct inode *inode, uint32_t mask)
{
	if (unlikely(watch_count))
		watch_queue_event(inode, mask);
}

/* On an entry of a directory, which names or named the inode. */
static inline void watch_entry_event(struct inode *directory, const char *name, size_t len, uint32_t mask, struct inode *inode)
{
	if (unlikely(watch_count))
		watch_queue_entry(directory, name, len, mask, inode);
}

/* On a file and on the directory that it was opened in. */
static inline void watch_path_event(const struct path *path, uint32_t mask)
{
	if (unlikely(watch_count))
		watch_queue_path(path, mask);
}

/* What is done with an open file, unless nobody is to hear of it. */
static inline void watch_file_event(const struct file *file, uint32_t mask)
{
	if (unlikely(watch_count))
		watch_queue_file(file, mask);
}

int watch_ask(const struct path *path, uint32_t mask) must_check;
int watch_ask_file(const struct file *file, uint32_t mask) must_check;

/* Whether those who are to be asked allow it: WATCH_MAY_*. May sleep. -EPERM; -EINTR: the thread was killed meanwhile. */
static inline int watch_may(const struct path *path, uint32_t mask)
{
	return unlikely(watch_count) ? watch_ask(path, mask) : 0;
}

static inline int watch_may_file(const struct file *file, uint32_t mask)
{
	return unlikely(watch_count) ? watch_ask_file(file, mask) : 0;
}

static inline void watch_moved(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len, struct inode *moved)
{
	if (unlikely(watch_count))
		watch_queue_moved(from, name, len, to, new_name, new_len, moved);
}

/* A link of it was removed. */
static inline void watch_removed(struct inode *inode)
{
	if (unlikely(watch_count))
		watch_queue_removed(inode);
}

/* The file system goes: its inodes are watched no more. Before it is unmounted: watches hold inodes. */
static inline void watch_unmounted(const struct file_system *fs)
{
	if (unlikely(watch_count))
		watch_queue_unmounted(fs);
}

/* /proc/sys/fs/inotify, of all users together: -EMFILE, -ENOSPC, IN_Q_OVERFLOW. */
extern struct inotify_limits {
	uint32_t instances, watches, events;
} inotify_limits;

/* inotify_init1(2) and inotify_add_watch(2), inotify_rm_watch(2). */
int inotify_new(int flags, struct file **file) must_check;
bool file_is_inotify(const struct file *file);
int inotify_add(struct file *inotify, const struct path *path, uint32_t mask);
int inotify_remove(struct file *inotify, int descriptor) must_check;
