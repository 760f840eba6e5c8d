/* SPDX-License-Identifier: BSD-3-Clause */
/* io_setup(2), io_destroy(2), io_getevents(2), io_pgetevents(2), io_cancel(2). */
#include "kernel/aio/aio.h"
#include "kernel/platform/platform.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/time.h"

SYSCALL(io_setup, 2, "up")
{
	unsigned nr_events = (unsigned)a->v[0];
	uint64_t number;
	int ret;

	if (copy_from_user(&number, a->v[1], sizeof(number)))
		return -EFAULT;
	if (number || !nr_events || nr_events > 0x10000000 / sizeof(struct linux_io_event))
		return -EINVAL;
	ret = aio_context_new(nr_events, &number);
	if (!ret && copy_to_user(a->v[1], &number, sizeof(number))) {
		struct aio_context *context = aio_context_get(number);

		if (context) {
			(void)!aio_context_destroy(context);
			aio_context_put(context);
		}
		ret = -EFAULT;
	}
	return ret;
}

SYSCALL(io_destroy, 1, "p")
{
	struct aio_context *context = aio_context_get(a->v[0]);
	int ret;

	if (!context)
		return -EINVAL;
	ret = aio_context_destroy(context);
	aio_context_put(context);
	return ret;
}

static int64_t get_events(const struct syscall_arguments *a)
{
	int64_t min = (int64_t)a->v[1], max = (int64_t)a->v[2], ret;
	struct aio_context *context;
	uint64_t deadline = WAIT_FOREVER;
	struct linux_timespec time;

	if (a->v[4]) { /* other calls refuse a second's worth of nanoseconds, or negative ones */
		if (copy_from_user(&time, a->v[4], sizeof(time)))
			return -EFAULT;
		time.seconds = time.seconds < 0 ? 0 : (int64_t)min_u64((uint64_t)time.seconds, 1ull << 32);
		time.nanoseconds = time.nanoseconds < 0 ? 0 : (int64_t)min_u64((uint64_t)time.nanoseconds, 1ull << 60);
		deadline = clock_monotonic_ns() + (uint64_t)time.seconds * NS_PER_SECOND + (uint64_t)time.nanoseconds;
	}
	context = aio_context_get(a->v[0]);
	if (!context)
		return -EINVAL;
	ret = min > max || min < 0 || max < 0 ? -EINVAL : aio_get_events(context, (uint64_t)min, (uint64_t)max, a->v[3], deadline);
	aio_context_put(context);
	return ret;
}

SYSCALL(io_getevents, 5, "pddpt")
{
	return get_events(a);
}

SYSCALL(io_pgetevents, 6, "pddptp")
{
	struct {
		uint64_t address, size;
	} with = {0};
	uint64_t mask;
	int64_t ret;

	if (a->v[5] && copy_from_user(&with, a->v[5], sizeof(with)))
		return -EFAULT;
	if (!with.address)
		return get_events(a);
	if (with.size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, with.address, sizeof(mask)))
		return -EFAULT;
	signal_mask_begin(mask);
	ret = get_events(a);
	signal_mask_end(ret == -EINTR);
	return ret == -EINTR ? -ERESTART_NO_HANDLER : ret;
}

SYSCALL(io_cancel, 3, "ppp")
{
	struct aio_context *context;
	uint32_t key;
	int ret;

	if (copy_from_user(&key, a->v[1] + 8, sizeof(key)))
		return -EFAULT;
	if (key) /* what io_submit wrote there */
		return -EINVAL;
	context = aio_context_get(a->v[0]);
	if (!context)
		return -EINVAL;
	ret = aio_cancel(context, a->v[1]);
	aio_context_put(context);
	return ret;
}
