/* SPDX-License-Identifier: BSD-3-Clause */
/* Files with holes: SEEK_DATA and SEEK_HOLE before and after the data reach the disk, fallocate(2)'s blocks, and memory that tmpfs promises. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "show.h"

enum { PAGE = 4096 };

/* All stretches of data, in pages. */
static void stretches(int fd, const char *what)
{
	off_t at = 0;

	printf("%s:", what);
	for (;;) {
		off_t data = lseek(fd, at, SEEK_DATA), hole;

		if (data < 0) {
			printf(" %s\n", strerrorname_np(errno));
			return;
		}
		hole = lseek(fd, data, SEEK_HOLE);
		printf(" [%ld, %ld)", (long)data, (long)hole);
		at = hole;
	}
}

static void put(int fd, off_t page, const char *bytes)
{
	if (pwrite(fd, bytes, strlen(bytes), page * PAGE) < 0)
		perror("pwrite");
}

static void holes(void)
{
	int fd = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char page[PAGE];

	printf("== holes\n");
	stretches(fd, "empty");
	ftruncate(fd, 100 * PAGE);
	stretches(fd, "nothing but a size");
	put(fd, 3, "three");
	put(fd, 4, "four");
	put(fd, 90, "ninety");
	stretches(fd, "in memory");
	SHOW(fsync(fd));
	stretches(fd, "on the disk");
	put(fd, 5, "five");
	put(fd, 60, "sixty");
	stretches(fd, "both");
	pread(fd, page, PAGE, 10 * PAGE); /* a hole that was read is a hole */
	stretches(fd, "read");
	SHOW(lseek(fd, 3 * PAGE + 100, SEEK_DATA) - 3 * PAGE);
	SHOW(lseek(fd, 3 * PAGE + 100, SEEK_HOLE) - 6 * PAGE);
	SHOW(lseek(fd, 2 * PAGE + 100, SEEK_HOLE) - 2 * PAGE);
	SHOW(lseek(fd, 91 * PAGE, SEEK_DATA));
	SHOW(lseek(fd, 91 * PAGE, SEEK_HOLE) - 91 * PAGE);
	SHOW(lseek(fd, 100 * PAGE, SEEK_DATA));
	SHOW(lseek(fd, 100 * PAGE, SEEK_HOLE));
	SHOW(lseek(fd, -1, SEEK_DATA));
	SHOW(ftruncate(fd, 1ll << 40));
	SHOW(lseek(fd, 100 * PAGE, SEEK_DATA));
	SHOW(lseek(fd, 1ll << 39, SEEK_HOLE) - (1ll << 39));
	close(fd);
}

static void allocated(void)
{
	int fd = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	printf("== allocated\n");
	SHOW(fallocate(fd, 0, 0, 64 * PAGE));
	stretches(fd, "not written");
	put(fd, 8, "eight");
	stretches(fd, "one written");
	SHOW(fsync(fd));
	stretches(fd, "on the disk");
	fstat(fd, &st);
	printf("all blocks %d\n", st.st_blocks >= 64 * PAGE / 512);
	for (int i = 0; i < 64; i++)
		put(fd, i, "x");
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 16 * PAGE, 4 * PAGE));
	stretches(fd, "a hole");
	close(fd);
	unlink("sparse");
}

static void memory(void)
{
	int fd = open("/dev/shm/sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	printf("== memory\n");
	SHOW(fallocate(fd, 0, 0, 16 * PAGE));
	fstat(fd, &st);
	printf("size %ld blocks %ld\n", (long)st.st_size, (long)st.st_blocks);
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 16 * PAGE, 4 * PAGE));
	fstat(fd, &st);
	printf("size %ld blocks %ld\n", (long)st.st_size, (long)st.st_blocks);
	SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * PAGE, 8 * PAGE));
	fstat(fd, &st);
	printf("size %ld blocks %ld\n", (long)st.st_size, (long)st.st_blocks);
	SHOW(fallocate(fd, 0, 0, 1ll << 45));
	close(fd);
	unlink("/dev/shm/sparse");
}

/* The size of a file has a limit; what a file in memory has beyond its size, too. */
static void limited(void)
{
	int fd = memfd_create("limited", 0);
	struct stat status;

	printf("== limited\n");
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){4 * PAGE, 4 * PAGE});
	SHOW(fallocate(fd, 0, 0, 5 * PAGE));
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 5 * PAGE));
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 3 * PAGE, PAGE));
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 100 * PAGE));
	SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * PAGE));
	fstat(fd, &status);
	printf("size %ld, blocks %ld\n", (long)status.st_size, (long)status.st_blocks);
	close(fd);
}

int main(void)
{
	holes();
	allocated();
	memory();
	limited();
	return 0;
}
