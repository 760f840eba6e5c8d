/* SPDX-License-Identifier: BSD-3-Clause */
/* What a process has in its memory: maps, smaps, and the texts of its arguments and environment. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"

struct maps_print {
	struct proc_text *to;
	bool is_detailed;
};

static bool show_region(void *context, const struct region *region, uint64_t resident)
{
	struct maps_print *print = context;
	char name[512] = "";
	unsigned flags = region->flags;

	if (region->file.cache && region->file.describe)
		region->file.describe(region->file.file, name, sizeof(name));
	proc_print(print->to, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu", (unsigned long long)region->start, (unsigned long long)region->end,
	    flags & REGION_READ ? 'r' : '-', flags & REGION_WRITE ? 'w' : '-', flags & REGION_EXEC ? 'x' : '-', flags & REGION_SHARED ? 's' : 'p',
	    (unsigned long long)region->offset, device_major(region->file.device), device_minor(region->file.device), (unsigned long long)region->file.inode);
	proc_print(print->to, "%s%s\n", name[0] ? "                    " : region->name ? "                    " : "", name[0] ? name : region->name ? region->name : "");
	if (print->is_detailed)
		proc_print(print->to, "Size:           %8llu kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\nRss:            %8llu kB\nPss:            %8llu kB\n",
		    (unsigned long long)(region->end - region->start) / 1024, (unsigned long long)resident * 4, (unsigned long long)resident * 4);
	return true;
}

static int show_memory(struct proc_text *to, const struct proc_subject *subject, bool is_detailed)
{
	struct maps_print print = {.to = to, .is_detailed = is_detailed};
	struct address_space *space = proc_space_get(subject);

	if (!space)
		return 0;
	address_space_walk(space, show_region, &print);
	address_space_put(space);
	return 0;
}

static int show_maps(struct proc_text *to, const struct proc_subject *subject)
{
	return show_memory(to, subject, false);
}

static int show_smaps(struct proc_text *to, const struct proc_subject *subject)
{
	return show_memory(to, subject, true);
}
PROC_PROCESS_FILE(maps) = {.name = "maps", .mode = 0444, .is_per_task = true, .is_guarded = true, .show = show_maps};
PROC_PROCESS_FILE(smaps) = {.name = "smaps", .mode = 0444, .is_per_task = true, .is_guarded = true, .show = show_smaps};

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
