/* SPDX-License-Identifier: BSD-3-Clause */
/* The hypervisor as our child: it must never outlive us, whatever happens to us (prctl(2), PR_SET_PDEATHSIG). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/hypervisor/hypervisor.h"

enum { EXIT_FAILURE_BEFORE_EXEC = 127 };

/*
 * QEMU's heap in huge pages, grown by 64 MiB of addresses at a time and shared by its threads: its start touches two thousand pages of it one after the
 * other, and the faults cost 3 ms (measured). mallopt(3) has the terms; another C library ignores them.
 */
#define HEAP_TUNABLES "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.top_pad=67108864:glibc.malloc.arena_max=1"

/* Our environment with them; whoever has set some keeps those. Returns owned, its texts borrowed. */
static char **environment(void)
{
	static char tunables[] = HEAP_TUNABLES;
	size_t count = 0;
	char **copy;

	while (environ[count])
		count++;
	copy = calloc(count + 2, sizeof(*copy));
	if (!copy)
		abort();
	memcpy(copy, environ, count * sizeof(*copy));
	if (!getenv("GLIBC_TUNABLES"))
		copy[count] = tunables;
	return copy;
}

/* In the child between fork and exec; what fails is reported through report_fd as an errno. */
static void become(const struct arguments *arguments, char **variables, const int *kept, size_t kept_count, int stderr_fd, int report_fd,
	pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;
	int failure;

	/* A process group of its own: Ctrl-C is for us to handle. */
	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE_BEFORE_EXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(stderr_fd, 2) < 0)
		goto fail;
	for (size_t i = 0; i < kept_count; i++) {
		if (fcntl(kept[i], F_SETFD, 0) < 0)
			goto fail;
	}
	setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* a core would hold the guest's memory */
	for (int number = 1; number < NSIG; number++)
		signal(number, number == SIGXFSZ ? SIG_IGN : SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(arguments->words[0], arguments->words, variables);
fail:
	failure = errno;
	if (write(report_fd, &failure, sizeof(failure)) < 0)
		_exit(EXIT_FAILURE_BEFORE_EXEC);
	_exit(EXIT_FAILURE_BEFORE_EXEC);
}

static void close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

int process_start(struct process *process, const struct arguments *arguments, const int *kept, size_t kept_count,
	struct dory_error *err)
{
	int complaints[2], report[2], failure = 0;
	pid_t parent = getpid(), pid;
	char **variables;
	ssize_t got;

	if (pipe2(complaints, O_CLOEXEC) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a pipe");
	if (pipe2(report, O_CLOEXEC) < 0) {
		error_set_errno(err, DORY_ERROR_IO, "making a pipe");
		close_pair(complaints);
		return -1;
	}
	variables = environment(); /* before the fork: other threads may hold the allocator's and the environment's locks */
	pid = fork();
	if (pid == 0)
		become(arguments, variables, kept, kept_count, complaints[1], report[1], parent);
	free(variables);
	close(complaints[1]);
	close(report[1]);
	if (pid < 0) {
		error_set_errno(err, DORY_ERROR_IO, "starting %s", arguments->words[0]);
		goto fail;
	}
	do
		got = read(report[0], &failure, sizeof(failure));
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		waitpid(pid, NULL, 0);
		errno = failure;
		error_set_errno(err, DORY_ERROR_HYPERVISOR, "starting %s", arguments->words[0]);
		goto fail;
	}
	close(report[0]);
	fcntl(complaints[0], F_SETFL, O_NONBLOCK);
	*process =
		(struct process){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0), .stderr_fd = complaints[0]};
	return 0;
fail:
	close(complaints[0]);
	close(report[0]);
	return -1;
}

void process_kill(const struct process *process)
{
	kill(process->pid, SIGKILL);
}

int process_wait(struct process *process)
{
	int status = 0;

	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(process->pidfd);
	close(process->stderr_fd);
	*process = (struct process){.pidfd = -1, .stderr_fd = -1};
	return status;
}
