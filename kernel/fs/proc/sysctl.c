/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys: what programs look up. Constants that describe this kernel, and the host's name, which can be written. */
#include "kernel/file/pipe.h"
#include "kernel/file/random.h"
#include "kernel/file/watch.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/process/core.h"
#include "kernel/process/limits.h"
#include "kernel/process/system_name.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

/* A file that shows one fixed text. */
#define SYSCTL_TEXT(n, p, t)                                                                                         \
	static void show_##n(struct proc_text *to)                                                                  \
	{                                                                                                           \
		proc_print(to, "%s\n", t);                                                                          \
	}                                                                                                           \
	PROC_FILE(sys_##n) = {.path = "sys/" p, .mode = 0444, .show = show_##n}

SYSCTL_TEXT(ostype, "kernel/ostype", "Linux");
SYSCTL_TEXT(osrelease, "kernel/osrelease", SYSTEM_RELEASE);
SYSCTL_TEXT(version, "kernel/version", SYSTEM_VERSION);
SYSCTL_TEXT(printk, "kernel/printk", "4\t4\t1\t7");
SYSCTL_TEXT(tainted, "kernel/tainted", "0");
SYSCTL_TEXT(ngroups_max, "kernel/ngroups_max", "65536");
SYSCTL_TEXT(cap_last_cap, "kernel/cap_last_cap", "40");
SYSCTL_TEXT(randomize_va_space, "kernel/randomize_va_space", "2");
SYSCTL_TEXT(entropy_avail, "kernel/random/entropy_avail", "256");
SYSCTL_TEXT(poolsize, "kernel/random/poolsize", "256");
SYSCTL_TEXT(overcommit_memory, "vm/overcommit_memory", "0");
SYSCTL_TEXT(swappiness, "vm/swappiness", "60");
SYSCTL_TEXT(mmap_min_addr, "vm/mmap_min_addr", "65536");
SYSCTL_TEXT(file_max, "fs/file-max", "9223372036854775807");
SYSCTL_TEXT(aio_max_nr, "fs/aio-max-nr", "65536");
SYSCTL_TEXT(somaxconn, "net/core/somaxconn", "4096");

PROC_FILE(sys_inotify_watches) = {.path = "sys/fs/inotify/max_user_watches", .mode = 0644, .number = &inotify_limits.watches, .most = INT32_MAX};
PROC_FILE(sys_inotify_instances) = {.path = "sys/fs/inotify/max_user_instances", .mode = 0644, .number = &inotify_limits.instances, .most = INT32_MAX};
PROC_FILE(sys_inotify_events) = {.path = "sys/fs/inotify/max_queued_events", .mode = 0644, .number = &inotify_limits.events, .most = INT32_MAX};

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

PROC_FILE(sys_core_uses_pid) = {.path = "sys/kernel/core_uses_pid", .mode = 0644, .number = &core_uses_pid, .most = 1};
PROC_FILE(sys_threads_max) = {.path = "sys/kernel/threads-max", .mode = 0644, .number = &task_limit, .least = TASK_LIMIT_MIN, .most = TASK_LIMIT_MAX};
PROC_FILE(sys_nr_open) = {.path = "sys/fs/nr_open", .mode = 0644, .number = &open_files_limit, .least = 64, .most = 1048576};
PROC_FILE(sys_pid_max) = {.path = "sys/kernel/pid_max", .mode = 0644, .number = &process_id_max, .least = 301, .most = PROCESS_ID_LIMIT};
PROC_FILE(sys_max_map_count) = {.path = "sys/vm/max_map_count", .mode = 0644, .number = &address_space_max_regions, .most = INT32_MAX};

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
