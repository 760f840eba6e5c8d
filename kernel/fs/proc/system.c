/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told of the machine. */
#include "kernel/fs/proc/proc.h"
#include "kernel/block/block.h"
#include "kernel/mem/page.h"
#include "kernel/platform/platform.h"
#include "kernel/process/system_name.h"
#include "kernel/uapi/time.h"
#include "lib/format.h"

static void show_cpuinfo(struct proc_text *to)
{
	char text[2048];

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		int len = cpu_describe(cpu, text, sizeof(text));

		proc_append(to, text, min_u64((uint64_t)len, sizeof(text) - 1));
		proc_print(to, "\n");
	}
}
PROC_FILE(cpuinfo) = {.path = "cpuinfo", .mode = 0444, .show = show_cpuinfo};

static void print_kib(struct proc_text *to, const char *name, uint64_t pages)
{
	proc_print(to, "%s:%*s%8llu kB\n", name, (int)(15 - __builtin_strlen(name)), "", (unsigned long long)pages * (PAGE_SIZE / 1024));
}

static void show_meminfo(struct proc_text *to)
{
	struct page_counts c;

	page_count(&c);
	print_kib(to, "MemTotal", c.total);
	print_kib(to, "MemFree", c.free);
	print_kib(to, "MemAvailable", c.free + c.cached - c.memory_files);
	print_kib(to, "Buffers", 0);
	print_kib(to, "Cached", c.cached);
	print_kib(to, "SwapCached", 0);
	print_kib(to, "Active", c.cached / 2);
	print_kib(to, "Inactive", c.cached / 2);
	print_kib(to, "SwapTotal", 0);
	print_kib(to, "SwapFree", 0);
	print_kib(to, "Dirty", page_cache_nr_dirty());
	print_kib(to, "Writeback", 0);
	print_kib(to, "AnonPages", c.total - c.free - c.cached - c.slab);
	print_kib(to, "Mapped", 0);
	print_kib(to, "Shmem", c.memory_files);
	print_kib(to, "Slab", c.slab);
	print_kib(to, "CommitLimit", c.total);
	print_kib(to, "Committed_AS", c.total - c.free);
	proc_print(to, "HugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n");
}
PROC_FILE(meminfo) = {.path = "meminfo", .mode = 0444, .show = show_meminfo};

static void show_stat(struct proc_text *to)
{
	uint64_t now = clock_monotonic_ns(), tick = NS_PER_SECOND / 100, idle = 0;
	unsigned running;
	uint64_t averages[3];

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
		idle += sched_idle_ns(cpu);
	uint64_t busy = now * cpu_count() > idle ? now * cpu_count() - idle : 0;
	proc_print(to, "cpu  %llu 0 0 %llu 0 0 0 0 0 0\n", (unsigned long long)(busy / tick), (unsigned long long)(idle / tick));
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		uint64_t ns = sched_idle_ns(cpu);

		proc_print(to, "cpu%u %llu 0 0 %llu 0 0 0 0 0 0\n", cpu, (unsigned long long)((now > ns ? now - ns : 0) / tick), (unsigned long long)(ns / tick));
	}
	sched_load(&running, averages);
	proc_print(to, "intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
	    (unsigned long long)interrupt_count(), (unsigned long long)sched_switches(), (unsigned long long)((clock_realtime_ns() - now) / NS_PER_SECOND),
	    (unsigned long long)process_count_ever(), running);
}
PROC_FILE(stat) = {.path = "stat", .mode = 0444, .show = show_stat};

static void show_uptime(struct proc_text *to)
{
	uint64_t now = clock_monotonic_ns() / (NS_PER_SECOND / 100), idle = 0;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
		idle += sched_idle_ns(cpu);
	idle /= NS_PER_SECOND / 100;
	proc_print(to, "%llu.%02llu %llu.%02llu\n", (unsigned long long)now / 100, (unsigned long long)now % 100, (unsigned long long)idle / 100, (unsigned long long)idle % 100);
}
PROC_FILE(uptime) = {.path = "uptime", .mode = 0444, .show = show_uptime};

static void show_loadavg(struct proc_text *to)
{
	unsigned running, total = 0;
	uint64_t averages[3];
	int last = 0;

	sched_load(&running, averages);
	spin_lock(&process_tree_lock);
	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1)) {
		total += p->nr_tasks;
		last = p->pid;
	}
	spin_unlock(&process_tree_lock);
	for (int i = 0; i < 3; i++)
		proc_print(to, "%llu.%02llu ", (unsigned long long)(averages[i] >> 16), (unsigned long long)(((averages[i] & 0xffff) * 100) >> 16));
	proc_print(to, "%u/%u %d\n", running, total, last);
}
PROC_FILE(loadavg) = {.path = "loadavg", .mode = 0444, .show = show_loadavg};

static void show_version(struct proc_text *to)
{
	proc_print(to, "Linux version %s (dory) %s\n", SYSTEM_RELEASE, SYSTEM_VERSION);
}
PROC_FILE(version) = {.path = "version", .mode = 0444, .show = show_version};

LINKER_SET_DECLARE(file_system, struct file_system_type);

static void show_filesystems(struct proc_text *to)
{
	for (const struct file_system_type *const *p = LINKER_SET_BEGIN(file_system); p < LINKER_SET_END(file_system); p++)
		proc_print(to, "%s\t%s\n", (*p)->needs_device ? "" : "nodev", (*p)->name);
}
PROC_FILE(filesystems) = {.path = "filesystems", .mode = 0444, .show = show_filesystems};

static void show_devices(struct proc_text *to)
{
	proc_print(to, "Character devices:\n");
	for (const struct character_device *d = character_device_next(NULL); d; d = character_device_next(d))
		proc_print(to, "%3u %s\n", d->major, d->name);
	proc_print(to, "\nBlock devices:\n254 virtblk\n");
}
PROC_FILE(devices) = {.path = "devices", .mode = 0444, .show = show_devices};

/* Times, merges and what is under way are not counted. */
static void show_diskstats(struct proc_text *to)
{
	unsigned minor = 0;

	for (struct block_device *d = block_device_next(NULL); d; d = block_device_next(d), minor += 16)
		proc_print(to, " 254 %7u %s %llu 0 %llu 0 %llu 0 %llu 0 0 0 0 0 0 0 0 0 0\n", minor, d->name,
		    (unsigned long long)d->counters[BLOCK_READ].requests, (unsigned long long)d->counters[BLOCK_READ].bytes / 512,
		    (unsigned long long)d->counters[BLOCK_WRITE].requests, (unsigned long long)d->counters[BLOCK_WRITE].bytes / 512);
}
PROC_FILE(diskstats) = {.path = "diskstats", .mode = 0444, .show = show_diskstats};

static void show_swaps(struct proc_text *to)
{
	proc_print(to, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}
PROC_FILE(swaps) = {.path = "swaps", .mode = 0444, .show = show_swaps};

static void show_command_line(struct proc_text *to)
{
	proc_print(to, "%s\n", boot_option_all());
}
PROC_FILE(cmdline) = {.path = "cmdline", .mode = 0444, .show = show_command_line};
