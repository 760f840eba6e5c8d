/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls. Each registers itself where it is defined:
 *
 *   SYSCALL(read, 3, "dpu")
 *   {
 *           return ...(int)a->v[0], a->v[1], a->v[2]...;
 *   }
 *
 * The number comes from uapi/syscall_number.h by name. The text says how --strace prints the arguments, a letter each:
 *   d int  u unsigned  x hex  p pointer  s string  o octal  D dirfd  f open flags  P protection  M mmap flags  S signal  t timespec  m mode
 *   i iovec, with the count in the next  b buffer, with the length in the next argument (printed after the call where '>' follows)  * argv
 * The result is a value or a negative errno.
 */
#pragma once
#include "kernel/process/process.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/syscall_number.h"
#include "kernel/vm/user_memory.h"

struct syscall_arguments {
	uint64_t v[6];
};

struct syscall {
	const char *name;
	unsigned number;
	unsigned nr_arguments;
	const char *format;
	int64_t (*call)(const struct syscall_arguments *a);
};

#define SYSCALL(n, nr, fmt)                                                                                         \
	static int64_t syscall_do_##n(const struct syscall_arguments *a);                                           \
	LINKER_SET_MEMBER(syscall, struct syscall, n) = {                                                           \
	    .name = #n, .number = SYS_##n, .nr_arguments = (nr), .format = (fmt), .call = syscall_do_##n};           \
	static int64_t syscall_do_##n(const struct syscall_arguments *a)

/*
 * How far a call goes, in words for docs/syscalls.md, which build/syscall-table makes from these lines; the kernel carries nothing of them.
 * A call without any of them does all that Linux does. The text is one line of the table.
 *   PARTIAL  what Linux does and this call does not
 *   REFUSED  it is here only to give the error that Linux gives where a feature is off or a device is missing
 *   ABSENT   ENOSYS, and why
 */
#define SYSCALL_PARTIAL(n, missing) SYSCALL_REMARK(n, missing)
#define SYSCALL_REFUSED(n, why)	    SYSCALL_REMARK(n, why)
#define SYSCALL_ABSENT(n, why)	    SYSCALL_REMARK(n, why)
#define SYSCALL_REMARK(n, text)	    _Static_assert(SYS_##n >= 0 && sizeof(text) > 1, text)

/* As the program's registers say. */
void syscall_load_arguments(const struct user_context *user, struct syscall_arguments *a);
/* A user's path copied to the heap; *path is freed by the caller with heap_free. -EFAULT, -ENAMETOOLONG, -ENOMEM. */
int syscall_copy_path(uint64_t address, char **path) must_check;
/* The place that a dirfd argument names: AT_FDCWD gives *start == NULL. `storage` holds what must be put (path_put) afterwards. */
int syscall_directory(int dirfd, struct path *storage, const struct path **start) must_check;
/* A user's iovec array as an io_vector; segments are on the heap (io_vector.segments != &one: heap_free by syscall_free_iovec). */
int syscall_copy_iovec(uint64_t address, uint64_t count, struct io_vector *io) must_check;
void syscall_free_iovec(struct io_vector *io);
/* Whether memory there cannot be a program's: for calls whose errors tell of it before they do anything. */
static inline bool syscall_is_outside(uint64_t address, uint64_t len)
{
	return len > USER_END || address > USER_END - len;
}
/* struct timespec of the user -> ns; -EINVAL for a bad one, -EFAULT. */
int syscall_copy_timespec(uint64_t address, uint64_t *ns) must_check;
int syscall_put_timespec(uint64_t address, uint64_t ns) must_check;
