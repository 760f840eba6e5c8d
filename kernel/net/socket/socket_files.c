/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Letting go of files that travelled. The last reference to a socket may go with them, whose own packets hold files, and so on: a program can
 * make such a chain as long as it likes. So a thread that is at it already notes what comes up meanwhile instead of descending into it.
 */
#include "kernel/mem/heap.h"
#include "kernel/net/socket/socket.h"

/* A thread that lets files go. */
struct drain {
	struct list node;
	const struct thread *thread;
	struct list waiting; /* struct socket_files; the thread's own */
};

static struct spinlock drains_lock;
static struct list drains = LIST_INIT(drains);

static struct drain *drain_of(const struct thread *thread)
{
	struct drain *drain, *found = NULL;

	spin_lock(&drains_lock);
	list_for_each(drain, &drains, node) {
		if (drain->thread == thread)
			found = drain;
	}
	spin_unlock(&drains_lock);
	return found;
}

static void put_all(struct socket_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		file_put(files->file[i]);
	heap_free(files);
}

static void drain_all(struct socket_files *first)
{
	struct drain drain = {.thread = thread_current()};
	struct list *node;

	list_init(&drain.waiting);
	list_push_back(&drain.waiting, &first->node);
	spin_lock(&drains_lock);
	list_push_back(&drains, &drain.node);
	spin_unlock(&drains_lock);
	while ((node = list_pop_front(&drain.waiting)) != NULL)
		put_all(container_of(node, struct socket_files, node));
	spin_lock(&drains_lock);
	list_remove(&drain.node);
	spin_unlock(&drains_lock);
}

void socket_files_release(struct socket_files *files)
{
	struct drain *drain;

	if (!files)
		return;
	drain = drain_of(thread_current());
	if (drain)
		list_push_back(&drain->waiting, &files->node);
	else
		drain_all(files);
}
