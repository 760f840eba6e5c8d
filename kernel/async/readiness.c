/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for files and times without a thread: callbacks in the files' wait queues, and timers. */
#include "kernel/async/internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"

/* Any context, under the queue's lock. Events 0: it did not say which. */
static void file_changed(struct waiter *waiter, unsigned events)
{
	struct async_operation *operation = container_of(waiter, struct async_waiter, waiter)->operation;
	struct async_group *group = operation->group;
	bool leaves;

	if (events && !(events & (operation->wanted | POLLERR | POLLHUP | POLLNVAL)))
		return;
	spin_lock(&group->lock);
	operation->was_woken = true;
	operation->is_echo |= thread_current()->is_completing;
	if (operation->state == ASYNC_WAITING)
		async_make_ready_locked(operation);
	leaves = operation->state == ASYNC_READY && !operation->keeps_queues;
	spin_unlock(&group->lock);
	/* It enters again when it is asked again: a crowd that waits for one thing is woken once, not by each of its own. */
	if (leaves)
		list_remove(&waiter->node);
}

static void time_is_up(struct timer *timer)
{
	struct async_operation *operation = container_of(timer, struct async_operation, timer);
	struct async_group *group = operation->group;

	spin_lock(&group->lock);
	operation->time_is_up = true;
	if (operation->state == ASYNC_WAITING)
		async_make_ready_locked(operation);
	spin_unlock(&group->lock);
}

struct registration {
	struct poll_table table;
	struct async_operation *operation;
};

static void enter_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct async_operation *operation = container_of(table, struct registration, table)->operation;
	struct async_waiter *waiter = &operation->waiters[operation->nr_waiters];

	if (operation->nr_waiters == ASYNC_QUEUES_MAX)
		return;
	operation->nr_waiters++;
	waiter->operation = operation;
	wait_begin_callback(&waiter->waiter, queue, file_changed);
}

void async_stop_waiting(struct async_operation *operation)
{
	while (operation->nr_waiters)
		wait_end(&operation->waiters[--operation->nr_waiters].waiter);
	if (operation->timer.fire)
		timer_cancel(&operation->timer);
}

/* From busy to waiting, unless something came meanwhile. Then it may be resumed, and be gone, at once. */
static int begin_to_wait(struct async_operation *operation, uint64_t deadline_ns)
{
	struct async_group *group = operation->group;
	int ret = 0;

	spin_lock(&group->lock);
	if (operation->is_cancelled)
		ret = -ECANCELED;
	else if (operation->was_woken)
		ret = -EAGAIN;
	else
		operation->state = ASYNC_WAITING;
	if (!ret && deadline_ns != WAIT_FOREVER)
		timer_arm(&operation->timer, deadline_ns);
	spin_unlock(&group->lock);
	return ret;
}

int async_wait_ready(struct async_operation *operation, struct file *file, unsigned events)
{
	struct registration registration = {.table = {.add = enter_queue}, .operation = operation};
	unsigned ready;
	int ret;

	operation->wanted = events;
	for (;;) {
		operation->was_woken = false;
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* a wake-up from here on counts, what was before is seen by the question */
		ready = file_poll(file, operation->nr_waiters ? NULL : &registration.table) & (events | POLLERR | POLLHUP | POLLNVAL);
		ret = ready ? (int)ready : begin_to_wait(operation, WAIT_FOREVER);
		if (!ret)
			return 0;
		if (ret != -EAGAIN)
			break;
	}
	async_stop_waiting(operation);
	return ret;
}

unsigned async_watch(struct async_operation *operation, struct file *file, unsigned events)
{
	struct registration registration = {.table = {.add = enter_queue}, .operation = operation};

	operation->keeps_queues = true;
	operation->wanted = events;
	operation->was_woken = false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return file_poll(file, operation->nr_waiters ? NULL : &registration.table) & (events | POLLERR | POLLHUP | POLLNVAL);
}

void async_unwatch(struct async_operation *operation)
{
	async_stop_waiting(operation);
}

int async_wait_change(struct async_operation *operation)
{
	return begin_to_wait(operation, WAIT_FOREVER);
}

int async_wait_time(struct async_operation *operation, uint64_t deadline_ns)
{
	operation->time_is_up = false;
	timer_init(&operation->timer, time_is_up);
	return begin_to_wait(operation, deadline_ns);
}

int async_wait(struct async_operation *operation)
{
	return begin_to_wait(operation, WAIT_FOREVER);
}

bool async_move_time(struct async_operation *operation, uint64_t deadline_ns)
{
	struct async_group *group = operation->group;
	bool waits;

	/* Not under the lock: the timer's function takes it. */
	if (!timer_cancel(&operation->timer))
		return false;
	spin_lock(&group->lock);
	waits = operation->state == ASYNC_WAITING && !operation->time_is_up;
	if (waits)
		timer_arm(&operation->timer, deadline_ns);
	spin_unlock(&group->lock);
	return waits;
}
