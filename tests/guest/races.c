/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything at once: processes, threads, signals, pipes, stops and execs that race with each other. Only the totals are printed. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_int signals_seen;

static void count(int signal)
{
	atomic_fetch_add(&signals_seen, 1);
}

/* ---- Workers: each runs in a process of its own and returns 0. ---- */

static int forks(void)
{
	for (int i = 0; i < 60; i++) {
		int status;
		pid_t pid = fork();

		if (!pid)
			_exit(i);
		if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != i)
			return 1;
	}
	return 0;
}

static void *touch(void *memory)
{
	for (int i = 0; i < 64; i++)
		((char *)memory)[i * 4096] = (char)i;
	return NULL;
}

static int threads(void)
{
	for (int i = 0; i < 30; i++) {
		char *memory = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pthread_t other[4];

		for (int k = 0; k < 4; k++)
			pthread_create(&other[k], NULL, touch, memory);
		for (int k = 0; k < 4; k++)
			pthread_join(other[k], NULL);
		if (memory[63 * 4096] != 63 || munmap(memory, 64 * 4096))
			return 1;
	}
	return 0;
}

static int pipes(void)
{
	int to[2], from[2], value = 0;
	pid_t pid;

	if (pipe(to) || pipe(from))
		return 1;
	pid = fork();
	if (!pid) {
		close(to[1]);
		while (read(to[0], &value, sizeof(value)) == sizeof(value)) {
			value++;
			if (write(from[1], &value, sizeof(value)) != sizeof(value))
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 500; i++) {
		if (write(to[1], &value, sizeof(value)) != sizeof(value) || read(from[0], &value, sizeof(value)) != sizeof(value))
			return 1;
	}
	close(to[1]);
	waitpid(pid, NULL, 0);
	return value == 500 ? 0 : 1;
}

static int signal_storm(void)
{
	int sent = 300, status;
	sigset_t mask;
	pid_t pid;

	signals_seen = 0;
	signal(SIGUSR1, count);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	pid = fork();
	if (!pid) {
		for (int i = 0; i < sent; i++)
			kill(getppid(), SIGUSR1);
		kill(getppid(), SIGUSR2);
		_exit(0);
	}
	while (sigwaitinfo(&mask, NULL) != SIGUSR2)
		;
	waitpid(pid, &status, 0);
	return signals_seen > 0 && signals_seen <= sent ? 0 : 1;
}

static int stops(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			getppid();
	}
	for (int i = 0; i < 50; i++) {
		kill(pid, SIGSTOP);
		if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
			return 1;
		kill(pid, SIGCONT);
		if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
			return 1;
	}
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL ? 0 : 1;
}

static void *spin(void *unused)
{
	for (;;)
		sched_yield();
	return NULL;
}

static void *exec_self(void *unused)
{
	execl("/proc/self/exe", "x", "done", NULL);
	_exit(1);
}

static int execs(void)
{
	for (int i = 0; i < 15; i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			pthread_t other;

			for (int k = 0; k < 3; k++)
				pthread_create(&other, NULL, spin, NULL);
			pthread_create(&other, NULL, exec_self, NULL);
			pthread_create(&other, NULL, exec_self, NULL);
			spin(NULL);
		}
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 33)
			return 1;
	}
	return 0;
}

static int kills(void)
{
	for (int i = 0; i < 25; i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			pthread_t other;

			for (int k = 0; k < 4; k++)
				pthread_create(&other, NULL, k % 2 ? spin : (void *(*)(void *))(void *)pause, NULL);
			spin(NULL);
		}
		usleep((unsigned)(i * 300));
		kill(pid, SIGKILL);
		if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
			return 1;
	}
	return 0;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int tokens, taken;

static void *consume(void *unused)
{
	for (;;) {
		pthread_mutex_lock(&mutex);
		while (!tokens)
			pthread_cond_wait(&condition, &mutex);
		tokens--;
		int mine = ++taken;
		pthread_mutex_unlock(&mutex);
		if (mine >= 3000 - 3)
			return NULL;
	}
}

static int conditions(void)
{
	pthread_t other[4];

	for (int k = 0; k < 4; k++)
		pthread_create(&other[k], NULL, consume, NULL);
	for (int i = 0; i < 3000; i++) {
		pthread_mutex_lock(&mutex);
		tokens++;
		pthread_cond_signal(&condition);
		pthread_mutex_unlock(&mutex);
	}
	for (int k = 0; k < 4; k++)
		pthread_join(other[k], NULL);
	return taken == 3000 ? 0 : 1;
}

static int sleeps(void)
{
	struct timespec short_one = {.tv_nsec = 300000};

	for (int i = 0; i < 200; i++)
		nanosleep(&short_one, NULL);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} workers[] = {{"forks", forks}, {"threads", threads}, {"pipes", pipes}, {"signals", signal_storm}, {"stops", stops}, {"execs", execs}, {"kills", kills}, {"conditions", conditions}, {"sleeps", sleeps}};

#define NR_WORKERS (sizeof(workers) / sizeof(workers[0]))

int main(int argc, char **argv)
{
	pid_t pids[NR_WORKERS];

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1)
		return 33;
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < NR_WORKERS; i++) {
			pids[i] = fork();
			if (!pids[i])
				_exit(workers[i].run());
		}
		for (unsigned i = 0; i < NR_WORKERS; i++) {
			int status = -1;

			waitpid(pids[i], &status, 0);
			printf("%s: %#x\n", workers[i].name, status);
		}
	}
	return 0;
}
