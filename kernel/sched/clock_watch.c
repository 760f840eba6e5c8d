/* SPDX-License-Identifier: BSD-3-Clause */
/* Who waits for a time of day. */
#include "kernel/sched/clock_watch.h"
#include "kernel/arch/spinlock.h"
#include "kernel/platform/platform.h"

static struct spinlock lock; /* guards the list, and that nobody is told of one step after having seen the next */
static struct list watches = LIST_INIT(watches);

void clock_watch_add(struct clock_watch *watch)
{
	spin_lock(&lock);
	list_push_back(&watches, &watch->node);
	watch->stepped(watch);
	spin_unlock(&lock);
}

void clock_watch_remove(struct clock_watch *watch)
{
	spin_lock(&lock);
	list_remove(&watch->node);
	spin_unlock(&lock);
}

void clock_step(uint64_t realtime_ns)
{
	struct clock_watch *watch;

	spin_lock(&lock);
	clock_set_realtime_ns(realtime_ns);
	list_for_each(watch, &watches, node)
		watch->stepped(watch);
	spin_unlock(&lock);
}

uint64_t clock_monotonic_at(uint64_t realtime_ns)
{
	uint64_t offset = clock_parameters()->realtime_offset_ns;

	return realtime_ns > offset ? realtime_ns - offset : 0;
}
