/* SPDX-License-Identifier: BSD-3-Clause */
/* What calls on files do once their arguments are in kernel memory: for those that get them another way (io_uring). Results as the calls'. */
#pragma once
#include "kernel/file/epoll.h"
#include "kernel/syscall/arguments.h"

/* open.c */
struct open_how {
	int flags;
	uint32_t mode;
	unsigned walk_flags;
};
int open_place(struct place_argument *place, int dirfd, const struct open_how *how, struct file **file) must_check;
int open_copy_how(uint64_t address, uint64_t size, struct open_how *to) must_check; /* openat2(2)'s third and fourth argument */

/* stat.c: the name, from the heap, is taken */
int statx_check(unsigned flags, unsigned mask) must_check;
int64_t statx_name(int dirfd, char *name, int flags, unsigned mask, uint64_t address);

/* attribute.c */
int64_t allocate_file(struct file *file, int mode, int64_t offset, int64_t len);
int64_t advise_file(struct file *file, int64_t offset, int64_t len, unsigned advice);
int64_t sync_range(struct file *file, int64_t offset, int64_t len, unsigned flags);

/* read_write.c: without SIGPIPE; positions NULL: the file's own */
enum { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_NOWAIT = 8, RWF_APPEND = 16, RWF_ALL = 31 };
int64_t transfer_flagged(struct file *file, struct io_vector *io, uint64_t *position, int flags, bool is_write);
struct two_files {
	struct file *from, *to;
};
int two_files_get(struct two_files *files, int from, int to) must_check; /* -EBADF */
void two_files_put(struct two_files *files);
/* A position argument: a pointer to an offset, or NULL for the file's own. */
int position_get(uint64_t address, uint64_t *storage, uint64_t **position) must_check;

/* splice.c: without SIGPIPE */
int64_t splice_files(struct file *from, uint64_t *from_position, struct file *to, uint64_t *to_position, uint64_t len, unsigned flags);
int64_t tee_files(struct file *from, struct file *to, uint64_t len, unsigned flags);

/* epoll.c */
int64_t epoll_change(struct file *epoll, int operation, int fd, const struct linux_epoll_event *event);
