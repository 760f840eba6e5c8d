/* SPDX-License-Identifier: BSD-3-Clause */
/* From what happens to events: whom a notice concerns, by the masks of his marks, what they ignore, and what his kind of events can tell. */
#include "kernel/fanotify/internal.h"

struct sum { /* of the marks that a notice concerns */
	struct mark_visit visit;
	const struct watch_notice *notice;
	uint32_t wanted, ignored;
	bool is_on_old_side, is_on_new_side;
};

/* Of files in a folder, and of folders, events are only ignored where the flags of the mark say so. */
static uint32_t ignored_by(const struct mark *mark, bool is_directory, bool is_parent)
{
	uint32_t flags = mark->ignores_flags_too ? mark->ignored : WATCH_IS_DIRECTORY | (mark->mask & FAN_EVENT_ON_CHILD);

	if ((is_directory && !(flags & WATCH_IS_DIRECTORY)) || (is_parent && !(flags & FAN_EVENT_ON_CHILD)))
		return 0;
	return mark->ignored & EVENTS;
}

static void add_mark(struct mark_visit *visit, struct mark *mark, bool is_parent)
{
	struct sum *sum = container_of(visit, struct sum, visit);
	const struct watch_notice *notice = sum->notice;
	bool is_directory = notice->mask & WATCH_IS_DIRECTORY, is_everywhere = mark->kind != MARK_INODE;

	if (is_parent && !((mark->mask | mark->ignored) & FAN_EVENT_ON_CHILD))
		return; /* it is about the folder alone */
	if ((notice->mask & WATCH_MODIFY) && !mark->ignores_for_long)
		mark->ignored = 0;
	sum->ignored |= ignored_by(mark, is_directory, is_parent);
	if ((is_directory && !(mark->mask & WATCH_IS_DIRECTORY)) || (is_parent && !(mark->mask & FAN_EVENT_ON_CHILD)))
		return;
	sum->wanted |= mark->mask;
	sum->is_on_old_side |= is_everywhere || mark->watch.inode == notice->directory;
	sum->is_on_new_side |= is_everywhere || mark->watch.inode == notice->new_directory;
}

/* Events with descriptors are of files that can be opened again, events with handles of what their kind of handle is known of. */
static bool can_be_told(const struct group *group, const struct watch_notice *notice)
{
	uint32_t type = notice->inode->mode & S_IFMT;

	if (!group_has_handles(group))
		return notice->path && (type == S_IFREG || type == S_IFDIR);
	return group->flags & FAN_REPORT_FID || notice->directory || notice->mask & WATCH_IS_DIRECTORY;
}

struct interest interest_of_locked(struct group *group, const struct watch_notice *notice)
{
	struct sum sum = {.visit.visit = add_mark, .notice = notice};
	uint32_t mask;

	marks_visit_locked(group, notice, &sum.visit);
	mask = notice->mask & EVENTS & sum.wanted & ~sum.ignored;
	if (!mask || !can_be_told(group, notice))
		return (struct interest){0};
	if (group_has_handles(group))
		mask |= notice->mask & WATCH_IS_DIRECTORY;
	return (struct interest){.mask = mask, .is_on_old_side = sum.is_on_old_side, .is_on_new_side = sum.is_on_new_side};
}

static void tell(const struct watch_notice *notice)
{
	struct event *dead = NULL;
	struct group *group;

	spin_lock(&watch_lock);
	list_for_each(group, &fanotify_groups, node) {
		struct interest interest = interest_of_locked(group, notice);

		if (interest.mask)
			event_queue_locked(group, event_new(group, notice, &interest), &dead);
	}
	spin_unlock(&watch_lock);
	events_bury(dead);
}

static const struct watch_observer observer = {.tell = tell, .ask = question_ask, .unmounted = marks_unmounted};

void observe_begin(void)
{
	watch_observer = &observer;
}
