/* SPDX-License-Identifier: BSD-3-Clause */
/* What a process has in its memory: maps, smaps, and the texts of its arguments and environment. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"

static void print_line(struct proc_text *to, const struct region *region)
{
	char name[512] = "";
	unsigned flags = region->flags;

	if (region->file.cache && region->file.describe)
		region->file.describe(region->file.file, name, sizeof(name));
	proc_print(to, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu", (unsigned long long)region->start, (unsigned long long)region->end,
	    flags & REGION_READ ? 'r' : '-', flags & REGION_WRITE ? 'w' : '-', flags & REGION_EXEC ? 'x' : '-', flags & REGION_SHARED ? 's' : 'p',
	    (unsigned long long)region->offset, device_major(region->file.device), device_minor(region->file.device), (unsigned long long)region->file.inode);
	proc_print(to, "%s%s\n", name[0] ? "                    " : region->name ? "                    " : "", name[0] ? name : region->name ? region->name : "");
}

static bool print_region(void *to, const struct region *region, const struct region_usage *usage)
{
	print_line(to, region);
	return true;
}

static void print_size(struct proc_text *to, const char *name, uint64_t bytes)
{
	proc_print(to, "%-15s %8llu kB\n", name, (unsigned long long)bytes / 1024);
}

/* Of a region, or of all of them. */
static void print_usage(struct proc_text *to, const struct region_usage *usage, uint64_t locked)
{
	print_size(to, "Rss:", usage->resident * PAGE_SIZE);
	print_size(to, "Pss:", usage->share);
	print_size(to, "Pss_Dirty:", usage->resident ? usage->share * usage->dirty / usage->resident : 0);
	print_size(to, "Shared_Clean:", (usage->shared - usage->shared_dirty) * PAGE_SIZE);
	print_size(to, "Shared_Dirty:", usage->shared_dirty * PAGE_SIZE);
	print_size(to, "Private_Clean:", (usage->resident - usage->shared - (usage->dirty - usage->shared_dirty)) * PAGE_SIZE);
	print_size(to, "Private_Dirty:", (usage->dirty - usage->shared_dirty) * PAGE_SIZE);
	print_size(to, "Referenced:", usage->referenced * PAGE_SIZE);
	print_size(to, "Anonymous:", usage->anonymous * PAGE_SIZE);
	print_size(to, "KSM:", 0);
	print_size(to, "LazyFree:", 0);
	print_size(to, "AnonHugePages:", usage->huge * PAGE_SIZE);
	print_size(to, "ShmemPmdMapped:", 0);
	print_size(to, "FilePmdMapped:", 0);
	print_size(to, "Shared_Hugetlb:", 0);
	print_size(to, "Private_Hugetlb:", 0);
	print_size(to, "Swap:", 0);
	print_size(to, "SwapPss:", 0);
	print_size(to, "Locked:", locked);
}

/* proc(5), VmFlags. */
static void print_flags(struct proc_text *to, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {{REGION_READ, "rd"}, {REGION_WRITE, "wr"}, {REGION_EXEC, "ex"}, {REGION_SHARED, "sh"}, {REGION_MAY_WRITE, "mw"}, {REGION_GROWS_DOWN, "gd"},
	    {REGION_LOCKED, "lo"}, {REGION_LOCK_ON_FAULT, "lf"}, {REGION_DONT_FORK, "dc"}, {REGION_DONT_DUMP, "dd"}, {REGION_WIPE_ON_FORK, "wf"}, {REGION_HUGE, "hg"},
	    {REGION_NO_HUGE, "nh"}, {REGION_SEALED, "sl"}};

	proc_print(to, "VmFlags: mr me ");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].flag)
			proc_print(to, "%s ", names[i].name);
	proc_print(to, "\n");
}

static uint64_t locked_share(const struct region *region, const struct region_usage *usage)
{
	return region->flags & REGION_LOCKED ? usage->share : 0;
}

static bool print_region_usage(void *context, const struct region *region, const struct region_usage *usage)
{
	struct proc_text *to = context;

	print_line(to, region);
	print_size(to, "Size:", region->end - region->start);
	print_size(to, "KernelPageSize:", PAGE_SIZE);
	print_size(to, "MMUPageSize:", PAGE_SIZE);
	print_usage(to, usage, locked_share(region, usage));
	proc_print(to, "THPeligible:           %d\n", !region->file.cache && !(region->flags & REGION_NO_HUGE));
	print_flags(to, region->flags);
	return true;
}

static int show_memory(struct proc_text *to, const struct proc_subject *subject, bool (*visit)(void *, const struct region *, const struct region_usage *))
{
	struct address_space *space = proc_space_get(subject);

	if (!space)
		return 0;
	address_space_walk(space, visit, to);
	address_space_put(space);
	return 0;
}

static int show_maps(struct proc_text *to, const struct proc_subject *subject)
{
	return show_memory(to, subject, print_region);
}

static int show_smaps(struct proc_text *to, const struct proc_subject *subject)
{
	return show_memory(to, subject, print_region_usage);
}
PROC_PROCESS_FILE(maps) = {.name = "maps", .mode = 0444, .is_per_task = true, .is_guarded = true, .show = show_maps};
PROC_PROCESS_FILE(smaps) = {.name = "smaps", .mode = 0444, .is_per_task = true, .is_guarded = true, .show = show_smaps};

/* ---- The sum of all regions ---- */

struct sum {
	struct region_usage usage;
	uint64_t start, end, locked;
};

static bool add_region(void *context, const struct region *region, const struct region_usage *usage)
{
	struct sum *sum = context;

	sum->start = sum->end ? sum->start : region->start;
	sum->end = region->end;
	sum->locked += locked_share(region, usage);
	sum->usage.resident += usage->resident;
	sum->usage.anonymous += usage->anonymous;
	sum->usage.shared += usage->shared;
	sum->usage.dirty += usage->dirty;
	sum->usage.shared_dirty += usage->shared_dirty;
	sum->usage.referenced += usage->referenced;
	sum->usage.huge += usage->huge;
	sum->usage.share += usage->share;
	return true;
}

static int show_rollup(struct proc_text *to, const struct proc_subject *subject)
{
	struct address_space *space = proc_space_get(subject);
	struct sum sum = {{0}};

	if (!space)
		return -ESRCH;
	address_space_walk(space, add_region, &sum);
	address_space_put(space);
	proc_print(to, "%08llx-%08llx ---p 00000000 00:00 0                    [rollup]\n", (unsigned long long)sum.start, (unsigned long long)sum.end);
	print_usage(to, &sum.usage, sum.locked);
	return 0;
}
PROC_PROCESS_FILE(smaps_rollup) = {.name = "smaps_rollup", .mode = 0444, .is_guarded = true, .show = show_rollup};

/* Appends [start, end) of the process's memory. */
static int show_range(struct proc_text *to, const struct proc_subject *subject, bool wants_environment)
{
	struct address_space *space = proc_space_get(subject);
	uint64_t at, end;
	char part[512];

	if (!space)
		return 0;
	at = wants_environment ? space->env_start : space->arg_start;
	end = wants_environment ? space->env_end : space->arg_end;
	while (at < end) {
		long got = address_space_read(space, at, part, min_u64(end - at, sizeof(part)));

		if (got <= 0)
			break;
		proc_append(to, part, (size_t)got);
		at += (uint64_t)got;
	}
	address_space_put(space);
	return 0;
}

static int show_cmdline(struct proc_text *to, const struct proc_subject *subject)
{
	return show_range(to, subject, false);
}

static int show_environ(struct proc_text *to, const struct proc_subject *subject)
{
	return show_range(to, subject, true);
}
PROC_PROCESS_FILE(cmdline) = {.name = "cmdline", .mode = 0444, .is_per_task = true, .show = show_cmdline};
PROC_PROCESS_FILE(environ) = {.name = "environ", .mode = 0400, .is_per_task = true, .is_guarded = true, .show = show_environ};
