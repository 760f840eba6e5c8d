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
SYSCTL_TEXT(pid_max, "kernel/pid_max", "4194304");
SYSCTL_TEXT(ngroups_max, "kernel/ngroups_max", "65536");
SYSCTL_TEXT(cap_last_cap, "kernel/cap_last_cap", "40");
SYSCTL_TEXT(randomize_va_space, "kernel/randomize_va_space", "2");
SYSCTL_TEXT(shmmax, "kernel/shmmax", "18446744073692774399");
SYSCTL_TEXT(shmall, "kernel/shmall", "18446744073692774399");
SYSCTL_TEXT(shmmni, "kernel/shmmni", "4096");
SYSCTL_TEXT(msgmax, "kernel/msgmax", "8192");
SYSCTL_TEXT(msgmnb, "kernel/msgmnb", "16384");
SYSCTL_TEXT(msgmni, "kernel/msgmni", "32000");
SYSCTL_TEXT(sem, "kernel/sem", "32000\t1024000000\t500\t32000");
SYSCTL_TEXT(entropy_avail, "kernel/random/entropy_avail", "256");
SYSCTL_TEXT(poolsize, "kernel/random/poolsize", "256");
SYSCTL_TEXT(overcommit_memory, "vm/overcommit_memory", "0");
SYSCTL_TEXT(max_map_count, "vm/max_map_count", "65530");
SYSCTL_TEXT(swappiness, "vm/swappiness", "60");
SYSCTL_TEXT(nr_hugepages, "vm/nr_hugepages", "0");
SYSCTL_TEXT(mmap_min_addr, "vm/mmap_min_addr", "65536");
SYSCTL_TEXT(file_max, "fs/file-max", "9223372036854775807");
SYSCTL_TEXT(nr_open, "fs/nr_open", "1048576");
SYSCTL_TEXT(aio_max_nr, "fs/aio-max-nr", "65536");
SYSCTL_TEXT(somaxconn, "net/core/somaxconn", "4096");

/* Reads a whole number of those that a file takes. */
static int store_number(const char *text, size_t len, uint64_t min, uint64_t max, uint32_t *to)
{
	char copy[16] = "";
	const char *end = copy;
	uint64_t value;

	memcpy(copy, text, min_u64(len, sizeof(copy) - 1));
	if (!format_parse_u64(copy, &end, &value) || (*end && *end != '\n') || value < min || value > max)
		return -EINVAL;
	*to = (uint32_t)value;
	return 0;
}

/* A number that can be set. */
#define SYSCTL_NUMBER(n, p, variable, min, max)                                                                      \
	static void show_##n(struct proc_text *to)                                                                  \
	{                                                                                                           \
		proc_print(to, "%u\n", variable);                                                                   \
	}                                                                                                           \
	static int store_##n(const char *text, size_t len)                                                          \
	{                                                                                                           \
		return store_number(text, len, min, max, &variable);                                                \
	}                                                                                                           \
	PROC_FILE(sys_##n) = {.path = "sys/" p, .mode = 0644, .show = show_##n, .store = store_##n}

SYSCTL_NUMBER(inotify_watches, "fs/inotify/max_user_watches", inotify_limits.watches, 0, INT32_MAX);
SYSCTL_NUMBER(inotify_instances, "fs/inotify/max_user_instances", inotify_limits.instances, 0, INT32_MAX);
SYSCTL_NUMBER(inotify_events, "fs/inotify/max_queued_events", inotify_limits.events, 0, INT32_MAX);
SYSCTL_NUMBER(threads_max, "kernel/threads-max", task_limit, TASK_LIMIT_MIN, TASK_LIMIT_MAX);

static void show_pipe_max_size(struct proc_text *to)
{
	proc_print(to, "%u\n", pipe_size_max);
}

/* Whole pages, a power of two of them, as pipes have. */
static int store_pipe_max_size(const char *text, size_t len)
{
	uint32_t asked, size = PAGE_SIZE;
	int ret = store_number(text, len, 0, 1u << 31, &asked);

	while (!ret && size < asked)
		size *= 2;
	if (!ret)
		pipe_size_max = size;
	return ret;
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

static void show_core_uses_pid(struct proc_text *to)
{
	proc_print(to, "%d\n", core_uses_pid);
}

static int store_core_uses_pid(const char *text, size_t len)
{
	if (text[0] != '0' && text[0] != '1')
		return -EINVAL;
	core_uses_pid = text[0] == '1';
	return 0;
}
PROC_FILE(sys_core_uses_pid) = {.path = "sys/kernel/core_uses_pid", .mode = 0644, .show = show_core_uses_pid, .store = store_core_uses_pid};

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
