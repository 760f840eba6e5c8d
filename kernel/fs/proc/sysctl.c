/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys: what programs look up, and what can be set. */
#include "kernel/file/pipe.h"
#include "kernel/file/random.h"
#include "kernel/file/watch.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/process/core.h"
#include "kernel/process/exec.h"
#include "kernel/process/limits.h"
#include "kernel/process/system_name.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

PROC_SYSCTL_TEXT(ostype, "kernel/ostype", "Linux");
PROC_SYSCTL_TEXT(osrelease, "kernel/osrelease", SYSTEM_RELEASE);
PROC_SYSCTL_TEXT(version, "kernel/version", SYSTEM_VERSION);
PROC_SYSCTL_TEXT(tainted, "kernel/tainted", "0");
PROC_SYSCTL_TEXT(ngroups_max, "kernel/ngroups_max", "65536");
PROC_SYSCTL_TEXT(cap_last_cap, "kernel/cap_last_cap", "40");
PROC_SYSCTL_TEXT(entropy_avail, "kernel/random/entropy_avail", "256");
PROC_SYSCTL_TEXT(poolsize, "kernel/random/poolsize", "256");
PROC_SYSCTL_TEXT(mmap_min_addr, "vm/mmap_min_addr", "65536");

PROC_SYSCTL(randomize_va_space, "kernel/randomize_va_space", &exec_randomizes, 0, 2);
PROC_SYSCTL(inotify_watches, "fs/inotify/max_user_watches", &inotify_limits.watches, 0, INT32_MAX);
PROC_SYSCTL(inotify_instances, "fs/inotify/max_user_instances", &inotify_limits.instances, 0, INT32_MAX);
PROC_SYSCTL(inotify_events, "fs/inotify/max_queued_events", &inotify_limits.events, 0, INT32_MAX);

static void show_pipe_max_size(struct proc_text *to)
{
	proc_print(to, "%u\n", pipe_size_max);
}

/* Whole pages, a power of two of them, as pipes have. */
static int store_pipe_max_size(const char *text, size_t len)
{
	uint32_t size = PAGE_SIZE;
	const char *end;
	uint64_t asked;

	if (!format_parse_u64(text, &end, &asked) || (*end && *end != '\n') || asked > 1u << 31)
		return -EINVAL;
	while (size < asked)
		size *= 2;
	pipe_size_max = size;
	return 0;
}
PROC_FILE(sys_pipe_max_size) = {.path = "sys/fs/pipe-max-size", .mode = 0644, .show = show_pipe_max_size, .store = store_pipe_max_size};

static void show_core_pattern(struct proc_text *to)
{
	proc_print(to, "%s\n", core_pattern);
}

/* A program that the file would be piped to is not supported. */
static int store_core_pattern(const char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	if (len > CORE_PATTERN_MAX || text[0] == '|')
		return -EINVAL;
	spin_lock(&process_tree_lock);
	memset(core_pattern, 0, sizeof(core_pattern));
	memcpy(core_pattern, text, len);
	spin_unlock(&process_tree_lock);
	return 0;
}
PROC_FILE(sys_core_pattern) = {.path = "sys/kernel/core_pattern", .mode = 0644, .show = show_core_pattern, .store = store_core_pattern};

PROC_SYSCTL(core_uses_pid, "kernel/core_uses_pid", &core_uses_pid, 0, 1);
PROC_SYSCTL(threads_max, "kernel/threads-max", &task_limit, TASK_LIMIT_MIN, TASK_LIMIT_MAX);
PROC_SYSCTL(nr_open, "fs/nr_open", &open_files_limit, 64, 1048576);
PROC_SYSCTL(pid_max, "kernel/pid_max", &process_id_max, 301, PROCESS_ID_LIMIT);
PROC_SYSCTL(max_map_count, "vm/max_map_count", &address_space_max_regions, 0, INT32_MAX);

static void show_last_pid(struct proc_text *to)
{
	proc_print(to, "%d\n", process_last_id());
}

static int store_last_pid(const char *text, size_t len)
{
	const char *end;
	uint64_t value;

	if (!format_parse_u64(text, &end, &value) || (*end && *end != '\n') || value >= process_id_max)
		return -EINVAL;
	process_set_last_id((int)value);
	return 0;
}
PROC_FILE(sys_ns_last_pid) = {.path = "sys/kernel/ns_last_pid", .mode = 0644, .show = show_last_pid, .store = store_last_pid};

/* As many as there can be: none. */
static void show_huge_pages(struct proc_text *to)
{
	proc_print(to, "0\n");
}

static int store_huge_pages(const char *text, size_t len)
{
	const char *end;
	uint64_t value;

	return format_parse_u64(text, &end, &value) && (!*end || *end == '\n') ? 0 : -EINVAL;
}
PROC_FILE(sys_nr_hugepages) = {.path = "sys/vm/nr_hugepages", .mode = 0644, .show = show_huge_pages, .store = store_huge_pages};

static void show_hostname(struct proc_text *to)
{
	proc_print(to, "%s\n", system_host_name);
}

static int store_name(const char *text, size_t len, char to[SYSTEM_NAME_MAX + 1])
{
	if (len && text[len - 1] == '\n')
		len--;
	if (len > SYSTEM_NAME_MAX)
		return -EINVAL;
	memset(to, 0, SYSTEM_NAME_MAX + 1);
	memcpy(to, text, len);
	return 0;
}

static int store_hostname(const char *text, size_t len)
{
	return store_name(text, len, system_host_name);
}
PROC_FILE(sys_hostname) = {.path = "sys/kernel/hostname", .mode = 0644, .show = show_hostname, .store = store_hostname};

static void show_domainname(struct proc_text *to)
{
	proc_print(to, "%s\n", system_domain_name);
}

static int store_domainname(const char *text, size_t len)
{
	return store_name(text, len, system_domain_name);
}
PROC_FILE(sys_domainname) = {.path = "sys/kernel/domainname", .mode = 0644, .show = show_domainname, .store = store_domainname};

/* RFC 4122 §4.4: a random UUID. */
static void print_uuid(struct proc_text *to, uint8_t u[16])
{
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++)
		proc_print(to, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", u[i]);
	proc_print(to, "\n");
}

static void show_uuid(struct proc_text *to)
{
	uint8_t bytes[16];

	random_fill(bytes, sizeof(bytes));
	print_uuid(to, bytes);
}
PROC_FILE(sys_uuid) = {.path = "sys/kernel/random/uuid", .mode = 0444, .show = show_uuid};

static void show_boot_id(struct proc_text *to)
{
	static uint8_t bytes[16];
	static bool is_chosen;

	if (!is_chosen)
		random_fill(bytes, sizeof(bytes));
	is_chosen = true;
	print_uuid(to, bytes);
}
PROC_FILE(sys_boot_id) = {.path = "sys/kernel/random/boot_id", .mode = 0444, .show = show_boot_id};
