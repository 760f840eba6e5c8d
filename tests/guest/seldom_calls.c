/* Calls that few programs make: what they do, and what they refuse. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

enum { CACHESTAT = 451, LSM_LIST = 461, MRELEASE = 448 };

static void test_remap_file_pages(void)
{
	int fd = (int)syscall(SYS_memfd_create, "x", 0);
	char *at, page[4096];

	for (int i = 0; i < 4; i++) {
		memset(page, 'a' + i, sizeof(page));
		if (write(fd, page, sizeof(page)) != sizeof(page))
			return;
	}
	at = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	SHOW(syscall(SYS_remap_file_pages, at, 4096, 0, 3, 0));
	SHOW(syscall(SYS_remap_file_pages, at + 3 * 4096, 4096, 0, 0, 0));
	printf("%c%c%c%c\n", at[0], at[4096], at[2 * 4096], at[3 * 4096]);
	at[0] = 'X';
	printf("written through: %d\n", pread(fd, page, 1, 3 * 4096) == 1 && page[0] == 'X');
	SHOW(syscall(SYS_remap_file_pages, at, 4096, PROT_READ, 0, 0));
	SHOW(syscall(SYS_remap_file_pages, at, 0, 0, 0, 0));
	munmap(at, 4 * 4096);
	SHOW(syscall(SYS_remap_file_pages, at, 4096, 0, 0, 0));
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW(syscall(SYS_remap_file_pages, at, 4096, 0, 0, 0));
	close(fd);
}

static void test_cachestat(void)
{
	struct {
		unsigned long offset, len;
	} whole = {0, 0}, part = {4096, 5000};
	struct {
		unsigned long cached, dirty, writeback, evicted, recent;
	} counts;
	int fd = open("cached", O_RDWR | O_CREAT | O_TRUNC, 0600), pipes[2];
	static char text[40000];

	if (write(fd, text, sizeof(text)) != sizeof(text))
		return;
	SHOW(syscall(CACHESTAT, fd, &whole, &counts, 0));
	printf("cached %lu\n", counts.cached);
	fsync(fd);
	SHOW(syscall(CACHESTAT, fd, &part, &counts, 0));
	printf("cached %lu, dirty %lu\n", counts.cached, counts.dirty);
	part.offset = 1 << 20;
	SHOW(syscall(CACHESTAT, fd, &part, &counts, 0));
	printf("cached %lu\n", counts.cached);
	SHOW(syscall(CACHESTAT, fd, &whole, &counts, 1));
	SHOW(syscall(CACHESTAT, fd, 8, &counts, 0));
	SHOW(syscall(CACHESTAT, fd, &whole, 8, 0));
	SHOW(syscall(CACHESTAT, -1, &whole, &counts, 0));
	if (!pipe(pipes))
		SHOW(syscall(CACHESTAT, pipes[0], &whole, &counts, 0));
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	unlink("cached");
}

static void test_mrelease(void)
{
	int pidfd, pipes[2];
	pid_t pid;

	if (pipe(pipes))
		return;
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	SHOW(syscall(MRELEASE, pidfd, 0));
	SHOW(syscall(MRELEASE, pidfd, 1));
	SHOW(syscall(MRELEASE, pipes[0], 0));
	SHOW(syscall(MRELEASE, -1, 0));
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	SHOW(syscall(MRELEASE, pidfd, 0));
	waitpid(pid, NULL, 0);
	SHOW(syscall(MRELEASE, pidfd, 0));
	close(pidfd);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_file_systems(void)
{
	struct {
		int blocks;
		unsigned long inodes;
		char name[12];
	} status = {.blocks = -1};
	char name[64] = "";
	struct stat file;
	long n;

	stat("/proc", &file);
	SHOW(syscall(SYS_ustat, (unsigned)file.st_dev, &status));
	printf("free: %d %lu\n", status.blocks, status.inodes);
	SHOW(syscall(SYS_ustat, (unsigned)file.st_dev, 8));
	SHOW(syscall(SYS_ustat, makedev(77, 77), &status));
	n = syscall(SYS_sysfs, 1, "tmpfs");
	printf("tmpfs is known: %d, by number: %d\n", n >= 0, !syscall(SYS_sysfs, 2, n, name) && !strcmp(name, "tmpfs"));
	printf("there are some: %d\n", syscall(SYS_sysfs, 3) > n);
	SHOW(syscall(SYS_sysfs, 1, "nonsense"));
	SHOW(syscall(SYS_sysfs, 1, 8));
	SHOW(syscall(SYS_sysfs, 2, n, 8));
	SHOW(syscall(SYS_sysfs, 2, 9999, name));
	SHOW(syscall(SYS_sysfs, 4));
}

static void test_refusals(void)
{
	unsigned size = 0;
	unsigned long ids[64];

	SHOW(syscall(SYS_restart_syscall));
	SHOW(syscall(SYS_pkey_alloc, 0, 0));
	SHOW(syscall(SYS_pkey_alloc, 1, 0));
	SHOW(syscall(SYS_pkey_free, 1));
	SHOW(syscall(SYS_pkey_mprotect, ids, 4096, PROT_READ, 1));
	SHOW(syscall(SYS_setns, -1, 0));
	SHOW(syscall(SYS_setns, 0, 0));
	SHOW(syscall(SYS_swapon, "/nonexistent", 0));
	SHOW(syscall(SYS_swapon, "/dev/null", 0));
	SHOW(syscall(SYS_swapon, "/dev/null", 1 << 30));
	SHOW(syscall(SYS_swapoff, "/nonexistent"));
	SHOW(syscall(SYS_swapoff, "/dev/null"));
	SHOW(syscall(SYS_quotactl, 0x800001 << 8, NULL, 0, NULL));
	SHOW(syscall(SYS_quotactl, 0x800007 << 8, NULL, 0, NULL));
	SHOW(syscall(SYS_quotactl, 0x800007 << 8, "/dev/null", 0, NULL));
	SHOW(syscall(SYS_quotactl, 0x800007 << 8, "/nonexistent", 0, NULL));
	SHOW(syscall(SYS_quotactl, 0x800007 << 8 | 9, "/dev/null", 0, NULL));
	SHOW(syscall(443, -1, 0, 0, 0));
	SHOW(syscall(LSM_LIST, ids, &size, 0));
	printf("needs some room: %d\n", size >= 8);
	SHOW(syscall(LSM_LIST, ids, 8, 0));
	SHOW(syscall(LSM_LIST, ids, &size, 1));
	size = sizeof(ids);
	printf("there is a module: %d\n", syscall(LSM_LIST, ids, &size, 0) > 0);
}

int main(void)
{
	test_remap_file_pages();
	test_cachestat();
	test_mrelease();
	test_file_systems();
	test_refusals();
	return 0;
}
