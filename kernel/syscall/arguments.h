/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments that the calls on files share. */
#pragma once
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/fcntl.h"

/* A dirfd and a path: short paths stay on the stack. */
struct place_argument {
	char *name;
	const struct path *start; /* NULL: the working directory */
	struct path storage;
	char short_name[200];
};
/* -EFAULT, -ENAMETOOLONG, -ENOMEM, -EBADF, -ENOTDIR. Then place_put. With may_be_empty an empty name's dirfd may be any file. */
int place_get(struct place_argument *place, int dirfd, uint64_t address, bool may_be_empty) must_check;
void place_put(struct place_argument *place);
/* The same of a name in kernel memory, from the heap, which it takes in any case. */
int place_from(struct place_argument *place, int dirfd, char *name, bool may_be_empty) must_check;

/* The file of a descriptor for the length of a call: file_end puts it. */
struct file_argument {
	struct file *file;
	bool must_put;
};
bool file_begin(struct file_argument *argument, int fd);
void file_end(const struct file_argument *argument);

/* An interrupted call: restarted if the handler says so. */
static inline int64_t restartable(int64_t result)
{
	return result == -EINTR ? -ERESTART_SYS : result;
}

/* After a write: SIGPIPE where there is no reader. */
int64_t write_result(int64_t result);
