/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes that each work on a file of their own and one in common, by mappings, reads and writes, with anonymous
 * memory and forks beside: run in less memory than the files have (pressure.flags), so that pages are written back,
 * dropped and read again all the time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 1536
#define SIZE ((size_t)PAGES * PAGE)
#define PROCESSES 4
#define ROUNDS 3000

struct worker {
	int id, file;
	volatile unsigned char *mapping, *common;
	unsigned char shadow[PAGES]; /* what the first byte of each page should be */
	uint64_t random;
};

static uint64_t next(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	return w->random ^= w->random << 17;
}

static void fail(const struct worker *w, const char *what)
{
	printf("FAILED: process %d: %s\n", w->id, what);
	fflush(stdout);
	_exit(1);
}

static void check_read(struct worker *w, unsigned page)
{
	unsigned char byte;

	if (pread(w->file, &byte, 1, (off_t)page * PAGE) != 1 || byte != w->shadow[page])
		fail(w, "read");
}

static void write_page(struct worker *w, unsigned page, unsigned char value)
{
	unsigned char data[PAGE];

	memset(data, value, sizeof(data));
	w->shadow[page] = value;
	if (pwrite(w->file, data, sizeof(data), (off_t)page * PAGE) != PAGE)
		fail(w, "write");
}

static void use_memory(const struct worker *w)
{
	size_t len = 200000;
	char *memory = malloc(len);

	memset(memory, w->id, len);
	for (size_t i = 0; i < len; i += 1000)
		if (memory[i] != w->id)
			fail(w, "memory");
	free(memory);
}

static void check_in_child(struct worker *w, unsigned page)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(w->mapping[(size_t)page * PAGE] != w->shadow[page]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status)
		fail(w, "child");
}

static void step(struct worker *w, unsigned round)
{
	uint64_t r = next(w);
	unsigned page = r % PAGES;
	unsigned char value = (unsigned char)(r >> 50), theirs;

	switch (r >> 40 & 15) {
	case 0:
		check_read(w, page);
		break;
	case 1:
		write_page(w, page, value);
		break;
	case 2:
		if (round % 32 == 0)
			fsync(w->file);
		break;
	case 3:
		madvise((void *)(w->mapping + (size_t)page * PAGE), PAGE, MADV_DONTNEED);
		break;
	case 4:
		use_memory(w);
		break;
	case 5:
		w->common[(size_t)page * PAGE + (unsigned)w->id] = (unsigned char)w->id;
		break;
	case 6:
		theirs = w->common[(size_t)page * PAGE + (unsigned)w->id];
		if (theirs && theirs != w->id)
			fail(w, "common mapping");
		break;
	case 7:
		if (round % 16 == 0)
			check_in_child(w, page);
		break;
	case 8:
	case 9:
	case 10:
		w->mapping[(size_t)page * PAGE] = w->shadow[page] = value;
		break;
	default:
		if (w->mapping[(size_t)page * PAGE] != w->shadow[page])
			fail(w, "mapping");
	}
}

static int open_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	return fd >= 0 && ftruncate(fd, (off_t)SIZE) == 0 ? fd : -1;
}

static void work(int id)
{
	static struct worker w;
	char name[32];
	int common = open_file("common");

	w.id = id;
	w.random = (uint64_t)id * 77777 + 1;
	snprintf(name, sizeof(name), "own%d", id);
	w.file = open_file(name);
	w.mapping = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, w.file, 0);
	w.common = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, common, 0);
	if (w.mapping == MAP_FAILED || w.common == MAP_FAILED)
		fail(&w, "mmap");
	for (unsigned i = 0; i < ROUNDS; i++)
		step(&w, i);
	for (unsigned page = 0; page < PAGES; page++)
		check_read(&w, page);
	unlink(name);
	_exit(0);
}

int main(void)
{
	int status, nr_good = 0;

	for (int id = 1; id <= PROCESSES; id++)
		if (fork() == 0)
			work(id);
	while (wait(&status) > 0)
		nr_good += status == 0;
	printf("%d of %d processes found what they wrote\n", nr_good, PROCESSES);
	return nr_good != PROCESSES;
}
