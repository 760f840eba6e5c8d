/* SPDX-License-Identifier: BSD-3-Clause */
/* Robust and priority-inheriting mutexes: a dying owner, in the same process and in another (get_robust_list(2)). */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t *new_mutex(int robust, int shared, int protocol)
{
	pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	if (robust)
		pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	if (shared)
		pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setprotocol(&attributes, protocol);
	pthread_mutex_init(mutex, &attributes);
	return mutex;
}

static void *die_with(void *mutex)
{
	pthread_mutex_lock(mutex);
	return NULL;
}

static const char *name(int error)
{
	return error ? strerrorname_np(error) : "0";
}

static void by_thread(void)
{
	pthread_mutex_t *mutex = new_mutex(1, 0, PTHREAD_PRIO_NONE);
	pthread_t thread;

	pthread_create(&thread, NULL, die_with, mutex);
	pthread_join(thread, NULL);
	printf("owner died: %s\n", name(pthread_mutex_lock(mutex)));
	printf("consistent: %s\n", name(pthread_mutex_consistent(mutex)));
	printf("unlock: %s\n", name(pthread_mutex_unlock(mutex)));
	printf("lock: %s\n", name(pthread_mutex_lock(mutex)));
	printf("trylock of one's own: %s\n", name(pthread_mutex_trylock(mutex)));
	pthread_mutex_unlock(mutex);
}

/* The waiter sleeps when the owner is killed. */
static void by_process(int how)
{
	pthread_mutex_t *mutex = new_mutex(1, 1, PTHREAD_PRIO_NONE);
	pid_t owner = fork(), waiter;
	int status;

	if (!owner) {
		pthread_mutex_lock(mutex);
		usleep(100000);
		if (how == 0)
			_exit(0);
		if (how == 1)
			raise(SIGKILL);
		execl("/proc/self/exe", "x", "exit", NULL);
		_exit(1);
	}
	usleep(30000);
	waiter = fork();
	if (!waiter)
		_exit(pthread_mutex_lock(mutex));
	waitpid(owner, &status, 0);
	waitpid(waiter, &status, 0);
	printf("owner ended by %s: waiter got %s\n", how == 0 ? "exit" : how == 1 ? "a signal" : "exec", name(WEXITSTATUS(status)));
	printf("unlocked without making it consistent: %s\n", name(pthread_mutex_lock(mutex)));
}

static long counter;

static void *count(void *mutex)
{
	for (int i = 0; i < 5000; i++) {
		pthread_mutex_lock(mutex);
		counter++;
		pthread_mutex_unlock(mutex);
	}
	return NULL;
}

static void inheriting(void)
{
	pthread_mutex_t *mutex = new_mutex(0, 0, PTHREAD_PRIO_INHERIT);
	struct timespec time;
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, count, mutex);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("priority inheritance: %ld\n", counter);
	pthread_mutex_lock(mutex);
	clock_gettime(CLOCK_REALTIME, &time);
	if (!fork())
		_exit(0);
	wait(NULL);
	pthread_mutex_unlock(mutex);
	printf("lock: %s\n", name(pthread_mutex_timedlock(mutex, &time)));
}

static void lists(void)
{
	void *head = NULL;
	size_t size = 0;

	printf("get: %ld\n", syscall(SYS_get_robust_list, 0, &head, &size));
	printf("size %zu head %d\n", size, head != NULL);
	printf("bad size: %ld %s\n", syscall(SYS_set_robust_list, head, 23), "EINVAL");
	printf("nobody: %ld\n", syscall(SYS_get_robust_list, 999999, &head, &size));
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1)
		return 0;
	by_thread();
	by_process(0);
	by_process(1);
	by_process(2);
	inheriting();
	lists();
	return 0;
}
