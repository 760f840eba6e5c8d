/* SPDX-License-Identifier: BSD-3-Clause */
/* io_uring_setup(2), io_uring_enter(2). */
#include "kernel/io_uring/io_uring.h"
#include "kernel/platform/platform.h"
#include "kernel/syscall/io_uring/rings.h"

enum {
	ENTER_FLAGS = IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP | IORING_ENTER_SQ_WAIT | IORING_ENTER_EXT_ARG | IORING_ENTER_REGISTERED_RING,
};

SYSCALL_PARTIAL(io_uring_setup, "IORING_SETUP_DEFER_TASKRUN does not defer; rings lie in the kernel's memory (no NO_MMAP), none changes its size");
SYSCALL(io_uring_setup, 2, "up")
{
	struct linux_io_uring_params parameters;
	struct file *file;
	int fd, ret = copy_from_user(&parameters, a->v[1], sizeof(parameters));

	if (!ret)
		ret = uring_new((unsigned)a->v[0], &parameters, &file);
	if (ret)
		return ret;
	fd = descriptor_reserve(0, true);
	ret = fd < 0 ? fd : copy_to_user(a->v[1], &parameters, sizeof(parameters));
	if (ret) {
		if (fd >= 0)
			descriptor_cancel(fd);
		file_put(file);
		return ret;
	}
	descriptor_fill(fd, file);
	return fd;
}

/* What the fifth and sixth argument say. */
struct enter_argument {
	uint64_t mask_address, mask_size;
	uint64_t deadline_ns;
};

static int copy_argument(const struct syscall_arguments *a, struct enter_argument *to)
{
	struct linux_io_uring_getevents_arg extended;
	uint64_t ns;
	int ret;

	*to = (struct enter_argument){.mask_address = a->v[4], .mask_size = a->v[5], .deadline_ns = WAIT_FOREVER};
	if (!(a->v[3] & IORING_ENTER_EXT_ARG))
		return 0;
	if (a->v[5] != sizeof(extended))
		return -EINVAL;
	ret = copy_from_user(&extended, a->v[4], sizeof(extended));
	if (ret)
		return ret;
	if (extended.pad)
		return -EINVAL;
	to->mask_address = extended.sigmask;
	to->mask_size = extended.sigmask_sz;
	if (!extended.ts)
		return 0;
	ret = syscall_copy_timespec(extended.ts, &ns);
	if (!ret)
		to->deadline_ns = clock_monotonic_ns() + ns;
	return ret;
}

static int64_t wait_masked(struct uring *ring, unsigned wanted, const struct enter_argument *argument)
{
	const struct uring_wait wait = {.wanted = wanted, .deadline_ns = argument->deadline_ns};
	uint64_t mask;
	int64_t ret;

	if (!argument->mask_address)
		return uring_wait(ring, &wait);
	if (argument->mask_size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, argument->mask_address, sizeof(mask)))
		return -EFAULT;
	signal_mask_begin(mask);
	ret = uring_wait(ring, &wait);
	signal_mask_end(ret == -EINTR);
	return ret;
}

static int64_t enter(struct uring *ring, const struct syscall_arguments *a)
{
	unsigned count = (unsigned)a->v[1], wanted = (unsigned)a->v[2], flags = (unsigned)a->v[3];
	struct enter_argument argument;
	int64_t submitted, ret;

	if (uring_is_polled(ring)) {
		ret = uring_poller_enter(ring, flags);
		submitted = ret ? ret : count;
	} else {
		submitted = uring_submit(ring, count);
		if (submitted >= 0 && submitted != count)
			return submitted;
	}
	if (submitted < 0 || !(flags & IORING_ENTER_GETEVENTS))
		return submitted;
	ret = copy_argument(a, &argument);
	if (!ret)
		ret = wait_masked(ring, wanted, &argument);
	return submitted ? submitted : ret;
}

SYSCALL_PARTIAL(io_uring_enter, "operations of Linux 6.1 but for extended attributes, commands to devices and sends without a copy; those of a thread end with it");
SYSCALL(io_uring_enter, 6, "duuxpu")
{
	struct uring *ring;
	struct file *file;
	int64_t ret;

	if (a->v[3] & ~(uint64_t)ENTER_FLAGS)
		return -EINVAL;
	file = ring_file_get((unsigned)a->v[0], a->v[3] & IORING_ENTER_REGISTERED_RING);
	if (!file)
		return -EBADF;
	ring = uring_of(file);
	ret = ring ? enter(ring, a) : -EOPNOTSUPP;
	file_put(file);
	return ret;
}
