/* SPDX-License-Identifier: BSD-3-Clause */
/* The run queue with a fake clock: shares by weight, real-time order, sleepers' bonus, stealing; random operations against a plain array. */
#include "kernel/sched/run_queue.h"
#include "tests/unit/test.h"

#define MS 1000000ull

static struct thread idle;

static void make(struct thread *thread, int policy, int priority, int nice)
{
	*thread = (struct thread){.policy = policy, .priority = priority, .nice = nice, .affinity = ~0ull, .state = THREAD_RUNNABLE};
	thread->weight = run_weight(policy, nice);
	list_init(&thread->fifo_node);
}

/* Runs the queue for `ms` in slices and counts each thread's time in run_ns. */
static void run(struct run_queue *queue, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		struct thread *thread = run_queue_pick(queue);

		queue->current = thread;
		thread->run_ns += MS;
		run_queue_charge(queue, thread, MS);
		run_queue_add(queue, thread, RUN_PREEMPTED);
		queue->current = &idle;
	}
}

TEST(weights_share_the_cpu)
{
	struct run_queue queue;
	struct thread a, b, c;

	run_queue_init(&queue, &idle);
	make(&a, SCHED_NORMAL, 0, 0);
	make(&b, SCHED_NORMAL, 0, 0);
	make(&c, SCHED_NORMAL, 0, 5);
	run_queue_add(&queue, &a, RUN_NEW);
	run_queue_add(&queue, &b, RUN_NEW);
	run_queue_add(&queue, &c, RUN_NEW);
	run(&queue, 10000);
	CHECK(a.run_ns - b.run_ns + 2 * MS <= 4 * MS);
	/* nice 5 has 335 of 1024 + 1024 + 335 parts */
	CHECK(c.run_ns > 1300 * MS && c.run_ns < 1500 * MS);
}

TEST(realtime_goes_first)
{
	struct run_queue queue;
	struct thread normal, low, high, second;

	run_queue_init(&queue, &idle);
	make(&normal, SCHED_NORMAL, 0, -20);
	make(&low, SCHED_FIFO, 1, 0);
	make(&high, SCHED_FIFO, 50, 0);
	make(&second, SCHED_FIFO, 50, 0);
	run_queue_add(&queue, &normal, RUN_NEW);
	run_queue_add(&queue, &low, RUN_NEW);
	run_queue_add(&queue, &high, RUN_NEW);
	run_queue_add(&queue, &second, RUN_NEW);
	CHECK(run_queue_pick(&queue) == &high);
	queue.current = &high;
	run_queue_add(&queue, &high, RUN_PREEMPTED); /* stays before its equals */
	CHECK(run_queue_pick(&queue) == &high);
	run_queue_add(&queue, &high, RUN_YIELDED); /* goes behind them */
	CHECK(run_queue_pick(&queue) == &second);
	CHECK(run_queue_pick(&queue) == &high);
	CHECK(run_queue_pick(&queue) == &low);
	CHECK(run_queue_pick(&queue) == &normal);
	CHECK(!run_queue_pick(&queue));
	CHECK_EQ(queue.nr_waiting, 0);
}

TEST(a_lent_priority_counts_as_ones_own)
{
	struct run_queue queue;
	struct thread normal, low, high;

	run_queue_init(&queue, &idle);
	make(&normal, SCHED_NORMAL, 0, 0);
	make(&low, SCHED_FIFO, 1, 0);
	make(&high, SCHED_RR, 50, 0);
	normal.lent_priority = 50;
	high.lent_priority = 20; /* less than it has */
	run_queue_add(&queue, &low, RUN_NEW);
	run_queue_add(&queue, &normal, RUN_NEW);
	run_queue_add(&queue, &high, RUN_NEW);
	queue.current = &low;
	CHECK(run_queue_preempts(&queue, &normal));
	CHECK(run_queue_pick(&queue) == &normal);
	queue.current = &normal;
	CHECK(!run_queue_preempts(&queue, &high));
	CHECK_EQ(run_queue_slice_ns(&queue), UINT64_MAX);
	run_queue_remove(&queue, &high);
	run_queue_leave(&queue, &normal);
	normal.lent_priority = 0;
	run_queue_add(&queue, &normal, RUN_MOVED);
	CHECK(run_queue_pick(&queue) == &low);
	CHECK(run_queue_pick(&queue) == &normal);
}

TEST(a_sleeper_preempts_but_cannot_save_up)
{
	struct run_queue queue;
	struct thread hog, sleeper;
	unsigned ms = 0;

	run_queue_init(&queue, &idle);
	make(&hog, SCHED_NORMAL, 0, 0);
	make(&sleeper, SCHED_NORMAL, 0, 0);
	queue.current = &hog;
	for (unsigned i = 0; i < 1000; i++)
		run_queue_charge(&queue, &hog, MS);
	sleeper.vruntime = (uint64_t)-(int64_t)(5000 * MS); /* slept for long */
	run_queue_add(&queue, &sleeper, RUN_WOKEN);
	CHECK(run_queue_preempts(&queue, &sleeper));
	run_queue_add(&queue, &hog, RUN_PREEMPTED);
	for (;; ms++) {
		struct thread *next = run_queue_pick(&queue);

		if (next == &hog)
			break;
		queue.current = next;
		run_queue_charge(&queue, next, MS);
		run_queue_add(&queue, next, RUN_PREEMPTED);
	}
	CHECK(ms >= 2 && ms <= RUN_SLEEP_BONUS_NS / MS + 1);
}

TEST(yielding_lets_the_other_run)
{
	struct run_queue queue;
	struct thread a, b;

	run_queue_init(&queue, &idle);
	make(&a, SCHED_NORMAL, 0, 0);
	make(&b, SCHED_NORMAL, 0, 0);
	b.vruntime = 5 * MS;
	run_queue_add(&queue, &b, RUN_NEW);
	queue.current = &a;
	run_queue_add(&queue, &a, RUN_YIELDED);
	CHECK(run_queue_pick(&queue) == &b);
}

TEST(stealing_respects_affinity_and_stacks_in_use)
{
	struct run_queue queue;
	struct thread pinned, leaving, free;

	run_queue_init(&queue, &idle);
	make(&pinned, SCHED_NORMAL, 0, 0);
	make(&leaving, SCHED_NORMAL, 0, 0);
	make(&free, SCHED_NORMAL, 0, 0);
	pinned.affinity = 1;
	leaving.on_cpu = true;
	run_queue_add(&queue, &free, RUN_NEW);
	run_queue_add(&queue, &pinned, RUN_NEW);
	run_queue_add(&queue, &leaving, RUN_NEW);
	CHECK(run_queue_steal(&queue, 1) == &free);
	CHECK(!run_queue_steal(&queue, 1));
	leaving.on_cpu = false;
	CHECK(run_queue_steal(&queue, 1) == &leaving);
	CHECK(run_queue_steal(&queue, 0) == &pinned);
	CHECK_EQ(queue.nr_waiting, 0);
}

/* ---- Random operations against an array. ---- */

#define NR 24

struct model {
	struct run_queue queue;
	struct thread threads[NR];
	bool is_in[NR];
};

static bool goes_before(const struct thread *a, const struct thread *b)
{
	if (run_is_realtime(a) != run_is_realtime(b))
		return run_is_realtime(a);
	if (run_is_realtime(a))
		return a->priority > b->priority;
	return (int64_t)(a->vruntime - b->vruntime) < 0;
}

static void check_pick(struct model *m)
{
	struct thread *picked = run_queue_pick(&m->queue);
	unsigned left = 0;

	for (unsigned i = 0; i < NR; i++) {
		if (!m->is_in[i] || &m->threads[i] == picked)
			continue;
		CHECK(picked && !goes_before(&m->threads[i], picked));
		left++;
	}
	CHECK_EQ(m->queue.nr_waiting, left);
	if (!picked)
		return;
	CHECK(m->is_in[picked - m->threads] && !picked->is_queued);
	m->is_in[picked - m->threads] = false;
	m->queue.current = picked;
	run_queue_charge(&m->queue, picked, test_random() % (20 * MS));
	run_queue_leave(&m->queue, picked);
	m->queue.current = &idle;
}

TEST(model)
{
	static struct model m;

	run_queue_init(&m.queue, &idle);
	for (unsigned i = 0; i < NR; i++) {
		int policy = i % 8 == 7 ? SCHED_FIFO : i % 8 == 6 ? SCHED_RR : SCHED_NORMAL;

		make(&m.threads[i], policy, policy == SCHED_NORMAL ? 0 : (int)(test_random() % 5) + 1, (int)(test_random() % 40) - 20);
	}
	for (unsigned step = 0; step < 200000; step++) {
		unsigned i = (unsigned)(test_random() % NR);
		uint64_t floor = m.queue.floor;

		if (test_random() % 3 == 0) {
			check_pick(&m);
		} else if (m.is_in[i]) {
			run_queue_remove(&m.queue, &m.threads[i]);
			m.is_in[i] = false;
		} else {
			run_queue_add(&m.queue, &m.threads[i], test_random() % 2 ? RUN_WOKEN : RUN_MOVED);
			m.is_in[i] = true;
		}
		CHECK((int64_t)(m.queue.floor - floor) >= 0);
	}
}

TEST_MAIN()
