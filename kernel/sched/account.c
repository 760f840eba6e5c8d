/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU time and load averages. Total time is exact, from the switches; its share in the kernel is sampled (thread.h). */
#include "kernel/sched/schedule.h"
#include "kernel/platform/platform.h"

void thread_sample_begin(struct thread *thread)
{
	thread->sample_start = clock_monotonic_ns();
}

/* The stay measured stands for THREAD_SAMPLE of them. Together they took at most the time since the last sample; twice that is let
 * pass, or samples longer than the others would always count less than their part. */
void thread_sample_end(struct thread *thread)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t stay = now - max_u64(thread->sample_start, thread->slice_start_ns);
	uint64_t run = thread->run_ns + (now - thread->slice_start_ns);

	thread->sample_start = 0;
	thread->system_ns = min_u64(thread->system_ns + min_u64(stay * THREAD_SAMPLE, 2 * (run - thread->sample_run_ns)), run);
	thread->sample_run_ns = run;
}

void thread_cpu_time(const struct thread *thread, uint64_t *user_ns, uint64_t *system_ns)
{
	uint64_t total = thread->run_ns, system = thread->system_ns;

	if (__atomic_load_n(&thread->on_cpu, __ATOMIC_ACQUIRE) && thread->state == THREAD_RUNNING) {
		uint64_t now = clock_monotonic_ns(), start = thread->slice_start_ns;

		total += now > start ? now - start : 0;
	}
	if (!thread->user)
		system = total;
	*system_ns = min_u64(system, total);
	*user_ns = total - *system_ns;
}

/*
 * Load averages over 1, 5 and 15 minutes: every five seconds each moves towards the number of threads that run or wait to. There is
 * no tick: whoever switches threads after the five seconds makes up for all the periods that passed, with the count of now.
 */
#define LOAD_PERIOD_NS 5000000000ull
#define LOAD_ONE       65536u

static const uint32_t load_decay[3] = {60296, 64453, 65173}; /* 65536 * e^(-5 s / 60 s, 300 s, 900 s) */
static uint64_t load_averages[3], load_next_ns = LOAD_PERIOD_NS;

static unsigned count_running(void)
{
	unsigned running = 0;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		const struct scheduler *s = scheduler_of(cpu);

		if (s)
			running += s->queue.nr_waiting + (s->queue.current != &s->idle);
	}
	return running;
}

static void load_step(unsigned running, uint64_t periods)
{
	for (unsigned i = 0; i < ARRAY_SIZE(load_averages); i++) {
		uint64_t load = load_averages[i];

		for (uint64_t n = 0; n < min_u64(periods, 1000); n++)
			load = (load * load_decay[i] + (uint64_t)running * LOAD_ONE * (LOAD_ONE - load_decay[i])) / LOAD_ONE;
		load_averages[i] = load;
	}
}

void load_update(uint64_t now_ns)
{
	uint64_t next = __atomic_load_n(&load_next_ns, __ATOMIC_RELAXED), periods;

	if (likely(now_ns < next))
		return;
	periods = (now_ns - next) / LOAD_PERIOD_NS + 1;
	if (!__atomic_compare_exchange_n(&load_next_ns, &next, next + periods * LOAD_PERIOD_NS, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	/* The periods that passed without a switch were the same throughout: idle but for the last. */
	if (periods > 1)
		load_step(0, periods - 1);
	load_step(count_running(), 1);
}

void sched_load(unsigned *nr_running, uint64_t averages_fixed16[3])
{
	load_update(clock_monotonic_ns());
	*nr_running = count_running();
	for (unsigned i = 0; i < ARRAY_SIZE(load_averages); i++)
		averages_fixed16[i] = load_averages[i];
}
