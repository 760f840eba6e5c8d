/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of slots. A slot goes from who puts (`filled` counts them) to a squeezing thread (`begun`), and when it is done, in its
 * turn, to the taking thread (`taken`). A slot's content belongs to the one who has it; all else is under the lock.
 */
#include "dory/package/press.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE_SIZE = 1 << 20, /* zstd at its usual level looks back two MiB: smaller pieces cost room, larger ones memory */
	SQUEEZERS_MAX = 4,
	SLOTS = SQUEEZERS_MAX + 2,
};

struct slot {
	char *bytes;
	size_t used;
	struct text_buffer out;
	bool is_done;
};

struct press {
	press_squeeze_fn *squeeze;
	press_take_fn *take;
	void *context;
	pthread_t threads[SQUEEZERS_MAX + 1];
	size_t thread_count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t filled, begun, taken;
	bool is_ended;
	int failure;
	struct slot slots[SLOTS];
};

static void note(struct press *press, int failure)
{
	if (failure && !press->failure)
		press->failure = failure;
	pthread_cond_broadcast(&press->changed);
}

/* A squeezing thread. */
static void *squeeze_pieces(void *argument)
{
	struct press *press = argument;

	pthread_mutex_lock(&press->lock);
	for (;;) {
		struct slot *slot;
		int failure;

		while (press->begun == press->filled && !press->is_ended)
			pthread_cond_wait(&press->changed, &press->lock);
		if (press->begun == press->filled)
			break;
		slot = &press->slots[press->begun++ % SLOTS];
		failure = press->failure;
		pthread_mutex_unlock(&press->lock);
		if (!failure)
			failure = press->squeeze(press->context, slot->bytes, slot->used, &slot->out);
		pthread_mutex_lock(&press->lock);
		slot->is_done = true;
		note(press, failure);
	}
	pthread_mutex_unlock(&press->lock);
	return NULL;
}

/* The next slot that is done; NULL at the end. Under the lock. */
static struct slot *wait_done(struct press *press)
{
	struct slot *slot = &press->slots[press->taken % SLOTS];

	while (!(press->taken < press->filled && slot->is_done) && !(press->is_ended && press->taken == press->filled))
		pthread_cond_wait(&press->changed, &press->lock);
	return press->taken < press->filled ? slot : NULL;
}

/* The taking thread. */
static void *take_results(void *argument)
{
	struct press *press = argument;
	struct slot *slot;

	pthread_mutex_lock(&press->lock);
	while ((slot = wait_done(press))) {
		int failure = press->failure;

		pthread_mutex_unlock(&press->lock);
		if (!failure)
			failure = press->take(press->context, slot->out.text, slot->out.length);
		pthread_mutex_lock(&press->lock);
		slot->is_done = false;
		slot->used = slot->out.length = 0;
		press->taken++;
		note(press, failure);
	}
	pthread_mutex_unlock(&press->lock);
	return NULL;
}

static void end_threads(struct press *press)
{
	pthread_mutex_lock(&press->lock);
	press->is_ended = true;
	note(press, 0);
	pthread_mutex_unlock(&press->lock);
	for (size_t i = 0; i < press->thread_count; i++)
		pthread_join(press->threads[i], NULL);
}

static void release(struct press *press)
{
	for (size_t i = 0; i < SLOTS; i++) {
		free(press->slots[i].bytes);
		free(press->slots[i].out.text);
	}
	pthread_cond_destroy(&press->changed);
	pthread_mutex_destroy(&press->lock);
	free(press);
}

static int start_thread(struct press *press, void *(*work)(void *argument))
{
	int failure = pthread_create(&press->threads[press->thread_count], NULL, work, press);

	if (!failure)
		press->thread_count++;
	return failure;
}

/* One squeezing thread is enough, if there cannot be more. */
static int start_threads(struct press *press)
{
	cpu_set_t cpus;
	size_t count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (size_t)CPU_COUNT(&cpus) : 1;
	int failure = start_thread(press, take_results);

	if (!failure)
		failure = start_thread(press, squeeze_pieces);
	for (size_t i = 1; !failure && i < min_u64(count, SQUEEZERS_MAX) && start_thread(press, squeeze_pieces) == 0; i++)
		;
	return failure;
}

struct press *press_start(press_squeeze_fn *squeeze, press_take_fn *take, void *context)
{
	struct press *press = calloc(1, sizeof(*press));
	int failure = press ? 0 : ENOMEM;

	if (press) {
		press->squeeze = squeeze;
		press->take = take;
		press->context = context;
		pthread_mutex_init(&press->lock, NULL);
		pthread_cond_init(&press->changed, NULL);
		for (size_t i = 0; i < SLOTS && !failure; i++) {
			press->slots[i].bytes = malloc(PIECE_SIZE);
			failure = press->slots[i].bytes ? 0 : ENOMEM;
		}
		if (!failure)
			failure = start_threads(press);
		if (!failure)
			return press;
		end_threads(press);
		release(press);
	}
	errno = failure;
	return NULL;
}

/* The slot that is being filled; waits until there is one. NULL when something has failed. */
static struct slot *wait_empty(struct press *press)
{
	struct slot *slot;

	pthread_mutex_lock(&press->lock);
	while (press->filled - press->taken == SLOTS && !press->failure)
		pthread_cond_wait(&press->changed, &press->lock);
	slot = press->failure ? NULL : &press->slots[press->filled % SLOTS];
	pthread_mutex_unlock(&press->lock);
	return slot;
}

static void hand_over(struct press *press)
{
	pthread_mutex_lock(&press->lock);
	press->filled++;
	note(press, 0);
	pthread_mutex_unlock(&press->lock);
}

static int failure_of(struct press *press)
{
	int failure;

	pthread_mutex_lock(&press->lock);
	failure = press->failure;
	pthread_mutex_unlock(&press->lock);
	return failure;
}

int press_put(struct press *press, const void *bytes, size_t size)
{
	while (size > 0) {
		struct slot *slot = wait_empty(press);
		size_t n;

		if (!slot)
			return failure_of(press);
		n = min_u64(size, PIECE_SIZE - slot->used);
		memcpy(slot->bytes + slot->used, bytes, n);
		slot->used += n;
		bytes = (const char *)bytes + n;
		size -= n;
		if (slot->used == PIECE_SIZE)
			hand_over(press);
	}
	return 0;
}

int press_finish(struct press *press)
{
	struct slot *slot = wait_empty(press);
	int failure;

	if (slot && slot->used > 0)
		hand_over(press);
	end_threads(press);
	failure = press->failure;
	release(press);
	return failure;
}
