/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/vmstat, /proc/sys/vm/drop_caches, /proc/PID/io: what memory and files did. */
#include "kernel/block/block.h"
#include "kernel/file/dentry.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/page.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

static void count_faults(uint64_t *minor, uint64_t *major)
{
	address_space_gone_faults(minor, major);
	spin_lock(&process_tree_lock);
	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1)) {
		*minor += p->space ? p->space->faults_minor : 0;
		*major += p->space ? p->space->faults_major : 0;
	}
	spin_unlock(&process_tree_lock);
}

static uint64_t transferred_kib(int direction)
{
	uint64_t bytes = 0;

	for (struct block_device *d = block_device_next(NULL); d; d = block_device_next(d))
		bytes += d->counters[direction].bytes;
	return bytes / 1024;
}

static void show_vmstat(struct proc_text *to)
{
	uint64_t minor, major;
	struct page_counts c;

	page_count(&c);
	count_faults(&minor, &major);
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
	    {"nr_free_pages", c.free}, {"nr_anon_pages", c.total - c.free - c.cached - c.slab}, {"nr_file_pages", c.cached}, {"nr_dirty", page_cache_nr_dirty()},
	    {"nr_slab_unreclaimable", c.slab}, {"pgpgin", transferred_kib(BLOCK_READ)}, {"pgpgout", transferred_kib(BLOCK_WRITE)}, {"pswpin", 0}, {"pswpout", 0},
	    {"pgfault", minor + major}, {"pgmajfault", major},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		proc_print(to, "%s %llu\n", rows[i].name, (unsigned long long)rows[i].value);
}
PROC_FILE(vmstat) = {.path = "vmstat", .mode = 0444, .show = show_vmstat};

/* ---- drop_caches ---- */

static int last_dropped;

static void show_drop_caches(struct proc_text *to)
{
	proc_print(to, "%d\n", last_dropped);
}

static void forget_names(void *context, const struct mount *mount)
{
	dentry_prune(mount_file_system(mount));
}

/* 1: pages of files; 2: names and inodes; 3: both. Only what is clean and unused goes. */
static int store_drop_caches(const char *text, size_t len)
{
	char copy[16] = "";
	const char *end = copy;
	uint64_t value;

	memcpy(copy, text, min_u64(len, sizeof(copy) - 1));
	if (!format_parse_u64(copy, &end, &value) || (*end && *end != '\n') || !value || value > INT32_MAX)
		return -EINVAL;
	last_dropped = (int)value;
	if (last_dropped & 2)
		mount_walk(forget_names, NULL);
	if (last_dropped & 1)
		page_cache_drop_clean();
	return 0;
}
PROC_FILE(sys_drop_caches) = {.path = "sys/vm/drop_caches", .mode = 0200, .show = show_drop_caches, .store = store_drop_caches};

/* ---- PID/io ---- */

static int show_io(struct proc_text *to, const struct proc_subject *subject)
{
	struct thread_io io;

	spin_lock(&process_tree_lock);
	if (subject->task)
		io = subject->task->thread.io;
	else
		process_io(subject->process, &io);
	spin_unlock(&process_tree_lock);
	proc_print(to, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\nread_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: 0\n",
	    (unsigned long long)io.read_bytes, (unsigned long long)io.written_bytes, (unsigned long long)io.reads, (unsigned long long)io.writes,
	    (unsigned long long)io.medium_read, (unsigned long long)io.medium_dirtied);
	return 0;
}
PROC_PROCESS_FILE(io) = {.name = "io", .mode = 0400, .is_per_task = true, .is_guarded = true, .show = show_io};
