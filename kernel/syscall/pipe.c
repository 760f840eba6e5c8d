/* SPDX-License-Identifier: BSD-3-Clause */
/* pipe(2). */
#include "kernel/syscall/arguments.h"

static int64_t make_pipe(uint64_t address, int flags)
{
	struct file *ends[2];
	int fds[2], ret;

	if (flags & ~(O_CLOEXEC | O_DIRECT | O_NONBLOCK))
		return -EINVAL;
	ret = pipe_new(flags, &ends[0], &ends[1]);
	if (ret)
		return ret;
	fds[0] = descriptor_reserve(0, flags & O_CLOEXEC);
	fds[1] = fds[0] < 0 ? fds[0] : descriptor_reserve(0, flags & O_CLOEXEC);
	ret = fds[1] < 0 ? fds[1] : copy_to_user(address, fds, sizeof(fds));
	if (ret) {
		if (fds[0] >= 0)
			descriptor_cancel(fds[0]);
		if (fds[1] >= 0)
			descriptor_cancel(fds[1]);
		file_put(ends[0]);
		file_put(ends[1]);
		return ret;
	}
	descriptor_fill(fds[0], ends[0]);
	descriptor_fill(fds[1], ends[1]);
	return 0;
}

SYSCALL(pipe, 1, "p")
{
	return make_pipe(a->v[0], 0);
}

SYSCALL(pipe2, 2, "px")
{
	return make_pipe(a->v[0], (int)a->v[1]);
}
