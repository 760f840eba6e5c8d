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
	bool is_running;

	if (timer->is_armed)
		timer_queue_remove(&scheduler_of(timer->cpu)->timers, timer, &is_running);
	timer->cpu = me->cpu;
	timer->deadline_ns = deadline_ns;
	if (timer_queue_add(&me->timers, timer))
		scheduler_program(me);
}

bool timer_cancel(struct timer *timer)
{
	bool was_armed = false;

	for (;;) {
		bool is_running;

		was_armed |= timer_queue_remove(&scheduler_of(timer->cpu)->timers, timer, &is_running);
		/* Its function may run there, and arm it again: if it did so before a look at whether it runs, that would miss it. */
		if (timer->cpu == cpu_id() || !is_running)
			return was_armed;
		cpu_relax();
	}
}

void timer_end(struct timer *timer)
{
	timer_cancel(timer);
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		const struct scheduler *other = scheduler_of(cpu);

		while (other && cpu != cpu_id() && __atomic_load_n(&other->timers.running, __ATOMIC_ACQUIRE) == timer)
			cpu_relax();
	}
}
