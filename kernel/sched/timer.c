/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers on the queue of the CPU that arms them. */
#include "kernel/sched/schedule.h"

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
	*timer = (struct timer){.fire = fire};
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
	struct scheduler *me = scheduler_mine();

	if (timer->is_armed)
		timer_queue_remove(&scheduler_of(timer->cpu)->timers, timer);
	timer->cpu = me->cpu;
	timer->deadline_ns = deadline_ns;
	if (timer_queue_add(&me->timers, timer))
		scheduler_program(me);
}

bool timer_cancel(struct timer *timer)
{
	bool was_armed = false;

	for (;;) {
		struct timer_queue *queue = &scheduler_of(timer->cpu)->timers;

		was_armed |= timer_queue_remove(queue, timer);
		/* Its function may run there, and arm it again. */
		if (timer->cpu == cpu_id() || __atomic_load_n(&queue->running, __ATOMIC_ACQUIRE) != timer)
			return was_armed;
		cpu_relax();
	}
}
