/* SPDX-License-Identifier: BSD-3-Clause */
/* futex(2): locks that lend priority (FUTEX_LOCK_PI and its like), condition variables with them (FUTEX_WAIT_REQUEUE_PI), owners that die, circles. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

static long futex(uint32_t *word, int operation, uint32_t value, const void *timeout, uint32_t *second, uint32_t third)
{
	return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

/* The word without the thread id, and whose id it is. */
static void show_word(const char *what, const uint32_t *word, int tid)
{
	uint32_t value = __atomic_load_n(word, __ATOMIC_SEQ_CST);

	printf("%s: flags %#x, owner %s\n", what, value & ~FUTEX_TID_MASK, !(value & FUTEX_TID_MASK) ? "nobody" : (int)(value & FUTEX_TID_MASK) == tid ? "as expected" : "another");
}

/* Until the thread sleeps in the kernel. */
static void wait_until_asleep(int tid)
{
	char path[64], text[512], state = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	while (state != 'S') {
		FILE *file = fopen(path, "r");
		struct timespec time = {0, 1000000};

		if (file && fgets(text, sizeof(text), file) && strrchr(text, ')'))
			state = strrchr(text, ')')[2];
		if (file)
			fclose(file);
		nanosleep(&time, NULL);
	}
}

static struct timespec soon(clockid_t clock, int ms)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_nsec += ms * 1000000L;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

struct worker {
	pthread_t thread;
	uint32_t *word, *second;
	int tid; /* once it runs */
	int result, error;
	int got; /* order in which they got it */
	bool exits_as_owner, goes_on;
	int priority;
};

static int nr_got;

static int start(struct worker *w, void *(*run)(void *))
{
	pthread_create(&w->thread, NULL, run, w);
	while (!__atomic_load_n(&w->tid, __ATOMIC_SEQ_CST))
		usleep(1000); /* it may be of lower priority */
	return w->tid;
}

static void *lock_and_unlock(void *argument)
{
	struct worker *w = argument;

	if (w->priority)
		sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){w->priority});
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_SEQ_CST);
	w->result = (int)futex(w->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	w->error = errno;
	w->got = __atomic_add_fetch(&nr_got, 1, __ATOMIC_SEQ_CST);
	if (!w->exits_as_owner && !w->result)
		futex(w->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void *lock_and_hold(void *argument)
{
	struct worker *w = argument;

	w->result = (int)futex(w->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&w->goes_on, __ATOMIC_SEQ_CST))
		usleep(1000);
	if (!w->exits_as_owner)
		futex(w->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void test_alone(void)
{
	uint32_t word = 0;
	struct timespec bad = {0, 2000000000}, past = {1, 0};

	printf("-- alone\n");
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	show_word("locked", &word, gettid());
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	show_word("unlocked", &word, 0);
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_LOCK_PI2 | FUTEX_PRIVATE_FLAG, 0, &past, NULL, 0)); /* free: it does not wait */
	SHOW(futex(&word, FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, &bad, NULL, 0));
	SHOW(futex((uint32_t *)((char *)&word + 1), FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(NULL, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(NULL, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	word = 0x3ffffff0; /* no such thread */
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	word = FUTEX_OWNER_DIED;
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	show_word("of a dead one", &word, gettid());
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &past, NULL, 0));
	SHOW(futex(&word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_REQUEUE, -1, NULL, &word, 0));
}

static void test_handover(void)
{
	uint32_t word = 0;
	struct worker w[3] = {{.word = &word}, {.word = &word}, {.word = &word}};

	printf("-- handed over\n");
	nr_got = 0;
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	for (int i = 0; i < 3; i++)
		wait_until_asleep(start(&w[i], lock_and_unlock));
	show_word("waited for", &word, gettid());
	SHOW(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	for (int i = 0; i < 3; i++) {
		pthread_join(w[i].thread, NULL);
		printf("result %d, as number %d\n", w[i].result, w[i].got);
	}
	show_word("at last", &word, 0);
}

static void test_timeout(void)
{
	uint32_t word = 0;
	struct worker holder = {.word = &word};
	struct timespec time;

	printf("-- timeouts\n");
	start(&holder, lock_and_hold);
	SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
	show_word("tried", &word, holder.tid);
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	time = soon(CLOCK_REALTIME, 20);
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, &time, NULL, 0));
	time = soon(CLOCK_MONOTONIC, 20);
	SHOW(futex(&word, FUTEX_LOCK_PI2, 0, &time, NULL, 0));
	time = soon(CLOCK_REALTIME, 20);
	SHOW(futex(&word, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &time, NULL, 0));
	show_word("after", &word, holder.tid);
	__atomic_store_n(&holder.goes_on, true, __ATOMIC_SEQ_CST);
	pthread_join(holder.thread, NULL);
	show_word("unlocked", &word, 0);
}

/* The owner ends with it: who waits gets it, and is told. */
static void test_death(void)
{
	uint32_t word = 0;
	struct worker holder = {.word = &word, .exits_as_owner = true}, waiter = {.word = &word, .exits_as_owner = true}, last = {.word = &word, .exits_as_owner = true};

	printf("-- the owner dies\n");
	start(&holder, lock_and_hold);
	wait_until_asleep(start(&waiter, lock_and_unlock));
	wait_until_asleep(start(&last, lock_and_unlock));
	__atomic_store_n(&holder.goes_on, true, __ATOMIC_SEQ_CST);
	pthread_join(holder.thread, NULL);
	pthread_join(waiter.thread, NULL);
	pthread_join(last.thread, NULL);
	printf("results %d %d\n", waiter.result, last.result);
	show_word("now", &word, last.tid);
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0)); /* nobody's, but its word names one */
}

/* A process is killed with it, in memory that it shares with us. */
static void test_killed(void)
{
	uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct worker waiter = {.word = word, .exits_as_owner = true};
	pid_t child;

	printf("-- the owner is killed\n");
	child = fork();
	if (!child) {
		futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
		__atomic_store_n(&word[1], 1, __ATOMIC_SEQ_CST);
		for (;;)
			pause();
	}
	while (!__atomic_load_n(&word[1], __ATOMIC_SEQ_CST))
		usleep(1000);
	wait_until_asleep(start(&waiter, lock_and_unlock));
	show_word("before", word, child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	pthread_join(waiter.thread, NULL);
	printf("result %d\n", waiter.result);
	show_word("after", word, waiter.tid);
	munmap(word, 4096);
}

/* Each has one and wants the other's. */
static void *lock_both(void *argument)
{
	struct worker *w = argument;

	futex(w->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_SEQ_CST);
	w->result = (int)futex(w->second, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	futex(w->second, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	futex(w->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void test_circle(void)
{
	uint32_t a = 0, b = 0, c = 0;
	struct worker first = {.word = &a, .second = &b}, second = {.word = &b, .second = &c};

	printf("-- a circle\n");
	SHOW(futex(&c, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	wait_until_asleep(start(&second, lock_both));
	wait_until_asleep(start(&first, lock_both));
	SHOW(futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&c, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	pthread_join(first.thread, NULL);
	pthread_join(second.thread, NULL);
	printf("results %d %d, words %u %u %u\n", first.result, second.result, a, b, c);
}

/* ---- With a condition ---- */

static void *wait_for_condition(void *argument)
{
	struct worker *w = argument;

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_SEQ_CST);
	w->result = (int)futex(w->word, FUTEX_WAIT_REQUEUE_PI, 7, NULL, w->second, 0);
	w->error = errno;
	w->got = __atomic_add_fetch(&nr_got, 1, __ATOMIC_SEQ_CST);
	if (!w->result)
		futex(w->second, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void join_all(struct worker *w, int nr)
{
	for (int i = 0; i < nr; i++) {
		pthread_join(w[i].thread, NULL);
		printf("result %d%s, as number %d\n", w[i].result, w[i].result ? strerrorname_np(w[i].error) : "", w[i].got);
	}
}

static void test_requeue(bool is_held)
{
	uint32_t condition = 7, mutex = 0;
	struct worker w[3];

	printf("-- a condition, its mutex %s\n", is_held ? "held" : "free");
	nr_got = 0;
	for (int i = 0; i < 3; i++) {
		w[i] = (struct worker){.word = &condition, .second = &mutex};
		wait_until_asleep(start(&w[i], wait_for_condition));
	}
	if (is_held)
		SHOW(futex(&mutex, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&condition, FUTEX_WAKE, 1, NULL, NULL, 0));
	SHOW(futex(&condition, FUTEX_REQUEUE, 1, NULL, &mutex, 0));
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)10, &mutex, 6));
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 2, (void *)10, &mutex, 7));
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)10, &condition, 7));
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &mutex, 7)); /* two of them */
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)0, &mutex, 7)); /* the third */
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)10, &mutex, 7));
	if (is_held)
		SHOW(futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	join_all(w, 3);
	show_word("mutex", &mutex, 0);
}

static void test_requeue_errors(void)
{
	uint32_t condition = 7, mutex = 0;
	struct timespec time;

	printf("-- conditions: errors\n");
	SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI, 6, NULL, &mutex, 0));
	SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI, 7, NULL, &condition, 0));
	SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI, 7, NULL, NULL, 0));
	time = soon(CLOCK_MONOTONIC, 20);
	SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI, 7, &time, &mutex, 0));
	time = soon(CLOCK_REALTIME, 20);
	SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI | FUTEX_CLOCK_REALTIME, 7, &time, &mutex, 0));
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, NULL, &mutex, 7));
}

static void on_signal(int signal)
{
}

/* Interrupted at the mutex it comes back, but not as the owner. */
static void test_requeue_signal(void)
{
	uint32_t condition = 7, mutex = 0;
	struct worker w = {.word = &condition, .second = &mutex};

	printf("-- a condition and a signal\n");
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL);
	wait_until_asleep(start(&w, wait_for_condition));
	SHOW(futex(&mutex, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, NULL, &mutex, 7));
	pthread_kill(w.thread, SIGUSR1);
	pthread_join(w.thread, NULL);
	printf("result %d, %s\n", w.result, strerrorname_np(w.error));
	SHOW(futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	/* At a lock it waits on, whatever the handler wants. */
	w = (struct worker){.word = &mutex};
	SHOW(futex(&mutex, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	wait_until_asleep(start(&w, lock_and_unlock));
	pthread_kill(w.thread, SIGUSR1);
	usleep(20000);
	wait_until_asleep(w.tid);
	SHOW(futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	pthread_join(w.thread, NULL);
	printf("result %d\n", w.result);
}

/* ---- Priorities. All on one CPU: whoever has the highest runs alone. ---- */

static void test_order(void)
{
	uint32_t word = 0;
	struct worker w[3] = {{.word = &word, .priority = 3}, {.word = &word, .priority = 7}, {.word = &word, .priority = 5}};

	printf("-- the highest priority first\n");
	nr_got = 0;
	SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	for (int i = 0; i < 3; i++)
		wait_until_asleep(start(&w[i], lock_and_unlock));
	SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	join_all(w, 3);
}

static uint32_t lent_word, chained_word;
static bool is_done, was_in_vain;

static void be(int priority)
{
	sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &(struct sched_param){priority});
}

/* Wants what one of low priority has. */
static void *want(void *argument)
{
	be(20);
	if (futex(&lent_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0))
		perror("lock");
	__atomic_store_n(&is_done, true, __ATOMIC_SEQ_CST);
	futex(&lent_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

/* Would keep all lower ones from running, until that one has what it wants. */
static void *hinder(void *argument)
{
	struct timespec begin, now;

	be(10);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > begin.tv_sec + 20)
			__atomic_store_n(&was_in_vain, true, __ATOMIC_SEQ_CST);
	} while (!__atomic_load_n(&is_done, __ATOMIC_SEQ_CST) && !was_in_vain);
	return NULL;
}

static void *hold_lent(void *argument)
{
	struct worker *w = argument;

	be(2);
	futex(&lent_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_SEQ_CST);
	if (w->second)
		futex(w->second, FUTEX_LOCK_PI, 0, NULL, NULL, 0); /* the main thread's: waits */
	if (w->second)
		futex(w->second, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	futex(&lent_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

/* The main thread, of priority 1 then, has the lock (chained: waits behind it have one that has the lock). */
static void test_lending(bool is_chained)
{
	struct worker holder = {.second = &chained_word};
	uint32_t *mine = is_chained ? &chained_word : &lent_word;
	pthread_t high, middle;

	printf("-- lent%s\n", is_chained ? " along a chain" : "");
	is_done = was_in_vain = false;
	be(50);
	SHOW(futex(mine, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
	if (is_chained)
		wait_until_asleep(start(&holder, hold_lent));
	pthread_create(&high, NULL, want, NULL);
	pthread_create(&middle, NULL, hinder, NULL);
	be(1); /* now they run; without what is lent we would not before the middle one's end */
	SHOW(futex(mine, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	SHOW(sched_getscheduler(0) == SCHED_FIFO);
	pthread_join(high, NULL);
	pthread_join(middle, NULL);
	if (is_chained)
		pthread_join(holder.thread, NULL);
	be(0);
	printf("in vain: %d\n", was_in_vain);
}

int main(void)
{
	cpu_set_t one;

	setvbuf(stdout, NULL, _IOLBF, 0);
	test_alone();
	test_handover();
	test_timeout();
	test_death();
	test_killed();
	test_circle();
	test_requeue(false);
	test_requeue(true);
	test_requeue_errors();
	test_requeue_signal();
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	test_order();
	test_lending(false);
	test_lending(true);
	return 0;
}
