/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PI locks (futex(2), priority-inheritance futexes). The word holds the owner's thread id, LINUX_FUTEX_WAITERS, LINUX_FUTEX_OWNER_DIED. As long
 * as somebody waits there is a record of the lock here: its waiters stand in it by priority, and lend theirs to the owner, who passes it on if
 * it waits for a lock itself. Unlocking hands the lock to the first of them, in the word too.
 *
 * An owner that dies cannot write the word, which may be in memory that is not its own: the next owner does (it "settles" the lock), and whoever
 * comes before that has happened queues.
 *
 * futex_pi_lock guards all records, the waiters in them, and the fields pi_* of tasks. PI locks that are waited for are few.
 */
#include "kernel/mem/heap.h"
#include "kernel/process/futex_internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"

#define CHAIN_MAX 1024 /* locks of which each one's owner waits for the next, as Linux */

struct pi_lock {
	struct list node; /* of `locks` */
	struct memory_key key;
	struct task *owner;
	struct list owned_node; /* of the owner's pi_owned */
	struct list waiters;	/* the first is the next owner */
	bool is_settling;
};

struct spinlock futex_pi_lock;
static struct list locks = LIST_INIT(locks);

struct pi_lock *futex_pi_record_new(void)
{
	return heap_alloc_zero(sizeof(struct pi_lock));
}

void futex_pi_record_free(struct pi_lock *lock)
{
	heap_free(lock);
}

static struct pi_lock *find(const struct memory_key *key)
{
	struct pi_lock *lock;

	list_for_each(lock, &locks, node)
		if (futex_is_same(&lock->key, key))
			return lock;
	return NULL;
}

bool futex_pi_is_waited(const struct memory_key *key)
{
	bool found;

	if (likely(__atomic_load_n(&locks.next, __ATOMIC_RELAXED) == &locks))
		return false;
	spin_lock(&futex_pi_lock);
	found = find(key);
	spin_unlock(&futex_pi_lock);
	return found;
}

/* The record goes when nobody waits. */
static void release_if_unused(struct pi_lock *lock)
{
	if (!list_empty(&lock->waiters) || lock->is_settling)
		return;
	list_remove(&lock->node);
	list_remove(&lock->owned_node);
	heap_free(lock);
}

/* ---- Lending ---- */

static struct pi_waiter *first_waiter(const struct pi_lock *lock)
{
	return list_empty(&lock->waiters) ? NULL : container_of(lock->waiters.next, struct pi_waiter, node);
}

static int priority_lent_to(const struct task *task)
{
	const struct pi_lock *lock;
	int highest = 0;

	list_for_each(lock, &task->pi_owned, owned_node)
		if (first_waiter(lock) && first_waiter(lock)->priority > highest)
			highest = first_waiter(lock)->priority;
	return highest;
}

/* Behind those of its priority. */
static void insert_waiter(struct pi_waiter *waiter, int priority)
{
	struct list *place = waiter->lock->waiters.next;

	while (place != &waiter->lock->waiters && container_of(place, struct pi_waiter, node)->priority >= priority)
		place = place->next;
	waiter->priority = priority;
	list_insert_between(&waiter->node, place->prev, place);
}

/* Its waiters, or its own priority, have changed: so may its place among those that wait with it, and what the owner of that lock is lent. */
static void update_chain(struct task *task)
{
	for (unsigned i = 0; task && i < CHAIN_MAX; i++) {
		struct pi_waiter *waiter = task->pi_waits;
		int lent = priority_lent_to(task);

		if (lent != task->thread.lent_priority)
			thread_lend_priority(&task->thread, lent);
		if (!waiter || waiter->priority == thread_priority(&task->thread))
			return;
		list_remove(&waiter->node);
		insert_waiter(waiter, thread_priority(&task->thread));
		task = waiter->lock->owner;
	}
}

void futex_pi_priority_changed(int tid)
{
	struct task *task;

	spin_lock(&futex_pi_lock);
	spin_lock(&process_tree_lock);
	task = task_find(tid);
	if (task)
		update_chain(task);
	spin_unlock(&process_tree_lock);
	spin_unlock(&futex_pi_lock);
}

/* ---- Taking ---- */

/* A look at the word: 0: the task has it now. -EAGAIN: it is another's, as *word says, and marked. `lock` is its record if there is one. */
static int take_word(uint64_t address, const struct pi_lock *lock, const struct task *task, uint32_t mark, uint32_t *word)
{
	uint32_t tid = (uint32_t)task->tid, value, found;
	int ret = futex_load_locked(&value, address);

	while (!ret) {
		bool is_free = !(value & LINUX_FUTEX_TID) && !lock;

		if ((value & LINUX_FUTEX_TID) == tid)
			return -EDEADLK;
		*word = is_free ? tid | (value & LINUX_FUTEX_OWNER_DIED) | mark : value | LINUX_FUTEX_WAITERS;
		ret = futex_exchange_locked(address, value, *word, &found);
		if (!ret && found == value)
			return is_free ? 0 : -EAGAIN;
		value = found;
	}
	return ret;
}

/* Borrows: it cannot end while futex_pi_lock is held. */
static struct task *owner_by_tid(uint32_t tid)
{
	struct task *task;

	spin_lock(&process_tree_lock);
	task = task_find((int)tid);
	spin_unlock(&process_tree_lock);
	return task && !task->pi_has_ended ? task : NULL;
}

/* The record for a word that says who owns it. */
static int make_record(uint32_t word, const struct memory_key *key, struct pi_lock **made, struct pi_lock **lock)
{
	struct task *owner;

	if (*lock)
		return !(*lock)->is_settling && (word & LINUX_FUTEX_TID) && (word & LINUX_FUTEX_TID) != (uint32_t)(*lock)->owner->tid ? -EINVAL : 0;
	owner = owner_by_tid(word & LINUX_FUTEX_TID);
	if (!owner)
		return -ESRCH;
	*lock = *made;
	*made = NULL;
	(*lock)->key = *key;
	(*lock)->owner = owner;
	list_init(&(*lock)->waiters);
	list_push_back(&locks, &(*lock)->node);
	list_push_back(&owner->pi_owned, &(*lock)->owned_node);
	return 0;
}

/* Whether the lock's owner waits, by way of others, for the task. */
static bool would_close_a_circle(const struct pi_lock *lock, const struct task *task)
{
	const struct task *owner = lock->owner;

	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		if (owner == task)
			return true;
		if (!owner->pi_waits)
			return false;
		owner = owner->pi_waits->lock->owner;
	}
	return true;
}

/* As futex_pi_enter_locked, but for the queuing: 1 and *lock, where it is to be done. */
static int take_or_record(uint64_t address, const struct memory_key *key, const struct task *task, struct pi_lock **made, uint32_t mark, struct pi_lock **lock)
{
	for (;;) {
		uint32_t word, now;
		int ret;

		*lock = find(key);
		ret = take_word(address, *lock, task, mark, &word);
		if (ret != -EAGAIN)
			return ret;
		ret = make_record(word, key, made, lock);
		if (ret != -ESRCH)
			return ret ? ret : 1;
		/* It may have died in between: its robust list has released the lock then. */
		ret = futex_load_locked(&now, address);
		if (ret || now == word)
			return ret ? ret : -ESRCH;
	}
}

int futex_pi_enter_locked(uint64_t address, const struct memory_key *key, struct pi_waiter *waiter, struct pi_lock **made, uint32_t mark)
{
	struct pi_lock *lock;
	int ret = take_or_record(address, key, waiter->task, made, mark, &lock);

	if (ret <= 0)
		return ret;
	if (would_close_a_circle(lock, waiter->task)) {
		release_if_unused(lock);
		return -EDEADLK;
	}
	waiter->lock = lock;
	waiter->task->pi_waits = waiter;
	insert_waiter(waiter, thread_priority(&waiter->task->thread));
	update_chain(lock->owner);
	return 1;
}

static int try_locked(uint64_t address, const struct memory_key *key, const struct task *task, struct pi_lock **made)
{
	struct pi_lock *lock;
	int ret = take_or_record(address, key, task, made, 0, &lock);

	if (ret <= 0)
		return ret;
	release_if_unused(lock);
	return -EAGAIN;
}

int futex_lock_pi(uint64_t address, bool is_private, bool try_only, uint64_t deadline_ns)
{
	struct pi_waiter waiter = {.task = task_current()};
	struct memory_key key;
	struct pi_lock *made;
	int ret = futex_key(address, is_private, &key);

	if (ret)
		return ret;
	do {
		made = futex_pi_record_new();
		if (!made)
			return -ENOMEM;
		spin_lock(&futex_pi_lock);
		ret = try_only ? try_locked(address, &key, waiter.task, &made) : futex_pi_enter_locked(address, &key, &waiter, &made, 0);
		spin_unlock(&futex_pi_lock);
		futex_pi_record_free(made);
	} while (ret == -EFAULT && !futex_touch_for_write(address));
	if (ret <= 0)
		return ret;
	for (ret = 0; !ret && !__atomic_load_n(&waiter.is_granted, __ATOMIC_ACQUIRE);)
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	return futex_pi_leave(&waiter, address, ret);
}

/* ---- Handing over ---- */

/* The first waiter owns it from now on. */
static void grant(struct pi_lock *lock)
{
	struct pi_waiter *waiter = first_waiter(lock);
	struct task *next = waiter->task, *old = lock->owner;

	list_remove(&waiter->node);
	waiter->lock = NULL;
	next->pi_waits = NULL;
	list_remove(&lock->owned_node);
	lock->owner = next;
	list_push_back(&next->pi_owned, &lock->owned_node);
	update_chain(old);
	update_chain(next);
	/* It takes futex_pi_lock before it goes, so that it lives until that is released. */
	__atomic_store_n(&waiter->is_granted, true, __ATOMIC_RELEASE);
	thread_wake(&next->thread);
}

/* The word's page is touched outside of the lock. */
static int settle(struct pi_lock *lock, uint64_t address)
{
	uint32_t wanted = (uint32_t)task_current()->tid | LINUX_FUTEX_WAITERS | LINUX_FUTEX_OWNER_DIED, value, found;
	int ret = user_load_u32(&value, address);

	while (!ret) {
		ret = user_compare_exchange_u32(address, value, wanted, &found);
		if (ret || found == value)
			break;
		value = found;
	}
	spin_lock(&futex_pi_lock);
	lock->is_settling = false;
	release_if_unused(lock);
	spin_unlock(&futex_pi_lock);
	return ret;
}

int futex_pi_leave(struct pi_waiter *waiter, uint64_t address, int ret)
{
	struct pi_lock *lock;

	spin_lock(&futex_pi_lock);
	lock = waiter->lock;
	if (lock) {
		list_remove(&waiter->node);
		waiter->lock = NULL;
		waiter->task->pi_waits = NULL;
		update_chain(lock->owner);
		release_if_unused(lock);
	}
	spin_unlock(&futex_pi_lock);
	if (!waiter->is_granted)
		return ret;
	return waiter->settles ? settle(waiter->settles, address) : 0;
}

/* Hands it to the first waiter, or makes it free. */
static int unlock_locked(uint64_t address, const struct memory_key *key)
{
	struct task *task = task_current();
	struct pi_lock *lock = find(key);
	struct pi_waiter *next = lock ? first_waiter(lock) : NULL;
	uint32_t wanted = next ? (uint32_t)next->task->tid | LINUX_FUTEX_WAITERS : 0, value, found;
	int ret = futex_load_locked(&value, address);

	while (!ret) {
		if ((value & LINUX_FUTEX_TID) != (uint32_t)task->tid)
			return -EPERM;
		if (lock && lock->owner != task)
			return -EINVAL;
		ret = futex_exchange_locked(address, value, wanted, &found);
		if (!ret && found == value)
			break;
		value = found;
	}
	if (!ret && next) {
		grant(lock);
		release_if_unused(lock);
	}
	return ret;
}

int futex_unlock_pi(uint64_t address, bool is_private)
{
	struct memory_key key;
	int ret = futex_key(address, is_private, &key);

	if (ret)
		return ret;
	do {
		spin_lock(&futex_pi_lock);
		ret = unlock_locked(address, &key);
		spin_unlock(&futex_pi_lock);
	} while (ret == -EFAULT && !futex_touch_for_write(address));
	return ret;
}

void futex_pi_release_all(struct task *task, bool has_ended)
{
	spin_lock(&futex_pi_lock);
	task->pi_has_ended = has_ended;
	while (!list_empty(&task->pi_owned)) {
		struct pi_lock *lock = container_of(task->pi_owned.next, struct pi_lock, owned_node);
		struct pi_waiter *next = first_waiter(lock); /* there is one, or there would be no record: the task settles nothing at its end */

		lock->is_settling = true;
		next->settles = lock;
		grant(lock);
	}
	spin_unlock(&futex_pi_lock);
}
