/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll(2): asks all files once without registering, which is enough if one is ready; otherwise asks again entering their wait queues, and sleeps.
 */
#include "kernel/file/poll.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

enum { WAITERS_PER_BLOCK = 16 };

struct waiter_block {
	struct waiter_block *next;
	unsigned count;
	struct waiter waiters[WAITERS_PER_BLOCK];
};

struct poll_wait {
	struct poll_table table;
	struct waiter_block *blocks; /* the first is `own` at the end */
	struct waiter_block own;
	struct file **files; /* held while their queues are stood in */
	size_t nr_files;
	bool no_memory;
};

static void enter_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct poll_wait *wait = container_of(table, struct poll_wait, table);
	struct waiter_block *block = wait->blocks;

	if (block->count == WAITERS_PER_BLOCK) {
		block = heap_alloc(sizeof(*block));
		if (!block) {
			wait->no_memory = true;
			return;
		}
		block->count = 0;
		block->next = wait->blocks;
		wait->blocks = block;
	}
	wait_begin(&block->waiters[block->count++], queue);
}

static void leave_queues(struct poll_wait *wait)
{
	struct waiter_block *block = wait->blocks;

	while (block) {
		struct waiter_block *next = block->next;

		for (unsigned i = 0; i < block->count; i++)
			wait_end(&block->waiters[i]);
		if (block != &wait->own)
			heap_free(block);
		block = next;
	}
	for (size_t i = 0; i < wait->nr_files; i++)
		file_put(wait->files[i]);
	heap_free(wait->files);
}

/* One question to one entry; the file is kept if `wait` is registering. */
static bool ask(struct linux_pollfd *entry, struct poll_wait *registering)
{
	struct file *file;
	bool must_put;
	unsigned events;

	entry->revents = 0;
	if (entry->fd < 0)
		return false;
	if (registering) {
		file = descriptor_get(entry->fd);
		must_put = false;
		if (file)
			registering->files[registering->nr_files++] = file;
	} else {
		file = descriptor_borrow(entry->fd, &must_put);
	}
	if (file && unlikely(file->flags & O_PATH)) {
		descriptor_return(file, must_put);
		file = NULL;
	}
	if (!file) {
		entry->revents = POLLNVAL;
		return true;
	}
	events = file->flags & O_PATH ? POLLNVAL : file_poll(file, registering ? &registering->table : NULL);
	descriptor_return(file, must_put);
	entry->revents = (int16_t)(events & ((uint16_t)entry->events | POLLERR | POLLHUP | POLLNVAL));
	return entry->revents != 0;
}

static int ask_all(struct linux_pollfd *entries, size_t count, struct poll_wait *registering)
{
	int ready = 0;

	for (size_t i = 0; i < count; i++)
		ready += ask(&entries[i], registering);
	return ready;
}

static int wait_registered(struct poll_wait *wait, struct linux_pollfd *entries, size_t count, uint64_t deadline_ns)
{
	int ready = ask_all(entries, count, wait), ret = 0;

	while (!ready && !ret) {
		if (wait->no_memory)
			return -ENOMEM;
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
		ready = ask_all(entries, count, NULL);
	}
	return ready ? ready : ret == -ETIMEDOUT ? 0 : ret;
}

int poll_wait(struct linux_pollfd *entries, size_t count, uint64_t deadline_ns)
{
	struct poll_wait wait = {.table = {.add = enter_queue}};
	int ret = ask_all(entries, count, NULL);

	if (ret || deadline_ns == 0)
		return ret;
	wait.blocks = &wait.own;
	wait.own.next = NULL;
	wait.own.count = 0;
	wait.files = heap_alloc((count ? count : 1) * sizeof(struct file *));
	if (!wait.files)
		return -ENOMEM;
	ret = wait_registered(&wait, entries, count, deadline_ns);
	leave_queues(&wait);
	return ret;
}
