/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads and futex(2): mutexes, conditions, barriers, joins, timeouts, requeueing, WAKE_OP, bitsets, shared memory between processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NR_THREADS 8
#define ROUNDS	   20000

static long futex(void *address, int operation, unsigned value, const void *timeout, void *second, unsigned third)
{
	return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static void show(const char *what, long ret)
{
	printf("%s: %ld %s\n", what, ret, ret < 0 ? strerrorname_np(errno) : "");
}

/* ---- Mutexes, conditions, barriers. ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, turns[NR_THREADS];
static int turn;

static void *add(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return (void *)counter;
}

static void *take_turns(void *which)
{
	long own = (long)which;

	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != own)
			pthread_cond_wait(&condition, &mutex);
		turns[own]++;
		turn = (turn + 1) % NR_THREADS;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *meet(void *serials)
{
	for (int i = 0; i < 100; i++) {
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			atomic_fetch_add((atomic_int *)serials, 1);
	}
	return NULL;
}

static void together(void *(*function)(void *), void *argument, int numbered)
{
	pthread_t threads[NR_THREADS];

	for (long i = 0; i < NR_THREADS; i++)
		pthread_create(&threads[i], NULL, function, numbered ? (void *)i : argument);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void primitives(void)
{
	atomic_int serials = 0;
	long total = 0;

	together(add, NULL, 0);
	printf("mutex: %ld\n", counter);
	together(take_turns, NULL, 1);
	for (int i = 0; i < NR_THREADS; i++)
		total += turns[i];
	printf("turns: %ld of each %ld\n", total, turns[3]);
	pthread_barrier_init(&barrier, NULL, NR_THREADS);
	together(meet, &serials, 0);
	printf("barriers: %d\n", serials);
}

/* ---- The call itself. ---- */

static unsigned word, second_word;
static atomic_int woken;

/* Threads that said that they wait now: their ids, 0 behind the last. */
static atomic_int waiting[8];
static atomic_int nr_waiting;

static void *wait_on_word(void *bitset)
{
	waiting[atomic_fetch_add(&nr_waiting, 1)] = gettid();
	if (futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (unsigned)(long)bitset) == 0)
		atomic_fetch_add(&woken, 1);
	return NULL;
}

static int is_asleep(int tid)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	stat = fopen(path, "r");
	if (!stat)
		return 0;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(stat);
	return state == 'S';
}

/* Starts sleepers on `word` and waits until they sleep, seen so twice, however loaded the machine is. */
static void sleepers(pthread_t *threads, int count, unsigned bitset)
{
	int seen = 0;

	nr_waiting = 0;
	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, wait_on_word, (void *)(long)bitset);
	for (int tries = 0; seen < 2 && tries < 1000; tries++) {
		int asleep = 0;

		usleep(10000);
		for (int i = 0; nr_waiting == count && i < count; i++)
			asleep += is_asleep(waiting[i]);
		seen = asleep == count ? seen + 1 : 0;
	}
}

static double seconds(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void timeouts(void)
{
	struct timespec time = {.tv_nsec = 50000000};
	double start = seconds(CLOCK_MONOTONIC);
	long ret;

	show("wrong value", futex(&word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
	ret = futex(&word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0);
	show("relative timeout", ret);
	printf("took long enough: %d\n", seconds(CLOCK_MONOTONIC) - start >= 0.05);
	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_nsec += 30000000;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	show("absolute timeout", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &time, NULL, ~0u));
	clock_gettime(CLOCK_REALTIME, &time);
	show("realtime, over", futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &time, NULL, ~0u));
	time.tv_nsec = 1000000000;
	show("bad timeout", futex(&word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0));
	show("no bits", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0));
	show("not aligned", futex((char *)&word + 1, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
	show("no memory", futex((void *)16, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
	show("no operation", futex(&word, 99, 0, NULL, NULL, 0));
	show("nobody to wake", futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
}

static void operations(void)
{
	pthread_t threads[6];

	sleepers(threads, 3, 1);
	sleepers(threads + 3, 3, 2);
	show("wake bit 4", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 4));
	show("wake bit 2", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 2));
	show("wake one", futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	show("compare", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10, &second_word, 5));
	show("requeue", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10, &second_word, 0));
	show("none left", futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
	show("the moved one", futex(&second_word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	printf("woken %d\n", woken);
	sleepers(threads, 2, 1);
	second_word = 5;
	show("wake op", futex(&second_word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)10, &word, FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0)));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	show("wake op 2", futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)10, &second_word, FUTEX_OP(FUTEX_OP_OR, 8, FUTEX_OP_CMP_GT, 100)));
	printf("second word %u\n", second_word);
}

/* ---- Between processes. ---- */

static void shared(void)
{
	sem_t *semaphores = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long *sum = (long *)(semaphores + 2);

	sem_init(&semaphores[0], 1, 0);
	sem_init(&semaphores[1], 1, 0);
	if (!fork()) {
		for (int i = 0; i < 1000; i++) {
			sem_wait(&semaphores[0]);
			*sum += i;
			sem_post(&semaphores[1]);
		}
		_exit(0);
	}
	for (int i = 0; i < 1000; i++) {
		sem_post(&semaphores[0]);
		sem_wait(&semaphores[1]);
	}
	wait(NULL);
	printf("ping-pong between processes: %ld\n", *sum);
}

/* ---- Threads' life. ---- */

static void *answer(void *question)
{
	return (void *)((long)question * 2);
}

static void *linger(void *unused)
{
	usleep(30000);
	return NULL;
}

static void lives(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	long total = 0;
	void *result;

	for (long i = 0; i < 500; i++) {
		pthread_create(&thread, NULL, answer, (void *)i);
		pthread_join(thread, &result);
		total += (long)result;
	}
	printf("500 threads: %ld\n", total);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 50; i++)
		pthread_create(&thread, &attributes, linger, NULL);
	pthread_create(&thread, NULL, linger, NULL);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("cancelled: %d\n", result == PTHREAD_CANCELED);
	printf("tid is pid: %d\n", syscall(SYS_gettid) == getpid());
}

static void *leave_last(void *unused)
{
	usleep(50000);
	printf("the process outlives its first thread\n");
	_exit(12);
}

static void first_thread_ends(void)
{
	pthread_t thread;
	int status;
	pid_t pid = fork();

	if (!pid) {
		pthread_create(&thread, NULL, leave_last, NULL);
		pthread_exit(NULL);
	}
	waitpid(pid, &status, 0);
	printf("status %d\n", WEXITSTATUS(status));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	primitives();
	timeouts();
	operations();
	shared();
	lives();
	first_thread_ends();
	return 0;
}
