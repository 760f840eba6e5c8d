/* SPDX-License-Identifier: BSD-3-Clause */
/* Events as a reader gets them (fanotify(7), "Reading fanotify events"): a head, and a record for each handle and for the process. */
#include "kernel/fanotify/internal.h"
#include "kernel/process/pidfd.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { RECORD_ALIGN = 4, RECORDS_MAX = 3, EVENT_SIZE_MAX = 1024 };

struct linux_fanotify_fid { /* a record of a handle; its name follows */
	struct linux_fanotify_info info;
	uint64_t file_system;
	uint32_t handle_bytes;
	int32_t handle_type;
	struct file_handle_bytes handle;
} packed_struct;

struct linux_fanotify_pidfd {
	struct linux_fanotify_info info;
	int32_t pidfd;
};

_Static_assert(sizeof(struct linux_fanotify_event) + RECORDS_MAX * (sizeof(struct linux_fanotify_fid) + LINUX_NAME_MAX + RECORD_ALIGN) + sizeof(struct linux_fanotify_pidfd) <= EVENT_SIZE_MAX,
    "the longest event");

static bool has_name(const struct record *record)
{
	return record->type != FAN_INFO_FID && record->type != FAN_INFO_DFID && record->type != RECORD_OF_FOLDER_ALONE;
}

static uint8_t type_of(const struct event *event, const struct record *record)
{
	if (record->type != RECORD_OF_FOLDER_ALONE)
		return record->type;
	return event->mask & (EVENTS_OF_ENTRIES | WATCH_IS_DIRECTORY) ? FAN_INFO_DFID : FAN_INFO_FID;
}

static size_t record_size(const struct record *record)
{
	return sizeof(struct linux_fanotify_fid) + (has_name(record) ? align_up(record->name_len + 1u, RECORD_ALIGN) : 0);
}

size_t event_size(const struct group *group, const struct event *event)
{
	size_t size = sizeof(struct linux_fanotify_event);

	if (event == group->overflow)
		return size;
	for (unsigned i = 0; i < event->nr_records; i++)
		size += record_size(&event->records[i]);
	return size + (group->flags & FAN_REPORT_PIDFD ? sizeof(struct linux_fanotify_pidfd) : 0);
}

static size_t put_record(char *to, const struct event *event, const struct record *record)
{
	size_t size = record_size(record);
	struct linux_fanotify_fid fid = {
	    .info = {.info_type = type_of(event, record), .len = (uint16_t)size},
	    .file_system = record->object.file_system,
	    .handle_bytes = sizeof(fid.handle),
	    .handle_type = FILE_HANDLE_TYPE,
	    .handle = record->object.handle,
	};

	memset(to, 0, size);
	memcpy(to, &fid, sizeof(fid));
	memcpy(to + sizeof(fid), event->names + record->name_at, has_name(record) ? record->name_len : 0);
	return size;
}

/* ---- Descriptors that come with an event ---- */

struct opened {
	int fd, pidfd;
	struct file *file; /* that fd, which is reserved, is to name */
};

static int open_file(const struct group *group, const struct event *event, struct opened *opened)
{
	int fd, ret;

	if (!event->path.dentry)
		return 0;
	ret = (group->event_flags & O_ACCMODE) == O_RDONLY ? 0 : path_may_change(&event->path);
	if (ret)
		return ret;
	fd = descriptor_reserve(0, group->event_flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	ret = file_open_unwatched(&event->path, (int)group->event_flags & ~O_CLOEXEC, &opened->file);
	if (ret)
		descriptor_cancel(fd);
	else
		opened->fd = fd;
	return ret;
}

static bool is_reaped(struct process *process)
{
	bool is_known;

	spin_lock(&process_tree_lock);
	is_known = process_find(process->pid) == process;
	spin_unlock(&process_tree_lock);
	return !is_known;
}

static int open_pidfd(const struct event *event)
{
	return !event->process || is_reaped(event->process) ? -ESRCH : pidfd_new(event->process, 0);
}

/* -errno: the reader is told in place of the event. Of a group that asks for it, the event has the error in place of the descriptor. */
static int open_files(const struct group *group, const struct event *event, struct opened *opened)
{
	bool tells_errors = group->flags & FAN_REPORT_FD_ERROR;
	int ret;

	opened->fd = event == group->overflow && tells_errors ? -EBADF : FAN_NOFD;
	ret = open_file(group, event, opened);
	if (ret && !tells_errors)
		return ret;
	if (ret)
		opened->fd = ret;
	if (group->flags & FAN_REPORT_PIDFD && event != group->overflow) {
		ret = open_pidfd(event);
		opened->pidfd = ret >= 0 || tells_errors ? ret : ret == -ESRCH ? FAN_NOPIDFD : FAN_EPIDFD;
	}
	return 0;
}

static void close_again(const struct opened *opened)
{
	if (opened->file) {
		descriptor_cancel(opened->fd);
		file_put(opened->file);
	}
	if (opened->pidfd >= 0)
		descriptor_close(opened->pidfd);
}

/* ---- ---- */

static size_t compose(const struct group *group, const struct event *event, const struct opened *opened, char *to)
{
	size_t size = event_size(group, event), at = sizeof(struct linux_fanotify_event);
	bool is_own = event->pid == process_current()->pid;
	struct linux_fanotify_event head = {
	    .event_len = (uint32_t)size,
	    .vers = LINUX_FANOTIFY_VERSION,
	    .metadata_len = sizeof(head),
	    .mask = event->mask,
	    .fd = opened->fd,
	    .pid = group->is_restricted && !is_own ? 0 : event->pid,
	};
	struct linux_fanotify_pidfd pidfd = {.info = {.info_type = FAN_INFO_PIDFD, .len = sizeof(pidfd)}, .pidfd = opened->pidfd};

	memcpy(to, &head, sizeof(head));
	for (unsigned i = 0; i < event->nr_records; i++)
		at += put_record(to + at, event, &event->records[i]);
	if (at < size)
		memcpy(to + at, &pidfd, sizeof(pidfd));
	return size;
}

static long put_event(const struct group *group, const struct event *event, struct io_vector *io, int *fd)
{
	struct opened opened = {.fd = FAN_NOFD, .pidfd = FAN_NOPIDFD};
	char bytes[EVENT_SIZE_MAX];
	int ret = open_files(group, event, &opened);
	size_t size;

	if (ret)
		return ret;
	size = compose(group, event, &opened, bytes);
	if (io_vector_put(io, bytes, size) < size) {
		close_again(&opened);
		return -EFAULT;
	}
	if (opened.file)
		descriptor_fill(opened.fd, opened.file);
	*fd = opened.fd;
	return (long)size;
}

long events_read(struct group *group, struct io_vector *io)
{
	struct event *dead = NULL, *event;
	bool is_too_large;
	long done = 0, ret = 0;

	while (ret >= 0) {
		int fd = -1;

		spin_lock(&watch_lock);
		event = event_take_locked(group, io->left, &is_too_large);
		spin_unlock(&watch_lock);
		if (!event) {
			ret = is_too_large ? -EINVAL : 0;
			break;
		}
		ret = put_event(group, event, io, &fd);
		spin_lock(&watch_lock);
		question_read_locked(event, fd, &dead);
		event_put_locked(event, &dead);
		spin_unlock(&watch_lock);
		done += ret > 0 ? ret : 0;
	}
	events_bury(dead);
	return done ? done : ret;
}
