/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers on CPU clocks. */
#include "kernel/process/cpu_timer.h"
#include "kernel/platform/platform.h"
#include "kernel/process/internal.h"

#define PRECISION_NS 1000000u /* looked at no oftener */

uint64_t cpu_timer_now(const struct cpu_timer *timer)
{
	uint64_t user = 0, system = 0;
	struct task *task;

	spin_lock(&process_tree_lock);
	if (!timer->tid) {
		process_cpu_time(timer->process, &user, &system);
	} else {
		task = task_find(timer->tid);
		if (task && task->process == timer->process)
			thread_cpu_time(&task->thread, &user, &system);
	}
	spin_unlock(&process_tree_lock);
	return timer->clock == CPU_CLOCK_USER ? user : user + system;
}

static void look_again(struct cpu_timer *timer, uint64_t now_ns)
{
	uint64_t left = (timer->target_ns - now_ns) / (timer->tid ? 1 : cpu_count());

	timer_arm(&timer->timer, clock_monotonic_ns() + max_u64(left, PRECISION_NS));
}

static void look(struct timer *inner)
{
	struct cpu_timer *timer = container_of(inner, struct cpu_timer, timer);
	uint64_t now = cpu_timer_now(timer);

	if (now < timer->target_ns) {
		look_again(timer, now);
		return;
	}
	timer->is_armed = false;
	timer->fire(timer);
}

void cpu_timer_init(struct cpu_timer *timer, struct process *process, int tid, enum cpu_clock clock, void (*fire)(struct cpu_timer *timer))
{
	*timer = (struct cpu_timer){.process = process, .tid = tid, .clock = clock, .fire = fire};
	timer_init(&timer->timer, look);
}

void cpu_timer_arm(struct cpu_timer *timer, uint64_t target_ns)
{
	uint64_t now = cpu_timer_now(timer);

	timer->target_ns = max_u64(target_ns, now);
	timer->is_armed = true;
	look_again(timer, now);
}

void cpu_timer_cancel(struct cpu_timer *timer)
{
	timer_cancel(&timer->timer);
	timer->is_armed = false;
}

uint64_t cpu_timer_left(const struct cpu_timer *timer)
{
	uint64_t now;

	if (!timer->is_armed)
		return 0;
	now = cpu_timer_now(timer);
	return timer->target_ns > now ? timer->target_ns - now : 1;
}
