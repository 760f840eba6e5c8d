/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads /proc (proc(5)). Asked for again and again: in memory that is there already. */
#include "guest/init/counters.h"
#include "guest/init/control.h"
#include "guest/init/syscalls.h"
#include "lib/format.h"
#include "lib/string.h"

enum { FILE_MAX = 8192, SECTOR = 512 };

enum counter { MEMORY_TOTAL, MEMORY_AVAILABLE, NET_RECEIVED, NET_SENT, DISK_READ, DISK_WRITTEN, COUNTERS };

static uint64_t counters[COUNTERS];

/* The n-th word of the line, from 0; as a number. */
static uint64_t number_at(const char *line, unsigned n)
{
	const char *end;
	uint64_t value;

	for (;;) {
		while (*line == ' ' || *line == '\t')
			line++;
		if (n-- == 0)
			return format_parse_u64(line, &end, &value) ? value : 0;
		while (*line && *line != ' ' && *line != '\t')
			line++;
	}
}

static void take_memory(const char *line)
{
	if (!strncmp(line, "MemTotal:", 9))
		counters[MEMORY_TOTAL] = number_at(line, 1) * 1024;
	else if (!strncmp(line, "MemAvailable:", 13))
		counters[MEMORY_AVAILABLE] = number_at(line, 1) * 1024;
}

/* "  eth0: RECEIVED packets errs drop fifo frame compressed multicast SENT ...", below two lines of titles. */
static void take_interface(const char *line)
{
	const char *colon = strchr(line, ':');

	while (*line == ' ')
		line++;
	if (!colon || !strncmp(line, "lo:", 3))
		return;
	counters[NET_RECEIVED] += number_at(colon + 1, 0);
	counters[NET_SENT] += number_at(colon + 1, 8);
}

/* "MAJOR MINOR NAME reads merged SECTORS ms writes merged SECTORS ..." */
static void take_disk(const char *line)
{
	counters[DISK_READ] += number_at(line, 5) * SECTOR;
	counters[DISK_WRITTEN] += number_at(line, 9) * SECTOR;
}

static void read_lines(const char *path, void (*take)(const char *line))
{
	static char text[FILE_MAX];
	long fd = sys3(open, path, 02000000 /* O_CLOEXEC */, 0), n;
	size_t len = 0;

	if (fd < 0)
		return;
	while (len < sizeof(text) - 1 && (n = sys3(read, fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	sys1(close, fd);
	text[len] = '\0';
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		take(line);
	}
}

void counters_send(void)
{
	static const char *const names[COUNTERS] = {"memory_total", "memory_available", "net_received", "net_sent", "disk_read", "disk_written"};
	char words[COUNTERS][48];

	memset(counters, 0, sizeof(counters));
	read_lines("/proc/meminfo", take_memory);
	read_lines("/proc/net/dev", take_interface);
	read_lines("/proc/diskstats", take_disk);
	for (unsigned i = 0; i < COUNTERS; i++)
		format_text(words[i], sizeof(words[i]), "%s=%llu", names[i], (unsigned long long)counters[i]);
	control_send("counters", words[0], words[1], words[2], words[3], words[4], words[5], NULL);
}
