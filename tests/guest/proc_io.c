/* SPDX-License-Identifier: BSD-3-Clause */
/* What /proc tells of reads and writes: /proc/PID/io and getrusage(2); /proc/vmstat; /proc/sys/vm/drop_caches. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

struct counts {
	unsigned long long rchar, wchar, syscr, syscw, read, written;
	long len; /* of the text that told them */
};

static struct counts look(void)
{
	struct counts c;
	char text[512];
	int fd = open("/proc/self/io", O_RDONLY);

	c.len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[c.len > 0 ? c.len : 0] = '\0';
	if (sscanf(text, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\nread_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: ", &c.rchar, &c.wchar, &c.syscr, &c.syscw, &c.read, &c.written) != 6)
		printf("what is this: %s\n", text);
	return c;
}

/* What happened between two looks, without the first one's own read. */
static void tell(const char *what, struct counts a)
{
	struct counts b = look();

	printf("%s: read %llu bytes in %llu calls, wrote %llu in %llu\n", what, b.rchar - a.rchar - (unsigned long long)a.len, b.syscr - a.syscr - 1, b.wchar - a.wchar, b.syscw - a.syscw);
}

static void must(int ok)
{
	if (!ok)
		perror("proc_io");
}

static void move_bytes(void)
{
	static char bytes[4096];
	int fd = open("moved", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];

	for (int i = 0; i < 10; i++)
		must(write(fd, bytes, 100) == 100);
	must(pread(fd, bytes, 500, 0) == 500);
	must(pread(fd, bytes, 500, 900) == 100);
	must(pread(fd, bytes, 500, 2000) == 0);
	must(pipe(ends) == 0);
	must(write(ends[1], bytes, 7) == 7);
	must(read(ends[0], bytes, 50) == 7);
	must(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	must(read(ends[0], bytes, 50) == -1);
	must(write(-1, bytes, 50) == -1);
	close(ends[0]);
	close(ends[1]);
	close(fd);
	unlink("moved");
}

static void *in_thread(void *unused)
{
	move_bytes();
	return NULL;
}

static long fault_count(void)
{
	char name[64];
	long value, found = -1;
	FILE *file = fopen("/proc/vmstat", "r");

	while (fscanf(file, "%63s %ld", name, &value) == 2)
		if (!strcmp(name, "pgfault"))
			found = value;
	fclose(file);
	return found;
}

static void test_vmstat(void)
{
	static const char *const names[] = {"nr_free_pages ", "nr_dirty ", "pgpgin ", "pgpgout ", "pswpin ", "pgfault ", "pgmajfault "};
	static char text[65536];
	int fd = open("/proc/vmstat", O_RDONLY), len = 0, n;
	long before, after;
	char *memory;

	while ((n = (int)read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	close(fd);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		printf("%s: %s\n", names[i], strstr(text, names[i]) ? "there" : "missing");
	before = fault_count();
	memory = mmap(NULL, 100 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, 100 * 4096, MADV_NOHUGEPAGE);
	for (int i = 0; i < 100; i++)
		memory[i * 4096] = 1;
	after = fault_count();
	printf("100 pages: %s\n", before > 0 && after > before ? "counted" : "not counted");
}

static void test_drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	SHOW(pwrite(fd, "0", 1, 0));
	SHOW(pwrite(fd, "5", 1, 0));
	SHOW(pwrite(fd, "x", 1, 0));
	close(fd);
}

int main(void)
{
	struct counts before;
	pthread_t thread;
	pid_t child;

	setvbuf(stdout, NULL, _IOFBF, 65536); /* one write at the end */
	before = look();
	tell("nothing", before);
	before = look();
	move_bytes();
	tell("moved", before);
	before = look();
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	tell("by a thread", before);
	before = look();
	child = fork();
	if (!child) {
		move_bytes();
		_exit(0);
	}
	waitpid(child, NULL, 0);
	tell("by a child", before);
	test_vmstat();
	test_drop_caches();
	return 0;
}
