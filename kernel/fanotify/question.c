/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions: whether a file may be opened, executed or read. The thread that wants to sleeps until all groups whose marks say so have answered, one after the
 * other; one that is killed meanwhile takes its question back. Where a group ends, or its queue is full, it is allowed.
 */
#include "kernel/fanotify/internal.h"
#include "kernel/uapi/errno.h"

static void answer_locked(struct question *question, unsigned answer, struct event **dead)
{
	struct event *event = question->event;

	event_unqueue_locked(question->group, event);
	event->question = NULL;
	event_put_locked(event, dead);
	__atomic_store_n(&question->answer, answer, __ATOMIC_RELEASE);
	wait_wake_all(&question->wait, 0);
}

/* ---- Who asks ---- */

/* Puts the question into the queue of the next group after that one that wants to be asked. False: there is none. */
static bool ask_next_locked(const struct watch_notice *notice, struct question *question, unsigned *class, uint64_t *serial, struct event **dead)
{
	struct group *group;

	list_for_each(group, &fanotify_groups, node) {
		bool is_later = group->class < *class || (group->class == *class && group->serial > *serial);
		struct interest interest;

		if (!group->class || !is_later)
			continue;
		interest = interest_of_locked(group, notice);
		if (!interest.mask)
			continue;
		*class = group->class;
		*serial = group->serial;
		*question = (struct question){.group = group, .event = event_new(group, notice, &interest)};
		wait_queue_init(&question->wait);
		if (question->event)
			question->event->question = question;
		if (event_queue_locked(group, question->event, dead))
			return true;
	}
	return false;
}

/* Until it is answered, or the thread is killed: then nobody needs to know any more. */
static int await(struct question *question, struct event **dead)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &question->wait);
	while (!__atomic_load_n(&question->answer, __ATOMIC_ACQUIRE) && !ret)
		ret = wait_sleep(WAIT_FOREVER, WAIT_KILLABLE);
	wait_end(&waiter);
	spin_lock(&watch_lock); /* who answers has done with it, too */
	if (!question->answer)
		answer_locked(question, FAN_DENY, dead);
	else
		ret = question->answer == FAN_ALLOW ? 0 : -EPERM;
	spin_unlock(&watch_lock);
	return ret;
}

int question_ask(const struct watch_notice *notice)
{
	unsigned class = UINT32_MAX;
	uint64_t serial = 0;
	struct event *dead = NULL;
	struct question question;
	bool is_asked;
	int ret = 0;

	do {
		spin_lock(&watch_lock);
		is_asked = ask_next_locked(notice, &question, &class, &serial, &dead);
		spin_unlock(&watch_lock);
		if (is_asked)
			ret = await(&question, &dead);
	} while (is_asked && !ret);
	events_bury(dead);
	return ret;
}

/* ---- Who answers ---- */

void question_read_locked(struct event *event, int fd, struct event **dead)
{
	if (!event->question)
		return;
	event->fd = fd;
	if (fd < 0)
		answer_locked(event->question, FAN_DENY, dead);
}

int question_answer(struct group *group, int fd, uint32_t response)
{
	struct event *dead = NULL, *event;
	int ret = -ENOENT;

	if ((response != FAN_ALLOW && response != FAN_DENY) || fd < 0)
		return -EINVAL;
	spin_lock(&watch_lock);
	list_for_each(event, &group->asked, node)
		if (event->fd == fd) {
			answer_locked(event->question, response, &dead);
			ret = 0;
			break;
		}
	spin_unlock(&watch_lock);
	events_bury(dead);
	return ret;
}

static void allow_all_locked(struct list *events, struct event **dead)
{
	struct event *event, *next;

	list_for_each_safe(event, next, events, node)
		if (event->question)
			answer_locked(event->question, FAN_ALLOW, dead);
}

void questions_end_locked(struct group *group, struct event **dead)
{
	allow_all_locked(&group->events, dead);
	allow_all_locked(&group->asked, dead);
}
