/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads counters. The guest is not trusted: its text may be anything. */
#include "dory/supervisor/counters.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"

/* Behind the program's name, which is in brackets and may hold anything: fields from the third on. */
bool host_counters_parse(const char *stat, unsigned ticks_per_second, unsigned page_size, struct host_counters *counters)
{
	const char *rest = strrchr(stat, ')');
	unsigned long long user, system;
	long long pages;

	if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u %*u %lld", &user, &system,
			     &pages) != 3)
		return false;
	*counters = (struct host_counters){.cpu_ms = (user + system) * 1000 / ticks_per_second, .resident = (uint64_t)(pages > 0 ? pages : 0) * page_size};
	return true;
}

bool host_counters_read(int64_t pid, struct host_counters *counters)
{
	char *path = text_format("/proc/%lld/stat", (long long)pid), *text = NULL;
	struct dory_error ignored;
	size_t length;
	bool is_read = file_read(path, 8192, &text, &length, &ignored) == 0 &&
		       host_counters_parse(text, (unsigned)sysconf(_SC_CLK_TCK), (unsigned)sysconf(_SC_PAGESIZE), counters);

	free(path);
	free(text);
	return is_read;
}

static bool find_number(const char *text, const char *name, uint64_t *number)
{
	size_t length = strlen(name);
	char *end;

	while (*text) {
		text += strspn(text, " ");
		if (strncmp(text, name, length) == 0 && text[length] == '=') {
			text += length + 1;
			*number = strtoull(text, &end, 10);
			return *text >= '0' && *text <= '9' && (*end == ' ' || *end == '\0');
		}
		text += strcspn(text, " ");
	}
	return false;
}

bool guest_counters_parse(const char *text, struct guest_counters *counters)
{
	struct guest_counters read = {0};
	const struct {
		const char *name;
		uint64_t *to;
	} members[] = {{"memory_total", &read.memory_total}, {"memory_available", &read.memory_available}, {"net_received", &read.net_received},
		{"net_sent", &read.net_sent}, {"disk_read", &read.disk_read}, {"disk_written", &read.disk_written}};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (!find_number(text, members[i].name, members[i].to))
			return false;
	}
	if (read.memory_available > read.memory_total)
		return false;
	*counters = read;
	return true;
}
