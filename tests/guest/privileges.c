/* SPDX-License-Identifier: BSD-3-Clause */
/* What is kept beside the ids: securebits, what setfsuid takes, defaults of children; who is meant by a thread's id; pidfds that do not wait. */
#define _GNU_SOURCE
#include "show.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void in_child(void (*run)(void))
{
	fflush(stdout);
	if (!fork()) {
		run();
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static long effective(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	return data[0].effective & (1 << CAP_DAC_OVERRIDE | 1 << CAP_CHOWN | 1 << CAP_SETUID | 1 << CAP_KILL);
}

static void secure_bits(void)
{
	SHOW(prctl(PR_GET_SECUREBITS));
	SHOW(prctl(PR_SET_SECUREBITS, 1 << 20));
	SHOW(prctl(PR_SET_SECUREBITS, 16));
	SHOW(prctl(PR_GET_KEEPCAPS));
	SHOW(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
	SHOW(prctl(PR_GET_SECUREBITS));
	SHOW(prctl(PR_SET_SECUREBITS, 0x30));
	SHOW(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x30 | 4 | 64));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	SHOW(setresuid(1000, 1000, 1000));
	printf("fixed: %lx\n", effective());
	SHOW(setresuid(0, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x30 | 64));
	SHOW(setresuid(1000, 1000, 1000));
	printf("dropped: %lx\n", effective());
	SHOW(prctl(PR_SET_SECUREBITS, 0x30));
}

static void file_ids(void)
{
	int fd = open("/tmp/privileges.secret", O_CREAT | O_RDWR, 0600);

	close(fd);
	SHOW(setfsuid(1000));
	printf("left: %lx\n", effective());
	SHOW(open("/tmp/privileges.secret", O_RDWR));
	SHOW(setfsuid(0));
	printf("back: %lx\n", effective());
	SHOW_OK(open("/tmp/privileges.secret", O_RDWR));
	unlink("/tmp/privileges.secret");
}

static void show_slack(void)
{
	printf("slack %d\n", prctl(PR_GET_TIMERSLACK));
	prctl(PR_SET_TIMERSLACK, 0);
	printf("default %d\n", prctl(PR_GET_TIMERSLACK));
}

static void values(void)
{
	struct timeval left = {0, 20000};

	prctl(PR_SET_TIMERSLACK, 70000);
	in_child(show_slack);
	show_slack();
	SHOW(prctl(PR_SET_THP_DISABLE, 0, 1, 0, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
	SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(prctl(PR_GET_TIMING));
	SHOW(prctl(PR_SET_TIMING, 1, 0, 0, 0));
	personality(PER_LINUX | STICKY_TIMEOUTS);
	SHOW(select(0, NULL, NULL, NULL, &left));
	printf("left %ld\n", (long)left.tv_usec);
	personality(PER_LINUX);
}

/* ---- Threads ---- */

static int tid, ready[2], go[2];

static void *thread(void *unused)
{
	char byte;

	tid = gettid();
	(void)!write(ready[1], "x", 1);
	(void)!read(go[0], &byte, 1);
	return unused;
}

static void threads(void)
{
	siginfo_t info = {.si_code = SI_QUEUE};
	sigset_t waited;
	pthread_t made;
	struct rlimit limit;
	char byte;

	(void)!pipe(go);
	(void)!pipe(ready);
	sigemptyset(&waited);
	sigaddset(&waited, SIGUSR1);
	sigaddset(&waited, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &waited, NULL);
	pthread_create(&made, NULL, thread, NULL);
	(void)!read(ready[0], &byte, 1);
	SHOW(kill(tid, SIGUSR1));
	SHOW(sigwaitinfo(&waited, NULL));
	SHOW(syscall(SYS_rt_sigqueueinfo, tid, SIGRTMIN, &info));
	SHOW(sigwaitinfo(&waited, NULL));
	SHOW_OK(getpgid(tid));
	SHOW(prlimit(tid, RLIMIT_CORE, NULL, &limit));
	(void)!write(go[1], "x", 1);
	pthread_join(made, NULL);
}

static void pidfds(void)
{
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE}, got;
	int go_on[2], pid, fd;
	char byte;

	(void)!pipe(go_on);
	pid = fork();
	if (!pid) {
		(void)!read(go_on[0], &byte, 1);
		_exit(3);
	}
	fd = (int)syscall(SYS_pidfd_open, pid, O_NONBLOCK);
	SHOW(waitid(P_PIDFD, (id_t)fd, &got, WEXITED));
	SHOW(waitid(P_PIDFD, (id_t)fd, &got, WEXITED | WNOHANG));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR2, &info, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 99999));
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, 65, NULL, 0));
	(void)!write(go_on[1], "x", 1);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	SHOW(waitid(P_PIDFD, (id_t)fd, &got, WEXITED));
	printf("status %d\n", got.si_status);
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
}

static void queue_limit(void)
{
	struct rlimit limit, none;
	sigset_t waited;
	siginfo_t info;

	sigemptyset(&waited);
	sigaddset(&waited, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &waited, NULL);
	getrlimit(RLIMIT_SIGPENDING, &limit);
	none = (struct rlimit){0, limit.rlim_max};
	setrlimit(RLIMIT_SIGPENDING, &none);
	SHOW(syscall(SYS_tgkill, getpid(), gettid(), SIGRTMIN));
	SHOW(sigqueue(getpid(), SIGRTMIN, (union sigval){1}));
	SHOW(kill(getpid(), SIGRTMIN));
	SHOW(kill(getpid(), SIGRTMIN));
	SHOW(sigwaitinfo(&waited, &info));
	printf("code %d\n", info.si_code);
	SHOW(sigtimedwait(&waited, &info, &(struct timespec){0, 0}));
}

static void ended(void)
{
	siginfo_t info;
	int pid = fork();

	if (!pid)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	SHOW(sched_getscheduler(pid));
	wait(NULL);
	SHOW(sched_getscheduler(pid));
	SHOW(syscall(SYS_syslog, 2, NULL, 1));
	SHOW(syscall(SYS_syslog, 3, "x", -1));
	SHOW(syscall(SYS_syslog, 8, NULL, 9));
	SHOW(syscall(SYS_syslog, 99, NULL, 0));
}

int main(void)
{
	in_child(secure_bits);
	in_child(file_ids);
	in_child(values);
	in_child(threads);
	in_child(pidfds);
	in_child(queue_limit);
	in_child(ended);
	return 0;
}
