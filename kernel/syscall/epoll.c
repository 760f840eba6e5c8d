/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll_create(2), epoll_ctl(2), epoll_wait(2). */
#include "kernel/file/epoll.h"
#include "kernel/syscall/file_calls.h"
#include "kernel/syscall/clock.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/time.h"

enum { FEW = 64, EVENTS_MAX = 0x7fffffff / sizeof(struct linux_epoll_event) };

static int64_t create(bool close_on_exec)
{
	struct file *file;
	int ret = epoll_new(&file);

	if (ret)
		return ret;
	ret = descriptor_add(file, 0, close_on_exec);
	if (ret < 0)
		file_put(file);
	return ret;
}

SYSCALL(epoll_create, 1, "d")
{
	return (int)a->v[0] <= 0 ? -EINVAL : create(false);
}

SYSCALL(epoll_create1, 1, "x")
{
	return a->v[0] & ~(uint64_t)O_CLOEXEC ? -EINVAL : create(a->v[0] & O_CLOEXEC);
}

int64_t epoll_change(struct file *epoll, int operation, int fd, const struct linux_epoll_event *event)
{
	struct file *file;
	int64_t ret;

	if (!file_is_epoll(epoll))
		return -EINVAL;
	file = descriptor_get(fd);
	if (!file)
		return -EBADF;
	ret = epoll_control(epoll, operation, fd, file, event);
	file_put(file);
	return ret;
}

SYSCALL(epoll_ctl, 4, "dddp")
{
	struct linux_epoll_event event = {0};
	struct file *epoll;
	int64_t ret;

	if ((int)a->v[1] != EPOLL_CTL_DEL && copy_from_user(&event, a->v[3], sizeof(event)))
		return -EFAULT;
	epoll = descriptor_get((int)a->v[0]);
	if (!epoll)
		return -EBADF;
	ret = epoll_change(epoll, (int)a->v[1], (int)a->v[2], &event);
	file_put(epoll);
	return ret;
}

static int64_t wait_events(struct file *epoll, uint64_t address, int max, uint64_t deadline_ns)
{
	struct linux_epoll_event few[FEW], *events = few;
	int64_t ret;

	if (max <= 0 || (size_t)max > EVENTS_MAX)
		return -EINVAL;
	if (syscall_is_outside(address, (size_t)max * sizeof(*events)))
		return -EFAULT;
	if (!file_is_epoll(epoll))
		return epoll->flags & O_PATH ? -EBADF : -EINVAL;
	max = (int)min_u64((uint64_t)max, max_u64(epoll_count(epoll), FEW)); /* programs ask for thousands, and watch few */
	if (max > FEW && !(events = heap_alloc((size_t)max * sizeof(*events)))) {
		events = few;
		max = FEW;
	}
	ret = epoll_wait_events(epoll, events, max, deadline_ns);
	if (ret > 0 && copy_to_user(address, events, (size_t)ret * sizeof(*events)))
		ret = -EFAULT;
	if (events != few)
		heap_free(events);
	return ret;
}

static int64_t wait_on(int fd, uint64_t address, int max, uint64_t deadline_ns)
{
	struct file_argument f;
	int64_t ret;

	if (!file_begin(&f, fd))
		return -EBADF;
	ret = wait_events(f.file, address, max, deadline_ns);
	file_end(&f);
	return ret;
}

static uint64_t deadline_of(int milliseconds)
{
	if (milliseconds < 0)
		return WAIT_FOREVER;
	return milliseconds ? clock_deadline(LINUX_CLOCK_MONOTONIC, (uint64_t)milliseconds * 1000000, false) : 0;
}

SYSCALL(epoll_wait, 4, "dpdd")
{
	return wait_on((int)a->v[0], a->v[1], (int)a->v[2], deadline_of((int)a->v[3]));
}

static int64_t wait_masked(const struct syscall_arguments *a, uint64_t deadline_ns)
{
	uint64_t mask;
	int64_t ret;

	if (!a->v[4])
		return wait_on((int)a->v[0], a->v[1], (int)a->v[2], deadline_ns);
	if (a->v[5] != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, a->v[4], sizeof(mask)))
		return -EFAULT;
	signal_mask_begin(mask);
	ret = wait_on((int)a->v[0], a->v[1], (int)a->v[2], deadline_ns);
	signal_mask_end(ret == -EINTR);
	return ret;
}

SYSCALL(epoll_pwait, 6, "dpddpu")
{
	return wait_masked(a, deadline_of((int)a->v[3]));
}

SYSCALL(epoll_pwait2, 6, "dpdtpu")
{
	uint64_t deadline = WAIT_FOREVER, ns;
	int ret;

	if (a->v[3]) {
		ret = syscall_copy_timespec(a->v[3], &ns);
		if (ret)
			return ret;
		deadline = ns ? clock_deadline(LINUX_CLOCK_MONOTONIC, ns, false) : 0;
	}
	return wait_masked(a, deadline);
}
