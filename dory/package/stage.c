/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring of blocks between two threads. A block belongs to the putting thread until it is counted as filled, then
 * to the taking one.
 */
#include "dory/package/stage.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 8, BLOCK_SIZE = 1 << 17 };

struct block {
	size_t used;
	char bytes[BLOCK_SIZE];
};

struct stage {
	stage_take_fn *take;
	void *context;
	pthread_t thread;
	pthread_mutex_t lock; /* of the three below */
	pthread_cond_t changed;
	size_t filled, emptied; /* blocks so far: filled - emptied are in the queue */
	bool is_ended;
	int failure;
	struct block blocks[BLOCKS];
};

/* The next block to be taken; NULL at the end. */
static struct block *wait_filled(struct stage *stage)
{
	struct block *block = NULL;

	pthread_mutex_lock(&stage->lock);
	while (stage->filled == stage->emptied && !stage->is_ended)
		pthread_cond_wait(&stage->changed, &stage->lock);
	if (stage->filled != stage->emptied)
		block = &stage->blocks[stage->emptied % BLOCKS];
	pthread_mutex_unlock(&stage->lock);
	return block;
}

static void *work(void *argument)
{
	struct stage *stage = argument;
	struct block *block;
	int failure = 0;

	while ((block = wait_filled(stage))) {
		if (!failure)
			failure = stage->take(stage->context, block->bytes, block->used);
		pthread_mutex_lock(&stage->lock);
		block->used = 0;
		stage->emptied++;
		stage->failure = failure;
		pthread_cond_signal(&stage->changed);
		pthread_mutex_unlock(&stage->lock);
	}
	return NULL;
}

struct stage *stage_start(stage_take_fn *take, void *context)
{
	struct stage *stage = malloc(sizeof(*stage));
	int failure;

	if (!stage)
		return NULL;
	memset(stage, 0, offsetof(struct stage, blocks));
	for (size_t i = 0; i < BLOCKS; i++)
		stage->blocks[i].used = 0;
	stage->take = take;
	stage->context = context;
	pthread_mutex_init(&stage->lock, NULL);
	pthread_cond_init(&stage->changed, NULL);
	failure = pthread_create(&stage->thread, NULL, work, stage);
	if (!failure)
		return stage;
	pthread_cond_destroy(&stage->changed);
	pthread_mutex_destroy(&stage->lock);
	free(stage);
	errno = failure;
	return NULL;
}

/* The block that is being filled; waits until there is one. NULL when the step has failed. */
static struct block *wait_empty(struct stage *stage)
{
	struct block *block = NULL;

	pthread_mutex_lock(&stage->lock);
	while (stage->filled - stage->emptied == BLOCKS && !stage->failure)
		pthread_cond_wait(&stage->changed, &stage->lock);
	if (!stage->failure)
		block = &stage->blocks[stage->filled % BLOCKS];
	pthread_mutex_unlock(&stage->lock);
	return block;
}

static void hand_over(struct stage *stage)
{
	pthread_mutex_lock(&stage->lock);
	stage->filled++;
	pthread_cond_signal(&stage->changed);
	pthread_mutex_unlock(&stage->lock);
}

static int failure_of(struct stage *stage)
{
	int failure;

	pthread_mutex_lock(&stage->lock);
	failure = stage->failure;
	pthread_mutex_unlock(&stage->lock);
	return failure;
}

int stage_put(struct stage *stage, const void *bytes, size_t size)
{
	while (size > 0) {
		struct block *block = wait_empty(stage);
		size_t n;

		if (!block)
			return failure_of(stage);
		n = min_u64(size, BLOCK_SIZE - block->used);
		memcpy(block->bytes + block->used, bytes, n);
		block->used += n;
		bytes = (const char *)bytes + n;
		size -= n;
		if (block->used == BLOCK_SIZE)
			hand_over(stage);
	}
	return 0;
}

int stage_finish(struct stage *stage)
{
	struct block *block = wait_empty(stage);
	int failure;

	pthread_mutex_lock(&stage->lock);
	if (block && block->used > 0)
		stage->filled++;
	stage->is_ended = true;
	pthread_cond_signal(&stage->changed);
	pthread_mutex_unlock(&stage->lock);
	pthread_join(stage->thread, NULL);
	failure = stage->failure;
	pthread_cond_destroy(&stage->changed);
	pthread_mutex_destroy(&stage->lock);
	free(stage);
	return failure;
}
