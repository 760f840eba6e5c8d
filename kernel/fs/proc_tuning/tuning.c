/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys: what tuning guides and entry points of images set, and on which nothing depends here. It is kept, so that they do not fail. */
#include "kernel/fs/proc/proc.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

/* Memory is given out as it is used, there is no swapping, and pages are written as the kernel sees fit. */
PROC_SYSCTL_KEPT(overcommit_memory, "vm/overcommit_memory", 0, 0, 1);
PROC_SYSCTL_KEPT(overcommit_ratio, "vm/overcommit_ratio", 50, 0, INT32_MAX);
PROC_SYSCTL_KEPT(swappiness, "vm/swappiness", 60, 0, 200);
PROC_SYSCTL_KEPT(dirty_ratio, "vm/dirty_ratio", 20, 0, 100);
PROC_SYSCTL_KEPT(dirty_background_ratio, "vm/dirty_background_ratio", 10, 0, 100);
PROC_SYSCTL_KEPT(dirty_expire, "vm/dirty_expire_centisecs", 3000, 0, INT32_MAX);
PROC_SYSCTL_KEPT(dirty_writeback, "vm/dirty_writeback_centisecs", 500, 0, INT32_MAX);
PROC_SYSCTL_KEPT(vfs_cache_pressure, "vm/vfs_cache_pressure", 100, 0, INT32_MAX);
PROC_SYSCTL_KEPT(kernel_panic, "kernel/panic", 0, 0, INT32_MAX);
PROC_SYSCTL_KEPT(panic_on_oops, "kernel/panic_on_oops", 1, 0, 1);
PROC_SYSCTL_KEPT(sysrq, "kernel/sysrq", 0, 0, 511);
PROC_SYSCTL_KEPT(kptr_restrict, "kernel/kptr_restrict", 2, 0, 2);
/* As the calls that these are about are refused. */
PROC_SYSCTL_KEPT(perf_event_paranoid, "kernel/perf_event_paranoid", 3, 3, 4);
PROC_SYSCTL_KEPT(unprivileged_bpf_disabled, "kernel/unprivileged_bpf_disabled", 2, 1, 2);

static unsigned console_levels[] = {4, 4, 1, 7};
PROC_FILE(sys_printk) = {.path = "sys/kernel/printk", .mode = 0644, .number = console_levels, .nr_numbers = ARRAY_SIZE(console_levels), .most = 15};

static uint64_t file_max = INT64_MAX;

static void show_file_max(struct proc_text *to)
{
	proc_print(to, "%llu\n", (unsigned long long)file_max);
}

/* Kept: what limits open files is memory, and each process's RLIMIT_NOFILE. */
static int store_file_max(const char *text, size_t len)
{
	const char *end;
	uint64_t value;

	if (!format_parse_u64(text, &end, &value) || (*end && *end != '\n') || value > INT64_MAX)
		return -EINVAL;
	file_max = value;
	return 0;
}
PROC_FILE(sys_file_max) = {.path = "sys/fs/file-max", .mode = 0644, .show = show_file_max, .store = store_file_max};
