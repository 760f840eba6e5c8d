/* SPDX-License-Identifier: BSD-3-Clause */
/* Reaching into other processes: process_vm_readv and writev, pidfd_getfd, process_madvise, kcmp. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char *memory; /* two pages, and none behind them; at the same address in the child */
static pid_t child;

static int pidfd_open_(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static int getfd(int pidfd, int fd, unsigned flags) { return (int)syscall(SYS_pidfd_getfd, pidfd, fd, flags); }
static long kcmp_(pid_t a, pid_t b, int type, unsigned long x, unsigned long y) { return syscall(SYS_kcmp, a, b, type, x, y); }

static void memory_of_the_child(void)
{
	static char here[10000];
	struct iovec local[2] = {{here, 5}, {here + 100, 8000}}, remote[2] = {{memory + 10, 3}, {memory + 4090, 12}};

	SHOW(process_vm_readv(child, local, 2, remote, 2, 0));
	printf("%.5s %.10s\n", here, here + 100);
	memcpy(here, "WRITTEN", 7);
	SHOW(process_vm_writev(child, local, 1, remote, 1, 0));
	memset(here, 0, sizeof(here));
	SHOW(process_vm_readv(child, local, 2, remote, 1, 0));
	printf("%.5s; here %.3s\n", here, memory + 10);
	remote[1] = (struct iovec){memory + 8100, 1000}; /* runs out of the mapping */
	SHOW(process_vm_readv(child, local, 2, remote, 2, 0));
	remote[0] = (struct iovec){memory + 8192, 10};
	SHOW(process_vm_readv(child, local, 2, remote, 2, 0));
	SHOW(process_vm_writev(child, local, 2, remote, 1, 0));
	remote[0] = (struct iovec){(void *)0xffff800000000000ul, 10};
	SHOW(process_vm_readv(child, local, 2, remote, 1, 0));
	local[0] = (struct iovec){(void *)8, 10};
	remote[0] = (struct iovec){memory, 10};
	SHOW(process_vm_readv(child, local, 1, remote, 1, 0));
	SHOW(process_vm_readv(child, local, 0, remote, 1, 0));
	local[0] = (struct iovec){here, 10};
	SHOW(process_vm_readv(child, local, 1, remote, 0, 0));
	SHOW(process_vm_readv(child, local, 1, remote, 1, 1));
	SHOW(process_vm_readv(child, local, 1, remote, 2000, 0));
	SHOW(process_vm_readv(999999, local, 1, remote, 1, 0));
	SHOW(process_vm_readv(getpid(), local, 1, remote, 1, 0));
}

static void read_only_memory(void)
{
	char x = 'x';
	struct iovec local = {&x, 1}, remote = {(void *)memory_of_the_child, 1};

	SHOW(process_vm_writev(child, &local, 1, &remote, 1, 0));
}

static void descriptors(void)
{
	int pidfd = pidfd_open_(child), got;
	char text[20] = "";

	got = getfd(pidfd, 50, 0);
	printf("got %d, cloexec %d\n", got >= 0, fcntl(got, F_GETFD));
	SHOW(lseek(got, 3, SEEK_SET));
	SHOW(read(got, text, 4));
	printf("%s\n", text);
	SHOW(kcmp_(getpid(), child, 0 /* KCMP_FILE */, (unsigned long)got, 50));
	printf("other files differ %d\n", kcmp_(getpid(), child, 0, (unsigned long)got, 51) > 0);
	SHOW(kcmp_(getpid(), getpid(), 1, 0, 0));
	printf("other memory differs %d\n", kcmp_(getpid(), child, 1, 0, 0) > 0);
	SHOW(kcmp_(getpid(), child, 0, 99, 50));
	SHOW(kcmp_(getpid(), 999999, 1, 0, 0));
	SHOW(kcmp_(getpid(), child, 77, 0, 0));
	SHOW(getfd(pidfd, 60, 0));
	SHOW(getfd(pidfd, -1, 0));
	SHOW(getfd(pidfd, 50, 1));
	SHOW(getfd(got, 50, 0));
	SHOW(getfd(-1, 50, 0));
	struct iovec range = {memory, 8192};
	SHOW(syscall(SYS_process_madvise, pidfd, &range, 1, MADV_COLD, 0));
	SHOW(syscall(SYS_process_madvise, pidfd, &range, 1, MADV_DONTNEED, 0));
	SHOW(syscall(SYS_process_madvise, pidfd, &range, 1, MADV_COLD, 1));
	SHOW(syscall(SYS_process_madvise, -1, &range, 1, MADV_COLD, 0));
	char path[40];
	snprintf(path, sizeof(path), "/proc/%d", child);
	int folder = open(path, O_DIRECTORY | O_RDONLY);
	SHOW(syscall(SYS_pidfd_send_signal, folder, 0, NULL, 0));
	SHOW(getfd(folder, 50, 0));
	SHOW(syscall(SYS_pidfd_send_signal, open("/proc", O_RDONLY), 0, NULL, 0));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	SHOW(syscall(SYS_pidfd_send_signal, folder, 0, NULL, 0));
	SHOW(getfd(pidfd, 50, 0));
}

static void of_another_user(void)
{
	pid_t other = fork();

	if (other == 0) {
		char x;
		struct iovec local = {&x, 1}, remote = {memory, 1};

		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(1);
		SHOW(process_vm_readv(child, &local, 1, &remote, 1, 0));
		SHOW(kcmp_(getpid(), child, 1, 0, 0));
		SHOW(getfd(pidfd_open_(child), 50, 0));
		fflush(stdout);
		_exit(0);
	}
	waitpid(other, NULL, 0);
}

int main(void)
{
	int p[2], file = open("shared-file", O_CREAT | O_RDWR | O_TRUNC, 0600);

	memory = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(memory + 8192, 4096);
	strcpy(memory + 10, "ours");
	pipe(p);
	write(file, "0123456789", 10);
	child = fork();
	if (child == 0) {
		dup2(file, 50);
		dup2(p[0], 51);
		strcpy(memory + 10, "CHILD");
		strcpy(memory + 4090, "over the edge");
		write(p[1], "x", 1);
		pause();
		_exit(0);
	}
	read(p[0], &(char){0}, 1);
	memory_of_the_child();
	read_only_memory();
	of_another_user();
	descriptors();
	return 0;
}
