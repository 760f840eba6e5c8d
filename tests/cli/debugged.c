/* SPDX-License-Identifier: BSD-3-Clause */
/* What debuggers are let loose on (debuggers.test). */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int counter;
double ratio = 1.5;
volatile int threads_run;

int add(int a, int b)
{
	int sum = a + b;

	counter += sum;
	return sum;
}

static void *in_thread(void *argument)
{
	threads_run++;
	for (;;)
		pause();
	return argument;
}

static void on_signal(int signal)
{
	if (write(1, "handled\n", 8) != 8)
		_exit(1);
}

static int plain(int argc)
{
	int total = 0;

	for (int i = 0; i < 3; i++)
		total += add(i, argc);
	printf("total %d counter %d\n", total, counter);
	return 3;
}

static void calls(void)
{
	int status;
	pid_t pid;

	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	close(-1);
	pid = fork();
	if (!pid)
		_exit(7);
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void crash(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, in_thread, NULL);
	while (!threads_run)
		usleep(1000);
	usleep(50000);
	*(volatile int *)16 = 1;
}

static void sleep_long(void)
{
	puts("sleeping");
	fflush(stdout);
	for (int i = 0; i < 600; i++)
		usleep(50000);
}

static void *adds(void *argument)
{
	for (;;) {
		add((int)(long)argument, 1);
		usleep(5000);
	}
	return argument;
}

static void many_threads(void)
{
	pthread_t thread;

	for (long i = 0; i < 5; i++)
		pthread_create(&thread, NULL, adds, (void *)i);
	sleep_long();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "calls"))
		calls();
	else if (!strcmp(what, "crash"))
		crash();
	else if (!strcmp(what, "sleep"))
		sleep_long();
	else if (!strcmp(what, "threads"))
		many_threads();
	else if (!strcmp(what, "exec"))
		execl("/proc/self/exe", "again", NULL);
	return plain(argc);
}
