/* SPDX-License-Identifier: BSD-3-Clause */
/* signal(7): handlers and their flags, masks, queueing, alternate stacks, faults, restarts, waiting, signalfd, timers. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int count, last_signal, last_code, last_value, nested_depth, max_depth, nested_total;
static sigjmp_buf back;

static void show(const char *what, int ret)
{
	printf("%s: %d %s\n", what, ret, ret < 0 ? strerrorname_np(errno) : "");
}

static void handler(int signal, siginfo_t *info, void *context)
{
	count++;
	last_signal = signal;
	last_code = info->si_code;
	last_value = info->si_value.sival_int;
}

static void set(int signal, void (*function)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = function, .sa_flags = flags | SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, NULL);
}

static void order(int signal, siginfo_t *info, void *context)
{
	printf("handled %s%d value %d code %d\n", signal >= SIGRTMIN ? "rt" : "", signal >= SIGRTMIN ? signal - SIGRTMIN : signal, info->si_value.sival_int, info->si_code);
}

static void queueing(void)
{
	sigset_t all, old, pending;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	set(SIGUSR1, handler, 0);
	set(SIGRTMIN, order, 0);
	set(SIGRTMIN + 3, order, 0);
	for (int i = 0; i < 3; i++) {
		raise(SIGUSR1);
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i});
		sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 10 + i});
	}
	sigpending(&pending);
	printf("pending %d %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGRTMIN), sigismember(&pending, SIGUSR2));
	count = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("standard signals count once: %d\n", count);
}

static void nest(int signal, siginfo_t *info, void *context)
{
	nested_depth++;
	if (nested_depth > max_depth)
		max_depth = nested_depth;
	if (nested_total++ < 2)
		raise(signal);
	nested_depth--;
}

static void flags(void)
{
	struct sigaction action;

	set(SIGUSR1, nest, 0);
	raise(SIGUSR1);
	printf("blocked in its handler: depth %d\n", max_depth);
	max_depth = nested_total = 0;
	set(SIGUSR1, nest, SA_NODEFER);
	raise(SIGUSR1);
	printf("SA_NODEFER: depth %d\n", max_depth);
	set(SIGUSR1, handler, (int)SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &action);
	printf("SA_RESETHAND: %d\n", action.sa_handler == SIG_DFL);
	show("SIGKILL", (int)sigaction(SIGKILL, &action, NULL));
	show("number 65", (int)(int)syscall(SYS_rt_sigaction, 65, NULL, NULL, 8));
	printf("kill 0: %d\n", kill(getpid(), 0));
	show("kill nobody", (int)kill(999999, 0));
	show("kill bad", (int)kill(getpid(), 65));
}

static char alternate[65536];

static void on_stack(int signal, siginfo_t *info, void *context)
{
	char here;
	stack_t now;

	sigaltstack(NULL, &now);
	printf("on alternate stack %d flags %d\n", &here > alternate && &here < alternate + sizeof(alternate), now.ss_flags);
	if (signal == SIGSEGV)
		siglongjmp(back, 1);
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static int overflow(int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return overflow(n + 1) + room[0];
}

static void stacks(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;

	show("small stack", (int)sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = 100}, NULL));
	sigaltstack(&stack, NULL);
	sigaltstack(NULL, &old);
	printf("altstack flags %d size %d\n", old.ss_flags, old.ss_size == sizeof(alternate));
	set(SIGUSR1, on_stack, SA_ONSTACK);
	raise(SIGUSR1);
	set(SIGUSR1, on_stack, 0);
	raise(SIGUSR1);
	set(SIGSEGV, on_stack, SA_ONSTACK);
	if (!sigsetjmp(back, 1))
		overflow(0);
	else
		printf("survived a stack overflow\n");
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
}

static void *fault_address;

static void fault(int signal, siginfo_t *info, void *context)
{
	printf("fault %d code %d address %s\n", signal, info->si_code, info->si_addr == fault_address ? "right" : "wrong");
	siglongjmp(back, 1);
}

static void fault_quiet(int signal, siginfo_t *info, void *context)
{
	printf("fault %d code %d\n", signal, info->si_code);
	siglongjmp(back, 1);
}

static void faults(void)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *file = tmpfile();
	char *beyond = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fileno(file), 0);
	volatile int zero = 0, seven = 7;

	set(SIGSEGV, fault, 0);
	set(SIGBUS, fault, 0);
	set(SIGTRAP, handler, 0);
	fault_address = (void *)8;
	if (!sigsetjmp(back, 1))
		*(volatile int *)8 = 1;
	fault_address = page;
	if (!sigsetjmp(back, 1))
		*(volatile char *)page = 1;
	fault_address = beyond;
	if (!sigsetjmp(back, 1))
		printf("%d\n", *(volatile char *)beyond);
	set(SIGFPE, fault_quiet, 0);
	set(SIGILL, fault_quiet, 0);
	if (!sigsetjmp(back, 1))
		last_code = seven / zero;
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ud2");
	__asm__ volatile("int3");
	printf("int3: signal %d code %d\n", last_signal, last_code);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
}

/* A blocked or ignored fault kills. */
static void fatal(void)
{
	int status;

	for (int mode = 0; mode < 3; mode++) {
		pid_t pid = fork();
		sigset_t mask;

		if (!pid) {
			signal(SIGSEGV, mode == 1 ? SIG_IGN : SIG_DFL);
			sigemptyset(&mask);
			sigaddset(&mask, SIGSEGV);
			if (mode == 2)
				sigprocmask(SIG_BLOCK, &mask, NULL);
			*(volatile int *)0 = 1;
			_exit(1);
		}
		waitpid(pid, &status, 0);
		printf("fatal fault: %d\n", WTERMSIG(status));
	}
}

static void alarm_after(int ms)
{
	struct itimerval timer = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void restarts(void)
{
	struct timespec time = {.tv_sec = 5}, left = {0};
	struct pollfd poll_fd;
	int fds[2], ret;
	sigset_t mask;
	char byte;

	if (pipe(fds))
		exit(1);
	set(SIGALRM, handler, 0);
	alarm_after(50);
	ret = (int)read(fds[0], &byte, 1);
	printf("read without SA_RESTART: %d %s\n", ret, strerrorname_np(errno));
	set(SIGALRM, handler, SA_RESTART);
	alarm_after(50);
	if (!fork()) {
		usleep(200000);
		_exit(write(fds[1], "y", 1) != 1);
	}
	ret = (int)read(fds[0], &byte, 1);
	printf("read with SA_RESTART: %d %c\n", ret, byte);
	while (waitpid(-1, NULL, 0) > 0)
		;
	alarm_after(50);
	ret = nanosleep(&time, &left);
	printf("nanosleep: %d %s left %d\n", ret, strerrorname_np(errno), left.tv_sec >= 4);
	alarm_after(50);
	poll_fd = (struct pollfd){.fd = fds[0], .events = POLLIN};
	ret = poll(&poll_fd, 1, 5000);
	printf("poll: %d %s\n", ret, strerrorname_np(errno));
	alarm_after(50);
	ret = pause();
	printf("pause: %d %s\n", ret, strerrorname_np(errno));
	signal(SIGALRM, SIG_IGN);
	alarm_after(50);
	poll_fd.revents = 0;
	ret = poll(&poll_fd, 1, 150);
	printf("poll and an ignored signal: %d\n", ret);
	set(SIGALRM, handler, 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGALRM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	alarm_after(20);
	usleep(60000);
	count = 0;
	sigemptyset(&mask);
	ret = sigsuspend(&mask);
	printf("sigsuspend: %d %s handled %d\n", ret, strerrorname_np(errno), count);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("mask is back: %d\n", sigismember(&mask, SIGALRM));
	alarm_after(20);
	sigemptyset(&mask);
	time.tv_sec = 5;
	ret = ppoll(&poll_fd, 1, &time, &mask);
	printf("ppoll: %d %s handled %d\n", ret, strerrorname_np(errno), count);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("mask is back: %d\n", sigismember(&mask, SIGALRM));
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static void waits(void)
{
	struct timespec time = {.tv_nsec = 30000000};
	struct signalfd_siginfo record;
	siginfo_t info;
	sigset_t mask;
	int fd, ret;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	ret = sigtimedwait(&mask, &info, &time);
	printf("sigtimedwait: %d %s\n", ret, strerrorname_np(errno));
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 77});
	ret = sigwaitinfo(&mask, &info);
	printf("sigwaitinfo: %d value %d code %d pid %d\n", ret == SIGRTMIN + 1, info.si_value.sival_int, info.si_code, info.si_pid == getpid());
	if (!fork()) {
		usleep(50000);
		kill(getppid(), SIGUSR2);
		_exit(0);
	}
	ret = sigwaitinfo(&mask, &info);
	printf("sigwaitinfo of a child: %d code %d\n", ret, info.si_code);
	wait(NULL);
	fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	ret = (int)read(fd, &record, sizeof(record));
	printf("signalfd empty: %d %s\n", ret, strerrorname_np(errno));
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 78});
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	printf("signalfd poll: %d\n", poll(&poll_fd, 1, 1000));
	ret = (int)read(fd, &record, sizeof(record));
	printf("signalfd: %d signal %d value %d\n", ret, (int)record.ssi_signo == SIGRTMIN + 1, record.ssi_int);
	close(fd);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static void registers(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	u->uc_mcontext.gregs[REG_RAX] = 4711;
}

static void contexts(void)
{
	long result;
	double x = 1.5;

	set(SIGUSR1, registers, 0);
	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1) : "rcx", "r11", "memory");
	printf("a handler changed a register: %ld\n", result);
	set(SIGUSR1, handler, 0);
	for (int i = 0; i < 1000; i++) {
		x = x * 1.0000001;
		raise(SIGUSR1);
	}
	printf("floating point survives: %.6f\n", x);
}

static void *raiser(void *thread)
{
	for (int i = 0; i < 2000; i++)
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
	return NULL;
}

static void threads(void)
{
	pthread_t self = pthread_self(), other;
	volatile unsigned long sum = 0, i = 0;

	set(SIGUSR1, handler, SA_RESTART);
	count = 0;
	pthread_create(&other, NULL, raiser, &self);
	for (; pthread_tryjoin_np(other, NULL); i++)
		sum += i;
	printf("interrupted by a thread: %d\n", count > 0 && sum == i * (i - 1) / 2);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	queueing();
	flags();
	stacks();
	faults();
	fatal();
	restarts();
	waits();
	contexts();
	threads();
	return 0;
}
