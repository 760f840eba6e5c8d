/* SPDX-License-Identifier: BSD-3-Clause */
/* Locked memory: what is counted, its limit, and what it is safe from; what /proc tells of it. Policies of ranges. */
#define _GNU_SOURCE
#include "show.h"
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define ONFAULT 1

/* A number of /proc/self/FILE: the first after the name; with `at` of the mapping that begins there. */
static long number(const char *file, const char *name, const void *at)
{
	char path[64], line[256], start[32];
	int found = !at;
	long value = -1;

	snprintf(path, sizeof(path), "/proc/self/%s", file);
	snprintf(start, sizeof(start), "%lx-", (unsigned long)at);
	FILE *f = fopen(path, "r");
	while (f && value < 0 && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, start, strlen(start)))
			found = 1;
		else if (found && !strncmp(line, name, strlen(name)))
			value = strtol(line + strlen(name) + 1, NULL, 10);
	}
	if (f)
		fclose(f);
	return value;
}

static long locked(void)
{
	return number("status", "VmLck", NULL);
}

static int resident(char *at, int pages)
{
	unsigned char vector[64];
	int count = 0;

	mincore(at, (size_t)pages * PAGE, vector);
	for (int i = 0; i < pages; i++)
		count += vector[i] & 1;
	return count;
}

static char *map(int pages, int flags)
{
	return mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void ranges(void)
{
	char *at = map(8, 0), *other;

	SHOW(mlock(at, 3 * PAGE));
	printf("locked %ld kB, resident %d\n", locked(), resident(at, 8));
	SHOW(mlock(at + 100, PAGE));
	printf("locked %ld kB\n", locked());
	SHOW(munlock(at + PAGE, PAGE));
	printf("locked %ld kB\n", locked());
	SHOW(syscall(SYS_mlock2, at + 4 * PAGE, 2 * PAGE, ONFAULT));
	printf("locked %ld kB, resident %d\n", locked(), resident(at, 8));
	SHOW(syscall(SYS_mlock2, at, PAGE, 2));
	SHOW(madvise(at, PAGE, MADV_DONTNEED));
	SHOW(madvise(at, PAGE, MADV_FREE));
	SHOW(madvise(at, PAGE, MADV_COLD));
	SHOW(madvise(at + PAGE, PAGE, MADV_DONTNEED));
	SHOW(madvise(at, PAGE, 24)); /* MADV_DONTNEED_LOCKED */
	SHOW(msync(at, PAGE, MS_INVALIDATE));
	SHOW(msync(at, PAGE, MS_ASYNC));
	SHOW(mlock(at + 7 * PAGE, 1ul << 40));
	munmap(at + 3 * PAGE, PAGE);
	SHOW(mlock(at, 8 * PAGE));
	printf("locked before the hole %ld kB\n", locked());
	SHOW(munmap(at, 8 * PAGE));
	printf("locked %ld kB\n", locked());
	at = map(4, MAP_LOCKED);
	printf("MAP_LOCKED: %ld kB, resident %d, Rss %ld, Locked %ld\n", locked(), resident(at, 4), number("smaps", "Rss", at), number("smaps", "Locked", at));
	if (!fork()) {
		printf("child: %ld kB\n", locked());
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	other = mremap(at, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	printf("grown: %ld kB, resident %d\n", locked(), resident(other, 6));
	munmap(other, 6 * PAGE);
	at = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW(mlock(at, PAGE));
	munmap(at, PAGE);
	SHOW(mlock((void *)(uintptr_t)0xfffffffffffff000, PAGE));
	SHOW(mlock(at, 0));
}

static void all(void)
{
	char *at = map(4, 0), *later;

	SHOW(mlockall(0));
	SHOW(mlockall(MCL_ONFAULT));
	SHOW(mlockall(8));
	SHOW(mlockall(MCL_FUTURE));
	later = map(4, 0);
	printf("future: %d, before: %d\n", resident(later, 4), resident(at, 4));
	printf("locked %ld kB\n", locked());
	SHOW(mlockall(MCL_CURRENT | MCL_FUTURE));
	printf("current: %d, some %d\n", resident(at, 4), locked() >= 32);
	SHOW(mlockall(MCL_CURRENT | MCL_ONFAULT));
	SHOW(munlockall());
	printf("locked %ld kB\n", locked());
	munmap(later, 4 * PAGE);
	later = map(4, 0);
	printf("future: %d\n", resident(later, 4));
}

static void limits(void)
{
	struct rlimit limit = {4 * PAGE, 4 * PAGE};
	char *at, *other;

	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (getuid() == 0 && setresuid(65534, 65534, 65534))
		return;
	at = map(8, 0);
	SHOW(mlock(at, 5 * PAGE));
	SHOW(mlock(at, 4 * PAGE));
	SHOW(mlock(at + PAGE, 3 * PAGE));
	SHOW(mlock(at + 4 * PAGE, PAGE));
	printf("MAP_LOCKED: %s\n", (other = map(1, MAP_LOCKED)) == MAP_FAILED ? strerrorname_np(errno) : "ok");
	SHOW(mlockall(MCL_CURRENT));
	munlock(at, 4 * PAGE);
	limit = (struct rlimit){0, 0};
	setrlimit(RLIMIT_MEMLOCK, &limit);
	SHOW(mlock(at, PAGE));
	SHOW(munlock(at, PAGE));
	SHOW(mlockall(MCL_FUTURE));
	printf("MAP_LOCKED: %s\n", (other = map(1, MAP_LOCKED)) == MAP_FAILED ? strerrorname_np(errno) : "ok");
}

static void pagemap(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	char *at = map(3, 0);
	uint64_t words[3];

	at[PAGE] = 1;
	SHOW(pread(fd, words, sizeof(words), (off_t)((uintptr_t)at / PAGE * 8)));
	printf("present %d file %d\n", (int)(words[1] >> 63), (int)(words[1] >> 61 & 1)); /* those beside it may come with it */
	munmap(at, 3 * PAGE);
	SHOW(pread(fd, words, sizeof(words), (off_t)((uintptr_t)at / PAGE * 8)));
	printf("unmapped: present %d\n", (int)(words[1] >> 63));
	SHOW(pread(fd, words, 7, 0));
	SHOW(pread(fd, words, 8, 4));
	close(fd);
}

static void flags(void)
{
	int zero = open("/dev/zero", O_RDONLY), file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	void *at;

	SHOW(ftruncate(file, PAGE));
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, zero, 0);
	SHOW(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	SHOW((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200, file, 0));
	SHOW((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, file, 0));
	SHOW((long)mmap(NULL, 0, PROT_WRITE, MAP_SHARED, zero, 0));
	printf("plain: %d\n", mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_POPULATE | MAP_NORESERVE, file, 0) != MAP_FAILED);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ranges();
	all();
	pagemap();
	flags();
	limits();
	return 0;
}
