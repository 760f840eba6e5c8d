/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Advisory locks (flock(2), fcntl_locking(2)). One spin lock and one wait queue for all files: locks are rare and short. A range is cut
 * and merged by rebuilding it: what an owner holds is removed from the range, then the new lock is added.
 */
#include "kernel/file/lock.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"

struct held_lock {
	struct list node;
	enum lock_kind kind;
	int type, pid;
	uint64_t start, end; /* inclusive */
	const void *owner;
};

/* Who waits for whom: to find deadlocks of processes (F_SETLKW). */
struct waiting_owner {
	struct list node;
	const void *owner, *for_owner;
};

static struct spinlock lock;
static struct wait_queue released;
static struct list waiting = LIST_INIT(waiting);

static bool overlaps(const struct held_lock *held, const struct lock_request *request)
{
	return held->start <= request->end && request->start <= held->end;
}

/* flock's locks and fcntl's do not see each other (flock(2)). */
static bool conflicts(const struct held_lock *held, const struct lock_request *request)
{
	if (held->owner == request->owner && held->kind == request->kind)
		return false;
	if ((held->kind == LOCK_OF_FILE) != (request->kind == LOCK_OF_FILE))
		return false;
	return overlaps(held, request) && (held->type == F_WRLCK || request->type == F_WRLCK);
}

static struct held_lock *find_conflict(struct list *locks, const struct lock_request *request)
{
	struct held_lock *held;

	if (!locks || request->type == F_UNLCK)
		return NULL;
	list_for_each(held, locks, node)
		if (conflicts(held, request))
			return held;
	return NULL;
}

/* Whether `owner` waits, directly or through others, for `for_owner`. */
static bool waits_for(const void *owner, const void *for_owner)
{
	for (unsigned depth = 0; depth < 64; depth++) {
		struct waiting_owner *w;
		const void *next = NULL;

		list_for_each(w, &waiting, node)
			if (w->owner == owner)
				next = w->for_owner;
		if (!next)
			return false;
		if (next == for_owner)
			return true;
		owner = next;
	}
	return false;
}

/* Takes the range away from what the owner holds. `spare` is used where a lock is cut in two. */
static void cut(struct list *locks, const struct lock_request *request, struct held_lock **spare)
{
	struct held_lock *held, *next;

	list_for_each_safe(held, next, locks, node) {
		if (held->owner != request->owner || held->kind != request->kind || !overlaps(held, request))
			continue;
		if (held->start < request->start && held->end > request->end) {
			struct held_lock *tail = *spare;

			*spare = NULL;
			*tail = *held;
			tail->start = request->end + 1;
			held->end = request->start - 1;
			list_push_back(locks, &tail->node);
			return;
		}
		if (held->start < request->start) {
			held->end = request->start - 1;
		} else if (held->end > request->end) {
			held->start = request->end + 1;
		} else {
			list_remove(&held->node);
			heap_free(held);
		}
	}
}

/* One lock for neighbours of the same type, so that lists stay short. */
static void add_merged(struct list *locks, struct held_lock *made)
{
	struct held_lock *held, *next;

	list_for_each_safe(held, next, locks, node) {
		if (held->owner != made->owner || held->kind != made->kind || held->type != made->type)
			continue;
		if ((held->end != UINT64_MAX && held->end + 1 < made->start) || (made->end != UINT64_MAX && made->end + 1 < held->start))
			continue;
		made->start = min_u64(made->start, held->start);
		made->end = max_u64(made->end, held->end);
		list_remove(&held->node);
		heap_free(held);
	}
	list_push_back(locks, &made->node);
}

static struct list *locks_of(struct inode *inode)
{
	struct list *locks = inode->lock_list;

	if (locks)
		return locks;
	locks = heap_alloc(sizeof(*locks));
	if (locks) {
		list_init(locks);
		inode->lock_list = locks;
	}
	return locks;
}

static void drop_if_empty(struct inode *inode)
{
	struct list *locks = inode->lock_list;

	if (locks && list_empty(locks)) {
		inode->lock_list = NULL;
		heap_free(locks);
	}
}

/* With the lock held: -EAGAIN and the owner that stands in the way, or done. */
static int try_set(struct inode *inode, const struct lock_request *request, struct held_lock **made, struct held_lock **spare, const void **obstacle)
{
	struct held_lock *conflict = find_conflict(inode->lock_list, request);
	struct list *locks;

	if (conflict) {
		/* flock(2): a lock is converted by giving up the old one first, even if the new one cannot be had. */
		if (request->kind == LOCK_OF_FILE && inode->lock_list)
			cut(inode->lock_list, request, spare);
		*obstacle = conflict->owner;
		return -EAGAIN;
	}
	locks = locks_of(inode);
	if (!locks)
		return -ENOMEM;
	cut(locks, request, spare);
	if (request->type != F_UNLCK) {
		**made = (struct held_lock){.kind = request->kind, .type = request->type, .pid = request->pid, .start = request->start, .end = request->end, .owner = request->owner};
		add_merged(locks, *made);
		*made = NULL;
	}
	drop_if_empty(inode);
	return 0;
}

static int wait_and_set(struct inode *inode, const struct lock_request *request, struct held_lock **made, struct held_lock **spare)
{
	struct waiting_owner self = {.owner = request->owner};
	struct waiter waiter;
	int ret;

	wait_begin(&waiter, &released);
	for (;;) {
		spin_lock(&lock);
		ret = try_set(inode, request, made, spare, &self.for_owner);
		if (ret == -EAGAIN && request->kind == LOCK_OF_PROCESS && waits_for(self.for_owner, request->owner))
			ret = -EDEADLK;
		if (ret == -EAGAIN)
			list_push_back(&waiting, &self.node);
		spin_unlock(&lock);
		if (ret != -EAGAIN)
			break;
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
		spin_lock(&lock);
		list_remove(&self.node);
		spin_unlock(&lock);
		if (ret)
			break;
	}
	wait_end(&waiter);
	return ret;
}

int lock_set(struct file *file, const struct lock_request *request)
{
	struct held_lock *made = heap_alloc(sizeof(*made)), *spare = heap_alloc(sizeof(*spare));
	const void *obstacle;
	int ret = -ENOMEM;

	if (made && spare) {
		spin_lock(&lock);
		ret = try_set(file->inode, request, &made, &spare, &obstacle);
		spin_unlock(&lock);
		if (ret == -EAGAIN && request->may_wait)
			ret = wait_and_set(file->inode, request, &made, &spare);
	}
	heap_free(made);
	heap_free(spare);
	if (!ret && !list_empty(&released.waiters))
		wait_wake_all(&released, 0); /* a lock may have been made weaker */
	return ret;
}

void lock_test(struct file *file, struct lock_request *request)
{
	struct held_lock *held = NULL, *other;

	spin_lock(&lock);
	if (file->inode->lock_list && request->type != F_UNLCK)
		list_for_each(other, (struct list *)file->inode->lock_list, node)
			if (conflicts(other, request) && (!held || other->start < held->start))
				held = other;
	if (held) {
		request->type = held->type;
		request->start = held->start;
		request->end = held->end;
		request->pid = held->kind == LOCK_OF_PROCESS ? held->pid : -1;
	} else {
		request->type = F_UNLCK;
	}
	spin_unlock(&lock);
}

void lock_release_owner(struct file *file, const void *owner)
{
	struct inode *inode = file->inode;
	struct held_lock *held, *next;

	spin_lock(&lock);
	if (inode->lock_list) {
		list_for_each_safe(held, next, (struct list *)inode->lock_list, node)
			if (held->owner == owner) {
				list_remove(&held->node);
				heap_free(held);
			}
		drop_if_empty(inode);
	}
	spin_unlock(&lock);
	wait_wake_all(&released, 0);
}

static void lock_start(void)
{
	wait_queue_init(&released);
}
INITCALL(file_lock, INIT_CORE, lock_start);
