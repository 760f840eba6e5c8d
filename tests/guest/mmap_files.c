/* SPDX-License-Identifier: BSD-3-Clause */
/* Files in memory: shared and private maps, write(2) and maps seeing each other, ends of files, truncation below a map, fork, msync. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static sigjmp_buf env;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	siglongjmp(env, sig * 100 + info->si_code);
}

static void touch(const char *what, volatile char *p, int write)
{
	int fault = sigsetjmp(env, 1);

	if (!fault) {
		if (write)
			*p = 'T';
		else
			(void)*p;
	}
	printf("%s: %d\n", what, fault);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	char *shared, *private, text[20] = "";
	int fd, read_only;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	SHOW_OK(fd = open("mapped", O_CREAT | O_RDWR | O_TRUNC, 0644));
	SHOW(write(fd, "0123456789", 10));
	SHOW_OK(shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	SHOW_OK(private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	printf("%.10s %.10s\n", shared, private);
	printf("behind the end %d\n", shared[10]);
	touch("second page", shared + 4096, 0);
	pwrite(fd, "AB", 2, 0);
	printf("%.10s %.10s\n", shared, private);
	private[2] = 'p';
	shared[3] = 's';
	pread(fd, text, 10, 0);
	printf("%.10s %.10s %.10s\n", text, shared, private);
	pwrite(fd, "xyz", 3, 5);
	printf("%.10s %.10s\n", shared, private);
	SHOW(ftruncate(fd, 5000));
	touch("second page", shared + 4096, 1);
	touch("private second page", private + 4097, 0);
	SHOW(pread(fd, text, 3, 4096));
	printf("%d %d\n", text[0], text[1]);
	shared[5001] = 'q';
	SHOW(ftruncate(fd, 6000));
	SHOW(pread(fd, text, 1, 5001));
	printf("%d\n", text[0]);
	SHOW(ftruncate(fd, 100));
	touch("truncated", shared + 4096, 0);
	touch("truncated private", private + 4096, 0);
	SHOW(ftruncate(fd, 8192));
	touch("again", shared + 4096, 0);
	printf("%d %d\n", shared[4096], shared[99]);
	SHOW(msync(shared, 8192, MS_SYNC));
	SHOW(msync(shared, 8192, MS_SYNC | MS_ASYNC));
	SHOW(msync(shared + 1, 8192, MS_SYNC));
	if (!fork()) {
		shared[50] = 'c';
		private[50] = 'c';
		_exit(0);
	}
	wait(NULL);
	printf("after fork %d %d\n", shared[50], private[50]);
	SHOW_OK(read_only = open("mapped", O_RDONLY));
	SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, read_only, 0) == MAP_FAILED ? -1 : 0);
	SHOW_OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, read_only, 0));
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, open("mapped", O_WRONLY), 0) == MAP_FAILED ? -1 : 0);
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, open(".", O_RDONLY), 0) == MAP_FAILED ? -1 : 0);
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 100) == MAP_FAILED ? -1 : 0);
	shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, read_only, 0);
	touch("read-only map", shared, 1);
	SHOW(mprotect(shared, 4096, PROT_READ | PROT_WRITE));
	/* A file that is gone from its folder is still there for its maps. */
	SHOW(unlink("mapped"));
	close(fd);
	printf("%.5s\n", shared);
	/* write(2) from a map of the same file. */
	SHOW_OK(fd = open("self", O_CREAT | O_RDWR | O_TRUNC, 0644));
	SHOW(ftruncate(fd, 8192));
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(shared, "copy me", 7);
	SHOW(pwrite(fd, shared, 4096, 4096));
	printf("%.7s\n", shared + 4096);
	SHOW(pread(fd, shared + 100, 7, 4096));
	printf("%.7s\n", shared + 100);
	SHOW(munmap(shared, 8192));
	/* Many pages, by map and by read. */
	SHOW(ftruncate(fd, 4 << 20));
	shared = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (int i = 0; i < 4 << 20; i += 1000)
		shared[i] = (char)(i / 1000);
	unsigned long sum = 0;
	char *whole = malloc(4 << 20);
	SHOW(pread(fd, whole, 4 << 20, 0));
	for (int i = 0; i < 4 << 20; i++)
		sum = sum * 31 + (unsigned char)whole[i];
	printf("sum %lu same %d\n", sum, !memcmp(whole, shared, 4 << 20));
	SHOW(madvise(shared, 4 << 20, MADV_DONTNEED));
	printf("same %d\n", !memcmp(whole, shared, 4 << 20));
	/* Writing moves the times of the file, reading does not. */
	struct timespec old[2] = {{1000, 0}, {1000, 0}};
	struct stat now;

	fsync(fd);
	futimens(fd, old);
	printf("read %d\n", shared[0]);
	fstat(fd, &now);
	printf("moved %d\n", now.st_mtime != 1000);
	shared[0]++;
	msync(shared, 4096, MS_SYNC);
	fstat(fd, &now);
	printf("moved %d\n", now.st_mtime != 1000);
	/* A word beyond the end of a file is nowhere; a file that must not shrink is not opened to be emptied. */
	char path[64];
	int sealed = memfd_create("sealed", MFD_ALLOW_SEALING);

	SHOW(ftruncate(sealed, 4096));
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, sealed, 0);
	SHOW(syscall(SYS_futex, shared, FUTEX_WAKE, 1));
	SHOW(syscall(SYS_futex, shared + 4096, FUTEX_WAKE, 1));
	SHOW(fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", sealed);
	SHOW(open(path, O_RDWR | O_TRUNC));
	SHOW_OK(open(path, O_RDWR));
	return 0;
}
