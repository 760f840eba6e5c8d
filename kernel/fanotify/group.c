/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups: how they are made, and the files that they are. */
#include "kernel/fanotify/internal.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/termios.h"
#include "lib/format.h"

enum {
	CLASSES = FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT,
	PRIVILEGED_FLAGS = CLASSES | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_PIDFD | FAN_REPORT_TID | FAN_REPORT_FD_ERROR,
	KNOWN_FLAGS = FAN_CLOEXEC | FAN_NONBLOCK | PRIVILEGED_FLAGS | REPORT_HANDLES,
	KNOWN_EVENT_FLAGS = O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_CLOEXEC | O_LARGEFILE | O_NOATIME,
};

struct list fanotify_groups = LIST_INIT(fanotify_groups);
struct fanotify_limits fanotify_limits = {.groups = 128, .marks = 65536, .events = 16384};
static unsigned nr_groups;
static uint64_t last_serial;

PROC_FILE(fanotify_groups_max) = {.path = "sys/fs/fanotify/max_user_groups", .mode = 0644, .number = &fanotify_limits.groups, .most = INT32_MAX};
PROC_FILE(fanotify_events_max) = {.path = "sys/fs/fanotify/max_queued_events", .mode = 0644, .number = &fanotify_limits.events, .most = INT32_MAX};

/* ---- The file ---- */

static long group_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct group *group = file->private_data;
	struct waiter waiter;
	long done = events_read(group, io);
	int ret = 0;

	if (done)
		return done;
	if (file_is_nonblocking(file))
		return -EAGAIN;
	wait_begin(&waiter, &group->wait);
	while (!(done = events_read(group, io)) && !ret)
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return done ? done : ret;
}

static long group_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct linux_fanotify_response response;
	size_t len = io->left;
	int ret;

	if (len < sizeof(response))
		return -EINVAL;
	if (io_vector_get(io, &response, sizeof(response)) < sizeof(response))
		return -EFAULT;
	ret = question_answer(file->private_data, response.fd, response.response);
	return ret ? ret : (long)len;
}

static unsigned group_poll(struct file *file, struct poll_table *table)
{
	struct group *group = file->private_data;

	if (table)
		table->add(table, &group->wait);
	return __atomic_load_n(&group->nr_events, __ATOMIC_SEQ_CST) ? POLLIN | POLLRDNORM : 0;
}

static long group_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	const struct group *group = file->private_data;
	int bytes = (int)(group->nr_events * sizeof(struct linux_fanotify_event));

	return command == FIONREAD ? copy_to_user(argument, &bytes, sizeof(bytes)) : -ENOTTY;
}

static int64_t group_seek(struct file *file, int64_t offset, int whence)
{
	return 0; /* as Linux, which has no position here either */
}

static void group_free(struct group *group)
{
	if (group)
		heap_free(group->overflow);
	heap_free(group);
	__atomic_fetch_sub(&nr_groups, 1, __ATOMIC_RELAXED);
}

static void group_release(struct file *file)
{
	struct group *group = file->private_data;
	struct event *dead = NULL, *event, *next;

	marks_drop(group, MARK_FILE_SYSTEM + 1);
	spin_lock(&watch_lock);
	list_remove(&group->node);
	questions_end_locked(group, &dead);
	list_for_each_safe(event, next, &group->events, node)
		event_put_locked(event, &dead);
	spin_unlock(&watch_lock);
	events_bury(dead);
	group_free(group);
}

/* proc_pid_fdinfo(5), without the part of a mark that a file handle would be. */
static int group_describe(struct file *file, char *to, size_t size)
{
	struct group *group = file->private_data;
	int len = format_text(to, size, "fanotify flags:%x event-flags:%x\n", group->flags, group->event_flags);

	return len < 0 || (size_t)len >= size ? len : len + marks_describe(group, to + len, size - (size_t)len);
}

static const struct file_ops group_ops = {
    .read = group_read,
    .write = group_write,
    .seek = group_seek,
    .poll = group_poll,
    .ioctl = group_ioctl,
    .release = group_release,
    .describe = group_describe,
    .anonymous_name = "anon_inode:[fanotify]",
};

bool file_is_fanotify(const struct file *file)
{
	return file->ops == &group_ops;
}

/* ---- fanotify_init(2) ---- */

static int check_flags(unsigned flags, unsigned event_flags)
{
	bool has_handles = flags & REPORT_HANDLES;

	if (!task_is_capable(CAPABILITY_SYS_ADMIN) && ((flags & PRIVILEGED_FLAGS) || !has_handles))
		return -EPERM;
	if (flags & ~(unsigned)KNOWN_FLAGS || (flags & CLASSES) == CLASSES || ((flags & FAN_REPORT_PIDFD) && (flags & FAN_REPORT_TID)))
		return -EINVAL;
	if (event_flags & ~(unsigned)KNOWN_EVENT_FLAGS || (event_flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (has_handles && (flags & CLASSES))
		return -EINVAL;
	if ((flags & FAN_REPORT_NAME) && !(flags & FAN_REPORT_DIR_FID))
		return -EINVAL;
	return (flags & FAN_REPORT_TARGET_FID) && !((flags & FAN_REPORT_NAME) && (flags & FAN_REPORT_FID)) ? -EINVAL : 0;
}

static void enter(struct group *group)
{
	struct group *after;

	spin_lock(&watch_lock);
	group->serial = ++last_serial;
	list_for_each(after, &fanotify_groups, node)
		if (after->class < group->class)
			break;
	list_push_back(&after->node, &group->node); /* before it */
	observe_begin();
	spin_unlock(&watch_lock);
}

int fanotify_new(unsigned flags, unsigned event_flags, struct file **file)
{
	int ret = check_flags(flags, event_flags);
	struct group *group;

	if (ret)
		return ret;
	if (__atomic_add_fetch(&nr_groups, 1, __ATOMIC_RELAXED) > fanotify_limits.groups) {
		__atomic_fetch_sub(&nr_groups, 1, __ATOMIC_RELAXED);
		return -EMFILE;
	}
	group = heap_alloc_zero(sizeof(*group));
	if (group)
		group->overflow = heap_alloc_zero(sizeof(*group->overflow));
	*file = group && group->overflow ? file_new(&group_ops, O_RDWR | (flags & FAN_NONBLOCK ? O_NONBLOCK : 0), group) : NULL;
	if (!*file) {
		group_free(group);
		return -ENOMEM;
	}
	group->flags = flags;
	group->event_flags = event_flags;
	group->class = flags & CLASSES;
	group->is_restricted = !task_is_capable(CAPABILITY_SYS_ADMIN);
	*group->overflow = (struct event){.references = 1, .mask = WATCH_OVERFLOW, .fd = -1};
	list_init(&group->marks);
	list_init(&group->events);
	list_init(&group->asked);
	wait_queue_init(&group->wait);
	enter(group);
	return 0;
}
