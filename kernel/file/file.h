/* SPDX-License-Identifier: BSD-3-Clause */
/* Open files (open file descriptions) and descriptor tables. */
#pragma once
#include "kernel/file/inode.h"
#include "kernel/file/path.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/vm/address_space.h"

/* poll(2) bits are uapi/poll.h's. A poller registers in the wait queues of what it asks; NULL: only asks. */
struct poll_table {
	void (*add)(struct poll_table *table, struct wait_queue *queue);
};

struct file_ops {
	/* Transfer at *position and move it (NULL: not seekable). Bytes or -errno; -EAGAIN with O_NONBLOCK. Interrupted before any byte: -EINTR
	 * (ERESTARTSYS in kernel terms: process/signal restarts it where the handler says SA_RESTART). */
	long (*read)(struct file *file, struct io_vector *io, uint64_t *position);
	long (*write)(struct file *file, struct io_vector *io, uint64_t *position);
	/* Writes bytes of a file's pages without a copy: len bytes from `offset` of the first on, which refers to them itself. `more` follow. As write;
	 * -EOPNOTSUPP: it does not do so. NULL: neither. */
	long (*write_pages)(struct file *file, struct page **pages, size_t offset, size_t len, bool more);
	int64_t (*seek)(struct file *file, int64_t offset, int whence); /* NULL: -ESPIPE */
	unsigned (*poll)(struct file *file, struct poll_table *table);	/* NULL: always readable and writable */
	long (*ioctl)(struct file *file, unsigned command, uint64_t argument); /* NULL: -ENOTTY */
	int (*map)(struct file *file, struct mapped_file *mapped);	/* fills mapped; NULL: -ENODEV */
	/* As map, of a file whose offsets name different memories: *offset is what was asked for, and becomes the place in mapped->cache. */
	int (*map_part)(struct file *file, uint64_t *offset, struct mapped_file *mapped);
	int (*sync)(struct file *file, bool data_only);
	int (*read_directory)(struct file *file, struct directory_sink *sink);
	int (*flush)(struct file *file);    /* each close(2) */
	void (*release)(struct file *file); /* the last reference */
	int (*describe)(struct file *file, char *to, size_t size); /* extra lines of /proc/PID/fdinfo; NULL: none */
	bool stays; /* not sent to other processes (SCM_RIGHTS: -EINVAL): it could hold itself */
	const char *anonymous_name; /* "anon_inode:[eventpoll]", "pipe:[%llu]" with the inode number; NULL: path */
};

struct descriptor_table;

/* What watches a file as long as it is open: it is told when that ends, and before that of each descriptor of it that a table loses. */
struct file_watch {
	void (*closed)(struct file_watch *watch, const struct descriptor_table *table);
	void (*forget)(struct file_watch *watch);
};

struct file {
	const struct file_ops *ops;
	struct inode *inode; /* NULL for anonymous ones (epoll, eventfd) */
	struct path path;
	int flags;	     /* O_*; changed by fcntl(F_SETFL) */
	unsigned mode;	     /* MAY_READ, MAY_WRITE */
	uint64_t position;
	struct mutex position_lock;
	uint32_t references; /* atomic */
	void *private_data;
	struct list epoll_items; /* of epoll sets that watch it; guarded by epoll's lock */
	int owner;	     /* F_SETOWN */
	struct file_watch *watch; /* of the signals about it; mostly NULL */
	bool is_writer;	     /* counted by its inode (inode_begin_write), */
	bool is_executed;    /* or by inode_begin_execute */
	bool is_unwatched;   /* nobody hears of what is done with it (watch.h) */
	const char *early_name; /* of a device, whose place in /dev was not looked up yet (device.h): then `inode` and `path` are not known; mostly NULL */
};

struct file *file_new(const struct file_ops *ops, int flags, void *private_data); /* anonymous; NULL: no memory */
void file_get(struct file *file);
void file_find_place(struct file *file);
/* Whether who reads or writes it now is to get -EAGAIN rather than wait: the file says so, or the thread does. */
static inline bool file_is_nonblocking(const struct file *file)
{
	return (file->flags & O_NONBLOCK) || thread_current()->no_wait;
}
/* Before `inode` and `path` are looked at, but by who got the file from descriptor_get, which does this. May sleep. */
static inline void file_place(struct file *file)
{
	if (unlikely(__atomic_load_n(&file->early_name, __ATOMIC_ACQUIRE)))
		file_find_place(file);
}
void file_put(struct file *file);
long file_read(struct file *file, struct io_vector *io, uint64_t *position);  /* position NULL: the file's own, moved */
long file_write(struct file *file, struct io_vector *io, uint64_t *position);
long file_read_kernel(struct file *file, void *to, size_t len, uint64_t offset); /* exec and the like: whole, or what there is */
long file_write_kernel(struct file *file, const void *from, size_t len);
unsigned file_poll(struct file *file, struct poll_table *table);
/* Writing to it is no reason not to execute it: files of memfd_create(2). */
void file_uncount_writer(struct file *file);
/* Nobody may write the file from now on until it is closed. -ETXTBSY: somebody does. */
int file_deny_writes(struct file *file) must_check;
/* What a mapping of the file from *offset on shows, which becomes the place in mapped->cache. */
void file_touch_access(struct file *file); /* it was read, or mapped: the access time moves if it is to */
int file_map(struct file *file, uint64_t *offset, struct mapped_file *mapped) must_check;
/* Where an open file is, for opening it again (/proc/PID/fd): pipes get a place without a name. -ENXIO: nowhere. */
int file_to_path(struct file *file, struct path *path) must_check;
long file_to_text(struct file *file, char *to, size_t size); /* what readlink of /proc/self/fd/N shows */

/* Up to `max` pages of a regular file from *position on that are in memory, the first being read if it is not; with references. *len: of the bytes that
 * they have there, at most what it was; 0 at the end. Returns how many, or -errno. */
long file_pages_get(struct file *file, uint64_t position, size_t max, struct page **pages, size_t *len);
/* Reads bytes of a regular file into memory before they are needed; memory that is short ends it. */
void file_read_ahead(struct file *file, uint64_t offset, uint64_t len);
extern const struct file_ops data_file_ops;	 /* regular files over the page cache */
extern const struct file_ops directory_file_ops;

/* Descriptor tables: shared by CLONE_FILES, else copied. */
struct descriptor_table;
struct descriptor_table *descriptor_table_new(void);
struct descriptor_table *descriptor_table_copy(struct descriptor_table *from); /* fork */
void descriptor_table_get(struct descriptor_table *table);
bool descriptor_table_is_shared(const struct descriptor_table *table);
void descriptor_table_put(struct descriptor_table *table); /* the last closes all */
/* Pages of files in memory that have no name, so that they go with their last descriptor. A file counts once for each. */
uint64_t descriptor_table_memory(struct descriptor_table *table);
void descriptor_table_set_current_hook(struct descriptor_table *(*current)(void));

/* On the current process's table. */
int descriptor_add(struct file *file, int minimum, bool close_on_exec); /* takes the reference on success; the number, or -EMFILE, -ENOMEM */
struct file *descriptor_get(int fd);	     /* with a reference; NULL: -EBADF, also for one opened with O_PATH */
struct file *descriptor_get_any(int fd);     /* also one opened with O_PATH: for calls that want a place, or the descriptor itself */
int descriptor_close(int fd);
int descriptor_close_range(unsigned first, unsigned last, unsigned flags);
int descriptor_duplicate_to(struct file *file, int fd, bool close_on_exec); /* dup2: takes a new reference */
int descriptor_get_flags(int fd);	     /* FD_CLOEXEC or 0; -EBADF */
int descriptor_set_flags(int fd, int flags);
void descriptor_close_on_exec(void);
void descriptor_set_limit(unsigned limit);   /* RLIMIT_NOFILE */
/* As descriptor_get_any, but without counting where only this task uses the table: *must_put says whether file_put is due. */
struct file *descriptor_borrow(int fd, bool *must_put);
static inline void descriptor_return(struct file *file, bool must_put)
{
	if (must_put)
		file_put(file);
}
/* Reserves a number for a file that is opened next, then fills or frees it. */
int descriptor_reserve(int minimum, bool close_on_exec);
void descriptor_fill(int fd, struct file *file); /* takes the reference */
void descriptor_cancel(int fd);
/* Of a table that nobody uses yet: makes fd, which is free, the file; takes a new reference. */
void descriptor_table_place(struct descriptor_table *table, unsigned fd, struct file *file, bool close_on_exec);
/* For /proc/PID/fd: the next open number >= fd and its file with a reference; -1 if none. */
int descriptor_next(struct descriptor_table *table, int fd, struct file **file);

/* Two ends of a pipe: flags O_CLOEXEC is the caller's; O_NONBLOCK, O_DIRECT. */
int pipe_new(int flags, struct file **reader, struct file **writer) must_check;
int eventfd_new(uint64_t value, int flags, struct file **file) must_check;
bool file_is_eventfd(const struct file *file);
void eventfd_signal(struct file *file); /* counts up from within the kernel, which never waits: too often is UINT64_MAX, an overflow (POLLERR) */
int timerfd_new(int clock, int flags, struct file **file) must_check;
int epoll_new(struct file **file) must_check;
/* A FIFO's `open`: waits for the other end as fifo(7) says. */
int pipe_open(struct inode *inode, struct file *file) must_check;
/* The file's pipe, or NULL: for splice, F_SETPIPE_SZ. */
struct pipe *file_pipe(struct file *file);
/* A file without a name in tmpfs (memfd_create(2)): fs/tmpfs sets how. */
void memory_file_set_hook(int (*create)(const char *name, bool may_seal, struct file **file));
int memory_file_new(const char *name, bool may_seal, struct file **file) must_check;
/* An open file at a place, as path_open ends with: permission was checked. */
int file_open_path(const struct path *path, int flags, struct file **file) must_check;
int file_open_program(const struct path *path, struct file **file) must_check;		      /* for execve(2) */
int file_open_unwatched(const struct path *path, int flags, struct file **file) must_check; /* nobody hears of it, nor of what is done with it */

/* RLIMIT_FSIZE of the caller, set by kernel/syscall: `limit` in bytes; `exceeded` sends SIGXFSZ. */
void file_set_size_limit_hooks(uint64_t (*limit)(void), void (*exceeded)(void));
/* Files' size: ftruncate(2), fallocate(2), and copies within the kernel (sendfile(2), copy_file_range(2)). */
int file_truncate(struct file *file, uint64_t size) must_check;
int file_allocate(struct file *file, int mode, uint64_t offset, uint64_t len) must_check;
/* Copies by way of kernel memory; positions as file_read's. Bytes or -errno. */
long file_copy(struct file *from, uint64_t *from_position, struct file *to, uint64_t *to_position, uint64_t len);
int file_sync(struct file *file, bool data_only) must_check;

/* Character devices register by number; fs/dev makes their nodes. */
struct character_device {
	const char *name;    /* "null", "tty", "vport/dory.stdin" */
	uint32_t major, minor;
	uint32_t mode;	     /* permissions */
	const struct file_ops *ops;
	int (*open)(struct file *file); /* may be NULL */
	void *private_data;
};
#define CHARACTER_DEVICE(n) LINKER_SET_MEMBER(character_device, struct character_device, n)
void character_device_add(const struct character_device *device); /* at run time, by drivers; stays */
const struct character_device *character_device_find(uint32_t major, uint32_t minor);
const struct character_device *character_device_next(const struct character_device *device);
