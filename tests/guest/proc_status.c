/* SPDX-License-Identifier: BSD-3-Clause */
/* What /proc/PID/status and statm tell of a process's memory, identifiers and pending signals, and /proc/meminfo of shared memory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "show.h"

enum { KIB = 1024, MIB = 1024 * KIB };

/* The number after `name` in a file of lines "name: number"; -1: there is none. */
static long long number_in(const char *path, const char *name, int base)
{
	FILE *file = fopen(path, "r");
	char line[512];
	long long value = -1;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = (long long)strtoull(line + strlen(name) + 1, NULL, base);
	if (file)
		fclose(file);
	return value;
}

static long long status(const char *name)
{
	return number_in("/proc/self/status", name, 10);
}

/* A number in KiB grew by about what it should have: tables and libraries may add a little. */
static void tell_growth(const char *what, long long before, long long after, long long expected)
{
	long long grown = after - before;

	if (grown >= expected - 64 && grown <= expected + 512)
		printf("%s grows by about %lld KiB\n", what, expected);
	else
		printf("%s grows by %lld KiB, not %lld\n", what, grown, expected);
}

static void touch(volatile char *memory, size_t len)
{
	for (size_t i = 0; i < len; i += 4096)
		memory[i] = 1;
}

static void *mapped(int fd, int flags, size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(at, len, MADV_NOHUGEPAGE);
	return at;
}

static void anonymous_memory(void)
{
	long long anonymous = status("RssAnon"), shared = status("RssShmem");
	void *at = mapped(-1, MAP_PRIVATE | MAP_ANONYMOUS, 4 * MIB);

	touch(at, 4 * MIB);
	tell_growth("RssAnon", anonymous, status("RssAnon"), 4 * KIB);
	munmap(at, 4 * MIB);
	tell_growth("RssAnon after munmap", anonymous, status("RssAnon"), 0);
	at = mapped(-1, MAP_SHARED | MAP_ANONYMOUS, 2 * MIB);
	touch(at, 2 * MIB);
	tell_growth("RssShmem of shared anonymous memory", shared, status("RssShmem"), 2 * KIB);
	munmap(at, 2 * MIB);
}

static void memory_files(void)
{
	long long anonymous = status("RssAnon"), shared = status("RssShmem"), all = number_in("/proc/meminfo", "Shmem", 10);
	struct sysinfo before, after;
	int fd = memfd_create("status", 0);
	char *at;

	sysinfo(&before);
	if (ftruncate(fd, 32 * MIB))
		perror("ftruncate");
	at = mapped(fd, MAP_SHARED, 32 * MIB);
	touch(at, 32 * MIB);
	sysinfo(&after);
	tell_growth("RssShmem of a memfd", shared, status("RssShmem"), 32 * KIB);
	printf("Shmem of the system grows: %d\n", number_in("/proc/meminfo", "Shmem", 10) - all > 24 * KIB);
	printf("sysinfo: shared memory grows: %d\n", after.sharedram * after.mem_unit > before.sharedram * before.mem_unit + 24 * MIB);
	munmap(at, 32 * MIB);
	at = mapped(fd, MAP_PRIVATE, 32 * MIB);
	touch(at, 1 * MIB);
	tell_growth("RssAnon of a private copy of a memfd", anonymous, status("RssAnon"), 1 * KIB);
	close(fd);
	munmap(at, 32 * MIB);
}

static void sums(void)
{
	unsigned long long size, resident, shared, text, zero, data;
	long long rss, parts, in_memory_alone;
	FILE *file;

	file = fopen("/proc/self/statm", "r");
	if (!file || fscanf(file, "%llu %llu %llu %llu %llu %llu", &size, &resident, &shared, &text, &zero, &data) != 6)
		printf("statm: what is this?\n");
	if (file)
		fclose(file);
	rss = status("VmRSS");
	parts = status("RssAnon") + status("RssFile") + status("RssShmem");
	in_memory_alone = status("RssFile") + status("RssShmem");
	printf("VmRSS is the sum of its parts: %d\n", llabs(rss - parts) < 64);
	printf("statm: resident %d shared %d text %d data %d\n", llabs((long long)resident * 4 - rss) < 128, llabs((long long)shared * 4 - in_memory_alone) < 128,
	    text > 0 && text < 10000, data > 0 && data < 100000);
	printf("VmStk %d VmExe %d RssFile %d\n", status("VmStk") > 0, status("VmExe") > 0, status("RssFile") > 0);
	printf("HugetlbPages %lld CoreDumping %lld VmSwap %lld\n", status("HugetlbPages"), status("CoreDumping"), status("VmSwap"));
}

static void identifiers(void)
{
	printf("NStgid %d NSpid %d NSpgid %d NSsid %d\n", status("NStgid") == getpid(), status("NSpid") == gettid(), status("NSpgid") == getpgrp(), status("NSsid") == getsid(0));
}

static void pending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pthread_kill(pthread_self(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	printf("SigPnd %llx ShdPnd %llx\n", number_in("/proc/self/status", "SigPnd", 16), number_in("/proc/self/status", "ShdPnd", 16));
}

int main(void)
{
	anonymous_memory();
	memory_files();
	sums();
	identifiers();
	pending_signals();
	return 0;
}
