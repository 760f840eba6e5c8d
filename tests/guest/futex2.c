/* futex_waitv(2) and the calls of the second futex interface. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

enum { WAITV = 449, WAKE2 = 454, WAIT2 = 455, REQUEUE2 = 456, U32 = 2, PRIVATE = 128 };

struct waitv {
	uint64_t value, address;
	uint32_t flags, reserved;
};

static uint32_t words[130];
static struct waitv wanted[130];

static void want_all(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		wanted[i] = (struct waitv){.value = words[i], .address = (uintptr_t)&words[i], .flags = U32 | PRIVATE};
}

static struct timespec in_ms(int clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static long result;

static void *wait_for_three(void *unused)
{
	want_all(3);
	result = syscall(WAITV, wanted, 3, 0, NULL, 0);
	return NULL;
}

static void *wait_for_one(void *word)
{
	return (void *)syscall(WAIT2, word, 0, -1u, U32 | PRIVATE, NULL, CLOCK_MONOTONIC);
}

/* Wakes until somebody was woken. */
static void wake(uint32_t *word)
{
	while (syscall(WAKE2, word, -1u, 1, U32 | PRIVATE) != 1)
		usleep(1000);
}

static void test_waking(void)
{
	pthread_t thread;

	for (unsigned i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, wait_for_three, NULL);
		wake(&words[i]);
		pthread_join(thread, NULL);
		printf("woken by word %ld\n", result);
	}
	pthread_create(&thread, NULL, wait_for_three, NULL);
	while (syscall(SYS_futex, &words[1], FUTEX_WAKE_PRIVATE, 1) != 1)
		usleep(1000);
	pthread_join(thread, NULL);
	printf("woken by the old call at word %ld\n", result);
}

static void test_shared(void)
{
	uint32_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct waitv two[2] = {{.address = (uintptr_t)&shared[0], .flags = U32}, {.address = (uintptr_t)&shared[1], .flags = U32}};
	int status = 0;

	if (!fork())
		_exit((int)syscall(WAITV, two, 2, 0, NULL, 0) + 40);
	while (syscall(WAKE2, &shared[1], -1u, 1, U32) != 1)
		usleep(1000);
	wait(&status);
	printf("the child of another process ended with %d\n", WEXITSTATUS(status));
}

static void test_requeue(void)
{
	struct waitv two[2];
	pthread_t threads[3];
	long moved = 0;

	for (unsigned i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, wait_for_one, &words[0]);
	want_all(2);
	memcpy(two, wanted, sizeof(two));
	while (moved < 3) {
		long n = syscall(REQUEUE2, two, 0, 0, 3);

		if (n < 0)
			break;
		moved += n;
	}
	printf("moved %ld\n", moved);
	two[0].value = 7;
	SHOW(syscall(REQUEUE2, two, 0, 1, 1));
	printf("woken %ld\n", syscall(WAKE2, &words[1], -1u, 10, U32 | PRIVATE));
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static void on_signal(int signal)
{
}

static void test_interruption(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct timespec t;

	sigaction(SIGALRM, &action, NULL);
	want_all(2);
	ualarm(20000, 0);
	SHOW(syscall(WAITV, wanted, 2, 0, NULL, 0));
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	t = in_ms(CLOCK_MONOTONIC, 60);
	ualarm(20000, 0);
	SHOW(syscall(WAITV, wanted, 2, 0, &t, CLOCK_MONOTONIC));
}

static void test_arguments(void)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 5), real = in_ms(CLOCK_REALTIME, 5), bad = {0, -1};
	char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	want_all(130);
	SHOW(syscall(WAITV, wanted, 2, 0, &t, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, wanted, 128, 0, &real, CLOCK_REALTIME));
	SHOW(syscall(WAITV, wanted, 129, 0, &t, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, wanted, 0, 0, NULL, 0));
	SHOW(syscall(WAITV, NULL, 1, 0, NULL, 0));
	SHOW(syscall(WAITV, wanted, 1, 1, NULL, 0));
	SHOW(syscall(WAITV, wanted, 1, 0, &t, CLOCK_BOOTTIME));
	SHOW(syscall(WAITV, wanted, 1, 0, &bad, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, wanted, 1, 0, page, CLOCK_MONOTONIC));
	SHOW(syscall(WAITV, page, 1, 0, NULL, 0));
	wanted[1].value = 1;
	SHOW(syscall(WAITV, wanted, 2, 0, NULL, 0));
	wanted[1].value = 1ull << 32;
	SHOW(syscall(WAITV, wanted, 2, 0, NULL, 0));
	wanted[1] = (struct waitv){.address = (uintptr_t)page, .flags = U32 | PRIVATE};
	SHOW(syscall(WAITV, wanted, 2, 0, NULL, 0));
	wanted[1].flags = 3 | PRIVATE;
	SHOW(syscall(WAITV, wanted, 2, 0, NULL, 0));
	wanted[1] = (struct waitv){.address = (uintptr_t)&words[1] + 1, .flags = U32 | PRIVATE};
	SHOW(syscall(WAITV, wanted, 2, 0, NULL, 0));
	wanted[1].reserved = 1;
	SHOW(syscall(WAITV, wanted, 2, 0, NULL, 0));
	SHOW(syscall(WAKE2, &words[0], 0, 1, U32 | PRIVATE));
	SHOW(syscall(WAKE2, &words[0], 1ull << 32, 1, U32 | PRIVATE));
	SHOW(syscall(WAKE2, &words[0], -1u, 0, U32 | PRIVATE));
	SHOW(syscall(WAKE2, &words[0], -1u, 1, 0));
	SHOW(syscall(WAKE2, (char *)words + 1, -1u, 1, U32));
	SHOW(syscall(WAKE2, page, -1u, 1, U32));
	SHOW(syscall(WAIT2, &words[0], 1, -1u, U32 | PRIVATE, NULL, 0));
	SHOW(syscall(WAIT2, &words[0], 0, 0, U32 | PRIVATE, NULL, 0));
	SHOW(syscall(WAIT2, &words[0], 0, -1u, U32 | PRIVATE, &t, CLOCK_MONOTONIC));
	SHOW(syscall(WAIT2, &words[0], 0, -1u, U32 | PRIVATE, &t, 9));
	want_all(2);
	SHOW(syscall(REQUEUE2, wanted, 1, 1, 1));
	SHOW(syscall(REQUEUE2, NULL, 0, 1, 1));
	SHOW(syscall(REQUEUE2, wanted, 0, -1, 1));
	SHOW(syscall(REQUEUE2, wanted, 0, 1, 1));
}

int main(void)
{
	test_waking();
	test_shared();
	test_requeue();
	test_interruption();
	test_arguments();
	return 0;
}
