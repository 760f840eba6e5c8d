/* SPDX-License-Identifier: BSD-3-Clause */
/* Timer queues with a fake clock, against a plain array. */
#include "kernel/sched/timer_queue.h"
#include "tests/unit/test.h"

#define NR 64

static struct timer_queue queue;
static struct timer timers[NR];
static uint64_t now, fired[NR], last_deadline, period;

static void fire(struct timer *timer)
{
	CHECK(!timer->is_armed && queue.running == timer);
	CHECK(timer->deadline_ns <= now && timer->deadline_ns >= last_deadline);
	last_deadline = timer->deadline_ns;
	fired[timer - timers]++;
	if (period) {
		timer->deadline_ns += period;
		timer_queue_add(&queue, timer);
	}
}

static void start(void)
{
	timer_queue_init(&queue);
	now = last_deadline = period = 0;
	for (unsigned i = 0; i < NR; i++) {
		timers[i] = (struct timer){.fire = fire};
		fired[i] = 0;
	}
}

static uint64_t earliest(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < NR; i++) {
		if (timers[i].is_armed && timers[i].deadline_ns < least)
			least = timers[i].deadline_ns;
	}
	return least;
}

TEST(model)
{
	start();
	for (unsigned step = 0; step < 100000; step++) {
		struct timer *timer = &timers[test_random() % NR];
		bool was_armed = timer->is_armed, is_running;

		if (test_random() % 8 == 0) {
			now += test_random() % 50;
			last_deadline = 0;
			timer_queue_run(&queue, now, NR);
			CHECK(earliest() > now);
		} else if (was_armed) {
			CHECK(timer_queue_remove(&queue, timer, &is_running) && !is_running);
		} else {
			uint64_t before = earliest();

			timer->deadline_ns = now + 1 + test_random() % 200;
			CHECK_EQ(timer_queue_add(&queue, timer), timer->deadline_ns < before);
		}
		CHECK_EQ(queue.next_ns, earliest());
		CHECK(!timer_queue_remove(&queue, &(struct timer){.fire = fire}, &is_running));
	}
}

static void fire_and_look(struct timer *timer)
{
	bool is_running;

	CHECK(!timer_queue_remove(&queue, timer, &is_running) && is_running);
	timer->deadline_ns += 10;
	timer_queue_add(&queue, timer);
	CHECK(timer_queue_remove(&queue, timer, &is_running) && is_running);
}

TEST(one_that_runs_is_known_to_run)
{
	bool is_running;

	start();
	timers[0] = (struct timer){.fire = fire_and_look, .deadline_ns = 5};
	timer_queue_add(&queue, &timers[0]);
	CHECK_EQ(timer_queue_run(&queue, 5, NR), 1);
	CHECK(!timer_queue_remove(&queue, &timers[0], &is_running) && !is_running);
}

TEST(equal_deadlines_fire_in_order_of_arming)
{
	start();
	for (unsigned i = 0; i < 5; i++) {
		timers[i].deadline_ns = 7;
		timer_queue_add(&queue, &timers[i]);
	}
	now = 7;
	for (unsigned i = 0; i < 5; i++) {
		CHECK_EQ(timer_queue_run(&queue, now, 1), 1);
		CHECK_EQ(fired[i], 1);
	}
}

TEST(a_timer_that_always_comes_due_again_cannot_hold_the_cpu)
{
	start();
	period = 1;
	timers[0].deadline_ns = 1;
	timer_queue_add(&queue, &timers[0]);
	now = 1000000;
	CHECK_EQ(timer_queue_run(&queue, now, 64), 64);
	CHECK_EQ(fired[0], 64);
	CHECK_EQ(queue.next_ns, 65);
}

TEST_MAIN()
