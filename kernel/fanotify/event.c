/* SPDX-License-Identifier: BSD-3-Clause */
/* Events: what they carry, and their queue. Those of one file or entry that the same program causes are merged while nobody has read them. */
#include "kernel/fanotify/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/poll.h"
#include "lib/string.h"

enum { MERGE_DEPTH = 128 }; /* how far back one is looked for that it can be merged with */

/* ---- What they carry ---- */

static void add_record(struct event *event, unsigned type, const struct inode *inode, const char *name, size_t len)
{
	struct record *record = &event->records[event->nr_records++];

	record->type = (uint8_t)type;
	record->object = (struct object){.file_system = inode->fs->device, .handle = file_handle_of_inode(inode)};
	record->name_at = (uint16_t)event->names_len;
	record->name_len = (uint16_t)len;
	memcpy(event->names + event->names_len, name, len);
	event->names_len += len;
}

static void add_renaming(struct event *event, const struct watch_notice *notice, const struct interest *interest)
{
	if (interest->is_on_old_side)
		add_record(event, FAN_INFO_OLD_DFID_NAME, notice->directory, notice->name, notice->len);
	if (interest->is_on_new_side)
		add_record(event, FAN_INFO_NEW_DFID_NAME, notice->new_directory, notice->new_name, notice->new_len);
}

/* The folder: that the entry is in, or the file lies in, or that it is itself. */
static void add_folder(const struct group *group, struct event *event, const struct inode *folder, const struct watch_notice *notice)
{
	bool is_of_entry = event->mask & EVENTS_OF_ENTRIES, is_directory = event->mask & WATCH_IS_DIRECTORY;

	if (!(group->flags & FAN_REPORT_NAME))
		add_record(event, group->flags & FAN_REPORT_FID ? FAN_INFO_DFID : RECORD_OF_FOLDER_ALONE, folder, "", 0);
	else if (!is_of_entry && is_directory)
		add_record(event, FAN_INFO_DFID_NAME, folder, ".", 1);
	else
		add_record(event, FAN_INFO_DFID_NAME, folder, notice->name, notice->len);
}

static void add_records(const struct group *group, struct event *event, const struct watch_notice *notice, const struct interest *interest)
{
	bool is_of_entry = event->mask & EVENTS_OF_ENTRIES, is_directory = event->mask & WATCH_IS_DIRECTORY;
	const struct inode *folder = !is_of_entry && is_directory ? notice->inode : notice->directory;
	bool has_folder = group->flags & FAN_REPORT_DIR_FID && folder;

	if (event->mask & WATCH_RENAMED)
		add_renaming(event, notice, interest);
	else if (has_folder)
		add_folder(group, event, folder, notice);
	if (is_of_entry ? group->flags & FAN_REPORT_TARGET_FID : group->flags & FAN_REPORT_FID && !(has_folder && is_directory))
		add_record(event, FAN_INFO_FID, notice->inode, "", 0);
	else if (is_of_entry && !has_folder)
		add_record(event, FAN_INFO_FID, folder, "", 0);
}

struct event *event_new(const struct group *group, const struct watch_notice *notice, const struct interest *interest)
{
	const struct task *task = task_current();
	size_t names = group->flags & FAN_REPORT_NAME ? notice->len + notice->new_len + 1 : 0;
	struct event *event = heap_alloc_zero(sizeof(*event) + names);

	if (!event)
		return NULL;
	event->references = 1;
	event->mask = interest->mask;
	event->fd = -1;
	event->pid = !task ? 0 : group->flags & FAN_REPORT_TID ? task->tid : task->process->pid;
	if (task && group->flags & FAN_REPORT_PIDFD) {
		event->process = task->process;
		process_get(event->process);
	}
	if (group_has_handles(group)) {
		add_records(group, event, notice, interest);
	} else {
		event->path = *notice->path;
		path_get(&event->path);
	}
	return event;
}

void event_put_locked(struct event *event, struct event **dead)
{
	if (--event->references)
		return;
	event->next_dead = *dead;
	*dead = event;
}

void events_bury(struct event *dead)
{
	while (dead) {
		struct event *next = dead->next_dead;

		path_put(&dead->path);
		if (dead->process)
			process_put(dead->process);
		heap_free(dead);
		dead = next;
	}
}

/* ---- The queue ---- */

static bool has_same_records(const struct event *a, const struct event *b)
{
	if (a->nr_records != b->nr_records || a->names_len != b->names_len || memcmp(a->names, b->names, a->names_len))
		return false;
	for (unsigned i = 0; i < a->nr_records; i++)
		if (a->records[i].type != b->records[i].type || a->records[i].name_len != b->records[i].name_len || memcmp(&a->records[i].object, &b->records[i].object, sizeof(struct object)))
			return false;
	return true;
}

static bool can_merge(const struct event *a, const struct event *b)
{
	if ((a->mask | b->mask) & QUESTIONS || a->pid != b->pid || (a->mask ^ b->mask) & (WATCH_IS_DIRECTORY | WATCH_RENAMED))
		return false;
	return a->path.dentry == b->path.dentry && a->path.mount == b->path.mount && has_same_records(a, b);
}

static bool merge(struct group *group, const struct event *event)
{
	unsigned depth = 0;

	for (struct list *at = group->events.prev; at != &group->events && depth < MERGE_DEPTH; at = at->prev, depth++) {
		struct event *old = container_of(at, struct event, node);

		if (old != group->overflow && can_merge(old, event)) {
			old->mask |= event->mask;
			return true;
		}
	}
	return false;
}

static void enter(struct group *group, struct event *event)
{
	list_push_back(&group->events, &event->node);
	event->is_queued = true;
	group->nr_events++;
	wait_wake_all(&group->wait, POLLIN | POLLRDNORM);
}

static void tell_overflow(struct group *group)
{
	if (group->overflow->references > 1)
		return; /* it is queued */
	group->overflow->references++;
	enter(group, group->overflow);
}

bool event_queue_locked(struct group *group, struct event *event, struct event **dead)
{
	bool is_full = group->nr_events >= fanotify_limits.events && !(group->flags & FAN_UNLIMITED_QUEUE);

	if (!event || is_full)
		tell_overflow(group);
	if (!event)
		return false;
	if (is_full || merge(group, event)) {
		event_put_locked(event, dead);
		return false;
	}
	enter(group, event);
	return true;
}

void event_unqueue_locked(struct group *group, struct event *event)
{
	list_remove(&event->node);
	group->nr_events -= event->is_queued;
	event->is_queued = false;
}

struct event *event_take_locked(struct group *group, size_t room, bool *is_too_large)
{
	struct event *event = list_empty(&group->events) ? NULL : container_of(group->events.next, struct event, node);

	*is_too_large = event && event_size(group, event) > room;
	if (!event || *is_too_large)
		return NULL;
	event_unqueue_locked(group, event);
	if (event->question) {
		list_push_back(&group->asked, &event->node);
		event->references++;
	}
	return event;
}
