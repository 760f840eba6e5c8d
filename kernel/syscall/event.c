/* SPDX-License-Identifier: BSD-3-Clause */
/* eventfd(2), timerfd_create(2), inotify(7). */
#include "kernel/file/timerfd.h"
#include "kernel/file/watch.h"
#include "kernel/syscall/arguments.h"
#include "kernel/syscall/clock.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/time.h"

static int64_t add_file(int ret, struct file *file, bool close_on_exec)
{
	if (ret)
		return ret;
	ret = descriptor_add(file, 0, close_on_exec);
	if (ret < 0)
		file_put(file);
	return ret;
}

SYSCALL(eventfd, 1, "u")
{
	struct file *file = NULL;
	int ret = eventfd_new((uint32_t)a->v[0], 0, &file);

	return add_file(ret, file, false);
}

SYSCALL(eventfd2, 2, "ux")
{
	struct file *file = NULL;
	int flags = (int)a->v[1], ret;

	if (flags & ~(EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC))
		return -EINVAL;
	ret = eventfd_new((uint32_t)a->v[0], flags, &file);
	return add_file(ret, file, flags & EFD_CLOEXEC);
}

/* ---- timerfd ---- */

static bool is_timer_clock(int clock)
{
	return clock == LINUX_CLOCK_REALTIME || clock == LINUX_CLOCK_MONOTONIC || clock == LINUX_CLOCK_BOOTTIME || clock == LINUX_CLOCK_REALTIME_ALARM ||
	    clock == LINUX_CLOCK_BOOTTIME_ALARM;
}

SYSCALL(timerfd_create, 2, "dx")
{
	struct file *file = NULL;
	int ret;

	if (a->v[1] & ~(uint64_t)(TFD_NONBLOCK | TFD_CLOEXEC) || !is_timer_clock((int)a->v[0]))
		return -EINVAL;
	ret = timerfd_new((int)a->v[0], (int)a->v[1], &file);
	return add_file(ret, file, a->v[1] & TFD_CLOEXEC);
}

static int put_timer(struct file *file, uint64_t address)
{
	uint64_t left, interval;
	struct linux_itimerspec value;

	timerfd_get(file, &left, &interval);
	value = (struct linux_itimerspec){
	    .interval_seconds = (int64_t)(interval / NS_PER_SECOND),
	    .interval_nanoseconds = (int64_t)(interval % NS_PER_SECOND),
	    .value_seconds = (int64_t)(left / NS_PER_SECOND),
	    .value_nanoseconds = (int64_t)(left % NS_PER_SECOND),
	};
	return copy_to_user(address, &value, sizeof(value));
}

static bool time_is_valid(int64_t seconds, int64_t nanoseconds)
{
	return seconds >= 0 && nanoseconds >= 0 && nanoseconds < (int64_t)NS_PER_SECOND;
}

static uint64_t to_ns(int64_t seconds, int64_t nanoseconds)
{
	return min_u64((uint64_t)seconds, TIME_MAX_NS / NS_PER_SECOND) * NS_PER_SECOND + (uint64_t)nanoseconds;
}

static int set_timer(struct file *file, uint64_t flags, uint64_t new_address, uint64_t old_address)
{
	struct timerfd_setting setting = {.deadline_ns = UINT64_MAX};
	struct linux_itimerspec value;
	uint64_t ns;
	int ret;

	if (copy_from_user(&value, new_address, sizeof(value)))
		return -EFAULT;
	if (flags & ~(uint64_t)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	if (!time_is_valid(value.interval_seconds, value.interval_nanoseconds) || !time_is_valid(value.value_seconds, value.value_nanoseconds))
		return -EINVAL;
	ns = to_ns(value.value_seconds, value.value_nanoseconds);
	if (ns)
		setting.deadline_ns = flags & TFD_TIMER_ABSTIME ? ns : clock_deadline(timerfd_clock(file), ns, false);
	setting.is_of_day = flags & TFD_TIMER_ABSTIME && clock_is_realtime(timerfd_clock(file));
	setting.ends_on_set = setting.is_of_day && flags & TFD_TIMER_CANCEL_ON_SET;
	setting.interval_ns = to_ns(value.interval_seconds, value.interval_nanoseconds);
	ret = old_address ? put_timer(file, old_address) : 0;
	return ret ? ret : timerfd_set(file, &setting);
}

SYSCALL(timerfd_settime, 4, "dxpp")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = file_is_timerfd(file) ? set_timer(file, a->v[1], a->v[2], a->v[3]) : -EINVAL;
	file_put(file);
	return ret;
}

SYSCALL(timerfd_gettime, 2, "dp")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = file_is_timerfd(file) ? put_timer(file, a->v[1]) : -EINVAL;
	file_put(file);
	return ret;
}

/* ---- inotify ---- */

enum { IN_ONLYDIR = 0x01000000, IN_DONT_FOLLOW = 0x02000000, IN_EXCL_UNLINK = 0x04000000, IN_MASK_CREATE = 0x10000000, IN_MASK_ADD = 0x20000000 };
#define IN_ONESHOT 0x80000000u
#define IN_KNOWN   (WATCH_ALL | WATCH_UNMOUNT | WATCH_OVERFLOW | WATCH_IGNORED | WATCH_IS_DIRECTORY | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_ADD | IN_ONESHOT)

SYSCALL(inotify_init, 0, "")
{
	struct file *file = NULL;
	int ret = inotify_new(0, &file);

	return add_file(ret, file, false);
}

SYSCALL(inotify_init1, 1, "x")
{
	struct file *file = NULL;
	int ret;

	if (a->v[0] & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	ret = inotify_new((int)a->v[0], &file);
	return add_file(ret, file, a->v[0] & O_CLOEXEC);
}

static int64_t add_watch(struct file *file, uint64_t name, uint32_t mask)
{
	struct place_argument place;
	struct path path;
	int64_t ret;

	if (!file_is_inotify(file) || !(mask & IN_KNOWN) || ((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE)))
		return -EINVAL;
	ret = place_get(&place, AT_FDCWD, name, false);
	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, (mask & IN_DONT_FOLLOW ? 0 : WALK_FOLLOW) | (mask & IN_ONLYDIR ? WALK_DIRECTORY : 0), &path);
	place_put(&place);
	if (ret)
		return ret;
	ret = inode_permission(path_inode(&path), MAY_READ);
	if (!ret)
		ret = inotify_add(file, &path, mask);
	path_put(&path);
	return ret;
}

SYSCALL(inotify_add_watch, 3, "dsx")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = add_watch(file, a->v[1], (uint32_t)a->v[2]);
	file_put(file);
	return ret;
}

SYSCALL(inotify_rm_watch, 2, "dd")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = inotify_remove(file, (int)a->v[1]);
	file_put(file);
	return ret;
}
