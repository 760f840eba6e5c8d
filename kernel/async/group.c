/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Groups and their threads. The runner is made before the first operation waits, since whoever finds it ready may stand in a callback that
 * can make nothing. A worker is made when work is queued and none is idle.
 */
#include "kernel/async/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/helper.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

enum { BOUNDED_MAX = 4 /* a CPU */, UNBOUNDED_MAX = 256 };
#define IDLE_NS 2000000000ull /* after which a worker that has nothing to do ends */

/* ---- Life ---- */

struct async_group *async_group_current(void)
{
	struct task *task = task_current();

	return task ? task->async : NULL;
}

struct async_group *async_group_get(void)
{
	struct task *task = task_current();
	struct async_group *group = task->async;

	if (group)
		return group;
	group = heap_alloc_zero(sizeof(*group));
	if (!group)
		return NULL;
	group->owner = task;
	list_init(&group->all);
	list_init(&group->ready);
	for (unsigned i = 0; i < ASYNC_WORKS; i++) {
		list_init(&group->crews[i].queue);
		wait_queue_init(&group->crews[i].wait);
	}
	group->crews[ASYNC_BOUNDED].limit = BOUNDED_MAX * cpu_count();
	group->crews[ASYNC_UNBOUNDED].limit = UNBOUNDED_MAX;
	wait_queue_init(&group->runner_wait);
	wait_queue_init(&group->change);
	task->async = group;
	return group;
}

struct task *async_group_owner(const struct async_group *group)
{
	return group->owner;
}

void async_group_limit(struct async_group *group, unsigned limits[ASYNC_WORKS])
{
	spin_lock(&group->lock);
	for (unsigned i = 0; i < ASYNC_WORKS; i++) {
		unsigned old = group->crews[i].limit;

		if (limits[i])
			group->crews[i].limit = limits[i];
		limits[i] = old;
	}
	spin_unlock(&group->lock);
}

void async_end(struct async_operation *operation)
{
	struct async_group *group = operation->group;
	struct task *owner = group->owner;
	bool is_ending;

	async_stop_waiting(operation);
	spin_lock(&group->lock);
	list_remove(&operation->group_node);
	is_ending = group->is_ending;
	/* Under the lock: without operations the owner may end, and the group with it. */
	if (is_ending)
		thread_wake(&owner->thread);
	spin_unlock(&group->lock);
}

/* ---- What is ready ---- */

void async_make_ready_locked(struct async_operation *operation)
{
	struct async_group *group = operation->group;

	operation->state = ASYNC_READY;
	list_push_back(&group->ready, &operation->node);
	thread_wake(group->owner_waits ? &group->owner->thread : group->runner);
}

static struct async_operation *take_ready(struct async_group *group)
{
	struct async_operation *operation = NULL;
	struct list *node;

	spin_lock(&group->lock);
	node = list_pop_front(&group->ready);
	if (node) {
		operation = container_of(node, struct async_operation, node);
		operation->state = ASYNC_BUSY;
	}
	spin_unlock(&group->lock);
	return operation;
}

void async_run_ready(struct async_group *group)
{
	struct async_operation *operation;

	while (group && (operation = take_ready(group))) {
		if (!operation->keeps_queues)
			async_stop_waiting(operation);
		operation->resume(operation);
		cpu_poll();
	}
}

void async_owner_begin(struct async_group *group)
{
	if (!group || group->owner != task_current())
		return;
	spin_lock(&group->lock);
	group->owner_waits = true;
	spin_unlock(&group->lock);
}

void async_owner_end(struct async_group *group)
{
	if (!group || group->owner != task_current())
		return;
	spin_lock(&group->lock);
	group->owner_waits = false;
	if (!list_empty(&group->ready))
		thread_wake(group->runner);
	spin_unlock(&group->lock);
}

static bool thread_is_over(struct async_group *group)
{
	return __atomic_load_n(&group->is_over, __ATOMIC_ACQUIRE) || helper_must_end();
}

static void thread_leaves(struct async_group *group)
{
	task_current()->async = NULL;
	spin_lock(&group->lock);
	group->nr_threads--;
	thread_wake(&group->owner->thread);
	spin_unlock(&group->lock);
}

static bool runner_has_work(struct async_group *group)
{
	bool has;

	spin_lock(&group->lock);
	has = !group->owner_waits && !list_empty(&group->ready);
	spin_unlock(&group->lock);
	return has;
}

static void run_runner(void *argument)
{
	struct async_group *group = argument;
	struct waiter waiter;

	wait_begin(&waiter, &group->runner_wait);
	while (!thread_is_over(group)) {
		if (runner_has_work(group))
			async_run_ready(group);
		else
			(void)wait_sleep(WAIT_FOREVER, WAIT_KILLABLE);
	}
	wait_end(&waiter);
	thread_leaves(group);
}

static struct task *new_thread(struct async_group *group)
{
	char name[16];
	struct task *task;

	format_text(name, sizeof(name), "iou-wrk-%d", group->owner->tid);
	task = helper_new(name);
	if (task)
		task->async = group;
	return task;
}

/* One that turned out not to be needed. */
static void do_nothing(void *argument)
{
}

static int need_runner(struct async_group *group)
{
	struct task *task;

	if (likely(group->runner))
		return 0;
	/* Only the owner, and workers, can be here: one of them makes it, and the others' is not needed. */
	task = new_thread(group);
	if (!task)
		return -ENOMEM;
	spin_lock(&group->lock);
	if (!group->runner) {
		group->runner = &task->thread;
		group->nr_threads++;
		spin_unlock(&group->lock);
		helper_start(task, run_runner, group);
		return 0;
	}
	spin_unlock(&group->lock);
	helper_start(task, do_nothing, NULL);
	return 0;
}

int async_begin(struct async_operation *operation, struct async_group *group)
{
	int ret = need_runner(group);

	if (ret)
		return ret;
	operation->group = group;
	operation->state = ASYNC_BUSY;
	list_init(&operation->node);
	spin_lock(&group->lock);
	list_push_back(&group->all, &operation->group_node);
	operation->is_cancelled = group->is_ending;
	spin_unlock(&group->lock);
	return 0;
}

/* ---- Workers ---- */

static struct async_crew *crew_of(struct async_operation *operation)
{
	return &operation->group->crews[operation->is_unbounded ? ASYNC_UNBOUNDED : ASYNC_BOUNDED];
}

static struct async_operation *take_work(struct async_group *group, struct async_crew *crew)
{
	struct async_operation *operation = NULL;
	struct list *node;

	spin_lock(&group->lock);
	node = list_pop_front(&crew->queue);
	if (node) {
		operation = container_of(node, struct async_operation, node);
		crew->nr_queued--;
		operation->state = ASYNC_WORKING;
		operation->worker = thread_current();
		__atomic_store_n(&thread_current()->interrupted, false, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&group->lock);
	return operation;
}

/* Sleeps until there is work; true: there was none for long, and the worker has left the crew. */
static bool idle(struct async_group *group, struct async_crew *crew)
{
	struct waiter waiter;
	bool is_over;
	int ret = 0;

	wait_begin_exclusive(&waiter, &crew->wait);
	spin_lock(&group->lock);
	crew->nr_idle++;
	spin_unlock(&group->lock);
	while (!ret && !__atomic_load_n(&crew->nr_queued, __ATOMIC_ACQUIRE) && !thread_is_over(group))
		ret = wait_sleep(clock_monotonic_ns() + IDLE_NS, WAIT_KILLABLE);
	spin_lock(&group->lock);
	crew->nr_idle--;
	is_over = ret && !crew->nr_queued;
	if (is_over)
		crew->nr_workers--;
	spin_unlock(&group->lock);
	wait_end(&waiter);
	return is_over;
}

static void run_worker(struct async_group *group, struct async_crew *crew)
{
	struct async_operation *operation;

	while (!thread_is_over(group)) {
		operation = take_work(group, crew);
		if (operation)
			operation->work(operation);
		else if (idle(group, crew))
			break;
	}
	thread_leaves(group);
}

static void run_bounded(void *argument)
{
	struct async_group *group = argument;

	run_worker(group, &group->crews[ASYNC_BOUNDED]);
}

static void run_unbounded(void *argument)
{
	struct async_group *group = argument;

	run_worker(group, &group->crews[ASYNC_UNBOUNDED]);
}

/* False: there is none, and none could be made. */
static bool hire(struct async_group *group, struct async_crew *crew)
{
	bool is_bounded = crew == &group->crews[ASYNC_BOUNDED], is_full, has_some;
	struct task *task = new_thread(group);

	spin_lock(&group->lock);
	has_some = crew->nr_workers;
	is_full = crew->nr_workers >= crew->limit;
	if (task && !is_full) {
		crew->nr_workers++;
		group->nr_threads++;
	}
	spin_unlock(&group->lock);
	if (!task)
		return has_some;
	if (is_full)
		helper_start(task, do_nothing, NULL);
	else
		helper_start(task, is_bounded ? run_bounded : run_unbounded, group);
	return true;
}

/* Out of the queue again, where nobody works. False: somebody has taken it meanwhile, so that it may be gone. */
static bool take_back(struct async_group *group, struct async_crew *crew, struct async_operation *operation)
{
	struct async_operation *queued;
	bool found = false;

	spin_lock(&group->lock);
	list_for_each(queued, &crew->queue, node)
		found |= queued == operation;
	if (found) {
		list_remove(&operation->node);
		crew->nr_queued--;
		operation->state = ASYNC_BUSY;
	}
	spin_unlock(&group->lock);
	return found;
}

int async_queue(struct async_operation *operation)
{
	struct async_group *group = operation->group;
	struct async_crew *crew = crew_of(operation);
	bool must_hire, is_deserted = false;
	int ret = 0;

	spin_lock(&group->lock);
	must_hire = crew->nr_workers < crew->limit && crew->nr_queued >= crew->nr_idle;
	spin_unlock(&group->lock);
	if (must_hire && !hire(group, crew))
		return -ENOMEM;
	spin_lock(&group->lock);
	if (operation->is_cancelled) {
		ret = -ECANCELED;
	} else {
		operation->state = ASYNC_QUEUED;
		list_push_back(&crew->queue, &operation->node);
		crew->nr_queued++;
		is_deserted = !crew->nr_workers;
	}
	spin_unlock(&group->lock);
	if (ret)
		return ret;
	/* The last idle one may have left since we looked. */
	if (unlikely(is_deserted) && !hire(group, crew) && take_back(group, crew, operation))
		return -ENOMEM;
	wait_wake(&crew->wait, 1, 0);
	return 0;
}

/* ---- From outside ---- */

bool async_resume(struct async_operation *operation)
{
	struct async_group *group = operation->group;
	bool waits;

	spin_lock(&group->lock);
	waits = operation->state == ASYNC_WAITING;
	if (waits)
		async_make_ready_locked(operation);
	else
		operation->was_woken = true;
	spin_unlock(&group->lock);
	return waits;
}

static int cancel_locked(struct async_operation *operation)
{
	bool was = operation->is_cancelled;

	__atomic_store_n(&operation->is_cancelled, true, __ATOMIC_RELEASE);
	switch ((enum async_state)operation->state) {
	case ASYNC_QUEUED:
		list_remove(&operation->node);
		crew_of(operation)->nr_queued--;
		async_make_ready_locked(operation);
		return 0;
	case ASYNC_WAITING:
		async_make_ready_locked(operation);
		return 0;
	case ASYNC_WORKING:
		thread_interrupt(operation->worker);
		break;
	case ASYNC_READY:
		return was ? -ENOENT : 0;
	case ASYNC_BUSY:
		break;
	}
	return was ? -ENOENT : -EALREADY;
}

int async_cancel(struct async_operation *operation)
{
	struct async_group *group = operation->group;
	int ret;

	spin_lock(&group->lock);
	ret = cancel_locked(operation);
	spin_unlock(&group->lock);
	return ret;
}

/* ---- The end of the owner ---- */

/* True if there is nothing left to cancel. */
static bool cancel_all(struct async_group *group)
{
	struct async_operation *operation;
	bool is_empty;

	spin_lock(&group->lock);
	group->is_ending = group->owner_waits = true;
	is_empty = list_empty(&group->all);
	list_for_each(operation, &group->all, group_node) {
		if (!operation->is_cancelled)
			(void)cancel_locked(operation);
	}
	spin_unlock(&group->lock);
	return is_empty;
}

static bool end_threads(struct async_group *group)
{
	bool are_gone;

	spin_lock(&group->lock);
	__atomic_store_n(&group->is_over, true, __ATOMIC_RELEASE);
	are_gone = !group->nr_threads;
	spin_unlock(&group->lock);
	wait_wake_all(&group->runner_wait, 0);
	for (unsigned i = 0; i < ASYNC_WORKS; i++)
		wait_wake_all(&group->crews[i].wait, 0);
	return are_gone;
}

void async_group_end(struct task *task)
{
	struct async_group *group = task->async;
	struct waiter waiter;

	if (!group)
		return;
	wait_begin(&waiter, &group->change);
	while (!cancel_all(group)) {
		async_run_ready(group);
		if (!list_empty(&group->all))
			(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	}
	while (!end_threads(group))
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
	task->async = NULL;
	heap_free(group);
}

PROCESS_END(async) = {.task_ends = async_group_end};
