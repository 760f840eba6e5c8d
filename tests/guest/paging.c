/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory under strain: copies on write in nested forks, threads that fault, drop and protect at once, forks beside a
 * thread that writes, mappings of files that shrink and grow, a deep stack, a mapping written to its own file.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define READ_WRITE (PROT_READ | PROT_WRITE)

static sigjmp_buf env;
static int failed;

static void expect(int holds, const char *what)
{
	if (!holds)
		failed++;
	printf("%s: %s\n", what, holds ? "ok" : "FAILED");
}

static void on_fault(int sig)
{
	siglongjmp(env, sig);
}

static int touch(volatile char *p)
{
	int sig = sigsetjmp(env, 1);

	if (!sig)
		(void)*p;
	return sig;
}

static char *map(size_t len, int flags)
{
	return mmap(NULL, len, READ_WRITE, flags, -1, 0);
}

/* ---- Copies on write ---- */

static int has_pattern(const char *p, size_t pages, int salt)
{
	for (size_t i = 0; i < pages; i++)
		if (p[i * PAGE] != (char)(i ^ (size_t)salt))
			return 0;
	return 1;
}

static void fill(char *p, size_t pages, int salt)
{
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = (char)(i ^ (size_t)salt);
}

static int run_child(char *p, size_t pages, int depth)
{
	int status, ok = has_pattern(p, pages, depth - 1);
	pid_t pid;

	fill(p, pages / 2, depth);
	if (depth < 4) {
		pid = fork();
		if (pid == 0) {
			fill(p, pages, depth);
			_exit(!run_child(p, pages, depth + 1));
		}
		waitpid(pid, &status, 0);
		ok = ok && status == 0;
	}
	return ok && has_pattern(p, pages / 2, depth) &&
	       p[(pages - 1) * PAGE] == (char)((pages - 1) ^ (size_t)(depth - 1));
}

static void copy_on_write(void)
{
	size_t pages = 1500;
	char *p = map(pages * PAGE, ANONYMOUS);
	int status;

	fill(p, pages, 0);
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(!run_child(p, pages, 1));
		waitpid(pid, &status, 0);
		expect(status == 0, "children see what was, and what they write");
	}
	expect(has_pattern(p, pages, 0), "parent keeps its own");
	munmap(p, pages * PAGE);
}

/* ---- Threads ---- */

#define AREA_PAGES 1024
static char *area;
static int bad; /* atomic */

static void *strain(void *argument)
{
	uint64_t id = (uint64_t)(uintptr_t)argument, r = id * 7919 + 1;

	for (int i = 0; i < 1500; i++) {
		char *page, *own;

		r ^= r << 13, r ^= r >> 7, r ^= r << 17;
		page = area + r % AREA_PAGES * PAGE;
		switch (r >> 40 & 7) {
		case 0:
			madvise(page, (1 + (r >> 50) % 8) * PAGE, MADV_DONTNEED);
			break;
		case 1:
			mprotect(page, PAGE, READ_WRITE);
			break;
		case 2:
			own = map(8 * PAGE, ANONYMOUS);
			for (int k = 0; k < 8; k++)
				if (own[k * PAGE]++)
					__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
			munmap(own, 8 * PAGE);
			break;
		default:
			page[id] = 1;
			if (page[100])
				__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

static void threads(void)
{
	pthread_t thread[4];

	area = map((AREA_PAGES + 8) * PAGE, ANONYMOUS);
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, strain, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	expect(!bad, "threads that fault at once see zeros");
}

static volatile int stop;

static void *count(void *argument)
{
	volatile uint64_t *counter = argument;

	while (!stop)
		++*counter;
	return NULL;
}

static void fork_beside_thread(void)
{
	volatile uint64_t *counter = (void *)map(PAGE, ANONYMOUS);
	int status, ok = 1;
	pthread_t thread;

	pthread_create(&thread, NULL, count, (void *)counter);
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			uint64_t seen = *counter;

			for (volatile int k = 0; k < 20000; k++)
				;
			_exit(seen != *counter);
		}
		waitpid(pid, &status, 0);
		ok = ok && status == 0;
	}
	stop = 1;
	pthread_join(thread, NULL);
	expect(ok, "a fork is cut off from a thread that writes on");
}

/* ---- Files ---- */

static void shrinking_file(void)
{
	int fd = open("shrinks", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *shared, *private, byte = 0;

	expect(ftruncate(fd, 10000) == 0, "ftruncate");
	shared = mmap(NULL, 8 * PAGE, READ_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, 8 * PAGE, READ_WRITE, MAP_PRIVATE, fd, 0);
	shared[9999] = 2;
	expect(pread(fd, &byte, 1, 9999) == 1 && byte == 2, "read sees the mapping");
	private[5000] = 7;
	expect(shared[5000] == 0, "a private write is private");
	shared[1] = 5;
	expect(private[1] == 5, "what was not written is the file's");
	expect(ftruncate(fd, PAGE) == 0, "shrink");
	expect(touch(shared + 5000) == SIGBUS && touch(private + 5000) == SIGBUS, "beyond the end");
	expect(private[1] == 5, "before the end");
	expect(ftruncate(fd, 10000) == 0, "grow");
	expect(shared[5000] == 0 && private[5000] == 0 && shared[9999] == 0, "zeros again");
	munmap(shared, 8 * PAGE);
	munmap(private, 8 * PAGE);
	close(fd);
	unlink("shrinks");
}

static void file_from_its_mapping(void)
{
	int fd = open("itself", O_RDWR | O_CREAT | O_TRUNC, 0600), ok = 1;
	size_t size = 200 * 10000;
	char block[10000], *p;

	for (int i = 0; i < 200; i++) {
		memset(block, i, sizeof(block));
		ok = ok && write(fd, block, sizeof(block)) == sizeof(block);
	}
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	for (size_t i = 0; i < size; i++)
		ok = ok && p[i] == (char)(i / 10000);
	expect(ok, "a file's mapping is the file");
	ok = pwrite(fd, p + 10000, 300000, 1000000) == 300000;
	for (size_t i = 0; i < 300000; i++)
		ok = ok && p[1000000 + i] == (char)((i + 10000) / 10000);
	expect(ok, "write from a mapping of the same file");
	ok = pwrite(fd, p, 100 * PAGE, 0) == 100 * PAGE;
	expect(ok && p[0] == 0 && p[99 * PAGE] == (char)(99 * PAGE / 10000), "write of pages onto themselves");
	munmap(p, size);
	close(fd);
	unlink("itself");
}

static void writes_survive(void)
{
	int fd = open("written", O_RDWR | O_CREAT | O_TRUNC, 0600), ok = 1;
	char *p, byte;

	(void)!ftruncate(fd, 300 * PAGE);
	p = mmap(NULL, 300 * PAGE, READ_WRITE, MAP_SHARED, fd, 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 300; i += 1 + round)
			p[i * PAGE + round] = (char)(i + round);
		ok = ok && (round == 1 ? fsync(fd) : msync(p, 300 * PAGE, MS_SYNC)) == 0;
	}
	munmap(p, 300 * PAGE);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 300; i += 1 + round)
			ok = ok && pread(fd, &byte, 1, i * PAGE + round) == 1 && byte == (char)(i + round);
	expect(ok, "what mappings wrote between syncs is in the file");
	close(fd);
	unlink("written");
}

/* ---- Stack, large areas ---- */

static int recurse(int n)
{
	volatile char frame[4000];

	frame[0] = (char)n;
	return n ? recurse(n - 1) + 1 + 0 * frame[0] : 0;
}

static void large_area(void)
{
	size_t len = 24u << 20;
	char *p = map(len, ANONYMOUS), *q;
	int ok = 1, status;
	pid_t pid;

	for (size_t i = 0; i < len; i += PAGE)
		*(size_t *)(p + i) = i;
	munmap(p + 3 * PAGE, PAGE);
	mprotect(p + (9u << 20), 5 * PAGE, PROT_READ);
	pid = fork();
	if (pid == 0) {
		for (size_t i = 16u << 20; i < len; i += 3 * PAGE)
			*(size_t *)(p + i) = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	q = mremap(p + (10u << 20), 4u << 20, 8u << 20, MREMAP_MAYMOVE);
	for (size_t i = 0; i < 4u << 20; i += PAGE)
		ok = ok && *(size_t *)(q + i) == i + (10u << 20) && !*(size_t *)(q + i + (4u << 20));
	for (size_t i = 16u << 20; i < len; i += PAGE)
		ok = ok && *(size_t *)(p + i) == i;
	expect(ok, "a large area keeps its content through cuts, fork and move");
	expect(touch(p + 3 * PAGE) == SIGSEGV && touch(p + (11u << 20)) == SIGSEGV, "what is gone is gone");
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_fault};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	copy_on_write();
	threads();
	fork_beside_thread();
	shrinking_file();
	file_from_its_mapping();
	writes_survive();
	expect(recurse(1500) == 1500, "a deep stack");
	large_area();
	return failed != 0;
}
