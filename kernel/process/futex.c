/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes. Sleepers stand in buckets by the hash of their word's identity. The word is read under the bucket's lock, so that a
 * wake-up between the look and the sleep is impossible. A page that is not in memory cannot be brought in under a spin lock: then the
 * look fails, the lock is released, the page is brought in, and all begins again.
 */
#include "kernel/process/futex_internal.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"

#define NR_BUCKETS 64

static struct futex_bucket buckets[NR_BUCKETS];

static void futex_start(void)
{
	for (unsigned i = 0; i < NR_BUCKETS; i++)
		list_init(&buckets[i].sleepers);
}
INITCALL(futex, INIT_CORE, futex_start);

struct futex_bucket *futex_bucket_of(const struct memory_key *key)
{
	uint64_t hash = (key->object ^ key->offset >> 2) * 0x9e3779b97f4a7c15ull;

	return &buckets[hash >> 58];
}

bool futex_is_same(const struct memory_key *a, const struct memory_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

int futex_key(uint64_t address, bool is_private, struct memory_key *key)
{
	if (address % 4)
		return -EINVAL;
	return address_space_key(process_current()->space, address, is_private, key);
}

/* Where a sleeper stands can change (requeue) until its bucket's lock is held. */
struct futex_bucket *futex_lock_bucket_of(struct sleeper *sleeper)
{
	for (;;) {
		struct futex_bucket *bucket = __atomic_load_n(&sleeper->bucket, __ATOMIC_ACQUIRE);

		spin_lock(&bucket->lock);
		if (sleeper->bucket == bucket)
			return bucket;
		spin_unlock(&bucket->lock);
	}
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a > b) {
		struct futex_bucket *other = a;

		a = b;
		b = other;
	}
	spin_lock(&a->lock);
	if (a != b)
		spin_lock(&b->lock);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* Behind those whose threads are not less urgent: these are woken first (futex(2), FUTEX_WAKE, of real-time threads). */
static void enter_bucket(struct futex_bucket *bucket, struct sleeper *sleeper)
{
	int priority = thread_priority(sleeper->thread);
	struct list *before = bucket->sleepers.prev;

	if (unlikely(priority))
		while (before != &bucket->sleepers && thread_priority(container_of(before, struct sleeper, node)->thread) < priority)
			before = before->prev;
	list_insert_between(&sleeper->node, before, before->next);
}

static void wake_sleeper(struct sleeper *sleeper)
{
	struct thread *thread = sleeper->thread;

	list_remove(&sleeper->node);
	__atomic_store_n(&sleeper->is_woken, true, __ATOMIC_RELEASE);
	/* The sleeper takes the bucket's lock before it goes, so that it lives until this returns. */
	thread_wake(thread);
}

/* -EINVAL: one of them waits for a PI lock, and is woken by that only. */
static int wake_in(struct futex_bucket *bucket, const struct memory_key *key, unsigned max, uint32_t bitset)
{
	struct sleeper *sleeper, *next;
	unsigned woken = 0;

	if (unlikely(futex_pi_is_waited(key)))
		return -EINVAL;
	list_for_each_safe(sleeper, next, &bucket->sleepers, node) {
		if (woken >= max)
			break;
		if (!futex_is_same(&sleeper->key, key))
			continue;
		if (sleeper->pi)
			return -EINVAL;
		if (!(sleeper->bitset & bitset))
			continue;
		wake_sleeper(sleeper);
		woken++;
	}
	return (int)woken;
}

/* Sleeps in the bucket, which is locked and is released, until woken. */
static int sleep_in(struct futex_bucket *bucket, const struct memory_key *key, uint32_t bitset, uint64_t deadline_ns)
{
	struct sleeper sleeper = {.key = *key, .thread = thread_current(), .bitset = bitset, .bucket = bucket};
	bool was_woken;
	int ret = 0;

	enter_bucket(bucket, &sleeper);
	spin_unlock(&bucket->lock);
	while (!__atomic_load_n(&sleeper.is_woken, __ATOMIC_ACQUIRE) && !ret)
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	bucket = futex_lock_bucket_of(&sleeper);
	was_woken = sleeper.is_woken;
	list_remove(&sleeper.node);
	spin_unlock(&bucket->lock);
	return was_woken ? 0 : ret;
}

/* Brings the word's page in, so that it can be read under a lock. */
int futex_touch(uint64_t address)
{
	uint32_t value;

	return user_load_u32(&value, address);
}

/* Under a bucket's lock, where a page cannot be brought in: -EFAULT if it has gone since it was touched. */
int futex_load_locked(uint32_t *value, uint64_t address)
{
	int ret;

	thread_current()->no_faults = true;
	ret = user_load_u32(value, address);
	thread_current()->no_faults = false;
	return ret;
}

int futex_exchange_locked(uint64_t address, uint32_t expected, uint32_t desired, uint32_t *found)
{
	int ret;

	thread_current()->no_faults = true;
	ret = user_compare_exchange_u32(address, expected, desired, found);
	thread_current()->no_faults = false;
	return ret;
}

int futex_wait(uint64_t address, bool is_private, uint32_t expected, uint32_t bitset, uint64_t deadline_ns)
{
	struct memory_key key;
	struct futex_bucket *bucket;
	uint32_t value;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = futex_key(address, is_private, &key);
	if (ret)
		return ret;
	bucket = futex_bucket_of(&key);
	spin_lock(&bucket->lock);
	while (unlikely(futex_load_locked(&value, address))) {
		spin_unlock(&bucket->lock);
		ret = futex_touch(address);
		if (ret)
			return ret;
		spin_lock(&bucket->lock);
	}
	if (value != expected) {
		spin_unlock(&bucket->lock);
		return -EAGAIN;
	}
	return sleep_in(bucket, &key, bitset, deadline_ns);
}

int futex_wake(uint64_t address, bool is_private, unsigned max, uint32_t bitset)
{
	struct memory_key key;
	struct futex_bucket *bucket;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = futex_key(address, is_private, &key);
	if (ret)
		return ret;
	bucket = futex_bucket_of(&key);
	spin_lock(&bucket->lock);
	ret = wake_in(bucket, &key, max, bitset);
	spin_unlock(&bucket->lock);
	return ret;
}

static int move_sleepers(struct futex_bucket *from, struct futex_bucket *to, const struct memory_key *key, const struct memory_key *new_key, unsigned max)
{
	bool stay = futex_is_same(key, new_key); /* they are counted only */
	struct sleeper *sleeper, *next;
	unsigned moved = 0;

	list_for_each_safe(sleeper, next, &from->sleepers, node) {
		if (moved >= max)
			break;
		if (!futex_is_same(&sleeper->key, key))
			continue;
		if (sleeper->pi)
			return -EINVAL;
		moved++;
		if (stay)
			continue;
		list_remove(&sleeper->node);
		sleeper->key = *new_key;
		__atomic_store_n(&sleeper->bucket, to, __ATOMIC_RELEASE);
		enter_bucket(to, sleeper);
	}
	return (int)moved;
}

int futex_requeue(uint64_t from, uint64_t to, bool is_private, unsigned nr_wake, unsigned nr_move, const uint32_t *expected)
{
	struct memory_key key, new_key;
	struct futex_bucket *a, *b;
	uint32_t value;
	int ret = futex_key(from, is_private, &key);

	if (!ret)
		ret = futex_key(to, is_private, &new_key);
	if (ret)
		return ret;
	a = futex_bucket_of(&key);
	b = futex_bucket_of(&new_key);
	lock_two(a, b);
	while (expected && unlikely(futex_load_locked(&value, from))) {
		unlock_two(a, b);
		ret = futex_touch(from);
		if (ret)
			return ret;
		lock_two(a, b);
	}
	if (expected && value != *expected)
		ret = -EAGAIN;
	if (!ret)
		ret = wake_in(a, &key, nr_wake, ~0u);
	if (ret >= 0) {
		int moved = move_sleepers(a, b, &key, &new_key, nr_move);

		ret = moved < 0 ? moved : ret + moved;
	}
	unlock_two(a, b);
	return ret;
}

static uint32_t operate(uint32_t operation, uint32_t old)
{
	uint32_t argument = (uint32_t)((int32_t)(operation << 8) >> 20);

	if (operation >> 28 & 8)
		argument = 1u << (argument & 31);
	switch (operation >> 28 & 7) {
	case 0:
		return argument;
	case 1:
		return old + argument;
	case 2:
		return old | argument;
	case 3:
		return old & ~argument;
	default:
		return old ^ argument;
	}
}

static bool compare(uint32_t operation, int32_t old)
{
	int32_t argument = (int32_t)(operation << 20) >> 20;

	switch (operation >> 24 & 15) {
	case 0:
		return old == argument;
	case 1:
		return old != argument;
	case 2:
		return old < argument;
	case 3:
		return old <= argument;
	case 4:
		return old > argument;
	default:
		return old >= argument;
	}
}

/* Changes the word as told; *old is what it was. -EFAULT: its page is not there, or not writable yet. */
static int change_locked(uint64_t address, uint32_t operation, uint32_t *old)
{
	uint32_t found;
	int ret = futex_load_locked(old, address);

	while (!ret) {
		ret = futex_exchange_locked(address, *old, operate(operation, *old), &found);
		if (ret || found == *old)
			break;
		*old = found;
	}
	return ret;
}

/* A write that changes nothing makes the page present and writable. */
int futex_touch_for_write(uint64_t address)
{
	uint32_t value, found;
	int ret = user_load_u32(&value, address);

	return ret ? ret : user_compare_exchange_u32(address, value, value, &found);
}

int futex_wake_op(uint64_t address, uint64_t second, bool is_private, unsigned nr_wake, unsigned nr_second, uint32_t operation)
{
	struct memory_key key, second_key;
	struct futex_bucket *a, *b;
	uint32_t old;
	int ret = futex_key(address, is_private, &key);

	if ((operation >> 28 & 7) > 4 || (operation >> 24 & 15) > 5)
		return -ENOSYS;
	if (!ret)
		ret = futex_key(second, is_private, &second_key);
	if (ret)
		return ret;
	a = futex_bucket_of(&key);
	b = futex_bucket_of(&second_key);
	lock_two(a, b);
	while (unlikely(change_locked(second, operation, &old))) {
		unlock_two(a, b);
		ret = futex_touch_for_write(second);
		if (ret)
			return ret;
		lock_two(a, b);
	}
	ret = wake_in(a, &key, nr_wake, ~0u);
	if (ret >= 0 && compare(operation, (int32_t)old)) {
		int woken = wake_in(b, &second_key, nr_second, ~0u);

		ret = woken < 0 ? woken : ret + woken;
	}
	unlock_two(a, b);
	return ret;
}

/* ---- Several words at once (futex_waitv(2)). ---- */

/* Takes them off their buckets; *first becomes the first of them that was woken, if any was. */
static void dequeue(struct sleeper *sleepers, size_t nr, int *first)
{
	*first = -1;
	for (size_t i = 0; i < nr; i++) {
		struct futex_bucket *bucket = futex_lock_bucket_of(&sleepers[i]);

		if (sleepers[i].is_woken && *first < 0)
			*first = (int)i;
		list_remove(&sleepers[i].node);
		spin_unlock(&bucket->lock);
	}
}

int futex_queue(struct sleeper *sleeper, const struct futex_word *word, uint32_t bitset)
{
	struct memory_key key;
	struct futex_bucket *bucket;
	uint32_t value;
	int ret = futex_key(word->address, word->is_private, &key);

	if (ret)
		return ret;
	bucket = futex_bucket_of(&key);
	spin_lock(&bucket->lock);
	while (unlikely(futex_load_locked(&value, word->address))) {
		spin_unlock(&bucket->lock);
		ret = futex_touch(word->address);
		if (ret)
			return ret;
		spin_lock(&bucket->lock);
	}
	if (value == word->expected) {
		sleeper->key = key;
		sleeper->thread = thread_current();
		sleeper->bitset = bitset;
		sleeper->is_woken = false;
		sleeper->bucket = bucket;
		enter_bucket(bucket, sleeper);
	} else {
		ret = -EAGAIN;
	}
	spin_unlock(&bucket->lock);
	return ret;
}

static bool any_is_woken(const struct sleeper *sleepers, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (__atomic_load_n(&sleepers[i].is_woken, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

int futex_wait_many(const struct futex_word *words, size_t nr, uint64_t deadline_ns)
{
	struct sleeper *sleepers = heap_alloc_zero(nr * sizeof(*sleepers));
	size_t queued;
	int ret = 0, woken;

	if (!sleepers)
		return -ENOMEM;
	for (queued = 0; queued < nr && !ret; queued += !ret)
		ret = futex_queue(&sleepers[queued], &words[queued], ~0u);
	while (!ret && !any_is_woken(sleepers, nr))
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	dequeue(sleepers, queued, &woken);
	heap_free(sleepers);
	return woken >= 0 ? woken : ret;
}
