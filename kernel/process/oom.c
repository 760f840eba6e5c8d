/* SPDX-License-Identifier: BSD-3-Clause */
/* Out of memory: the process with the most points, mostly the largest, is killed, so that the others, and the machine, live. */
#include "kernel/log/log.h"
#include "kernel/platform/platform.h"
#include "kernel/mem/page.h"
#include "kernel/process/internal.h"
#include "kernel/process/oom.h"

#define PATIENCE_NS 20000000ull /* for the victim to give its memory back */
#define TRIES_MAX   50 /* of one access: the victim may wait for a lock that the caller holds */

/* Pages that its end would bring back: its memory, and files in memory that it alone keeps. Under process_tree_lock. */
static uint64_t held(const struct process *process)
{
	const struct task *task = list_empty(&process->tasks) ? NULL : container_of(process->tasks.next, struct task, process_node);
	struct descriptor_table *table = task ? task->descriptors : NULL;

	return (process->space ? process->space->resident : 0) + (table ? descriptor_table_memory(table) : 0);
}

int64_t oom_points(const struct process *process, uint64_t total_pages)
{
	if (process->oom_adjust == OOM_NEVER)
		return OOM_POINTS_NEVER;
	return (int64_t)held(process) + process->oom_adjust * (int64_t)total_pages / OOM_ADJUST_MAX;
}

/* Those that are not to be ended go all the same if there are no others: the machine goes on. */
static bool is_worse(const struct process *p, const struct process *than, uint64_t total_pages)
{
	int64_t points = oom_points(p, total_pages), others = oom_points(than, total_pages);

	return points > others || (points == others && held(p) > held(than));
}

/* Not init: without it nobody could tell how the program ended. */
static struct process *choose_victim_locked(bool *is_dying)
{
	struct process *worst = NULL;
	struct page_counts pages;

	page_count(&pages);
	*is_dying = false;
	for (struct process *p = process_first_locked(); p; p = process_following_locked(p)) {
		if (p->pid == 1 || p->is_zombie)
			continue;
		if (p->is_exiting || (p->pending.pending & signal_bit(LINUX_SIGKILL)))
			*is_dying = true; /* also one that has no memory any more: it may be giving it back just now */
		else if (p->space && (!worst || is_worse(p, worst, pages.total)))
			worst = p;
	}
	return worst;
}

static unsigned long long mib(uint64_t pages)
{
	return (unsigned long long)(pages * PAGE_SIZE >> 20);
}

/* Where the one that is killed has little: what has the memory may be no program. */
static void tell_use(uint64_t victim_pages)
{
	struct page_counts pages;

	page_count(&pages);
	if (victim_pages > pages.total / 2)
		return;
	log_line(LOG_ERROR, "of %llu MiB programs have %llu, files in memory %llu, other files %llu, the kernel's own objects %llu", mib(pages.total),
	    mib(pages.total - pages.free - pages.cached - pages.slab), mib(pages.memory_files), mib(pages.cached - pages.memory_files), mib(pages.slab));
}

void oom_kill(void)
{
	struct process *victim;
	bool is_dying;

	spin_lock(&process_tree_lock);
	victim = choose_victim_locked(&is_dying);
	if (victim && !is_dying) {
		log_line(LOG_ERROR, "out of memory: killed %s (pid %d, %llu MiB resident)", victim->name, victim->pid, mib(held(victim)));
		tell_use(held(victim));
		(void)process_signal(victim, LINUX_SIGKILL, NULL);
	}
	spin_unlock(&process_tree_lock);
	if (!victim && !is_dying)
		panic("out of memory, and no process to kill");
	if (victim != process_current())
		(void)wait_sleep(clock_monotonic_ns() + PATIENCE_NS, WAIT_KILLABLE);
}

bool oom_retry(void)
{
	struct task *task = task_current();
	uint64_t now = clock_monotonic_ns();

	if (!task || task->thread.killed)
		return false;
	if (now - task->oom_ns > 2 * PATIENCE_NS)
		task->oom_tries = 0;
	if (++task->oom_tries > TRIES_MAX)
		return false;
	oom_kill();
	task->oom_ns = clock_monotonic_ns();
	return true;
}
