/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom the lack of memory ends first (proc(5): oom_score_adj, oom_adj, oom_score). */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/page.h"
#include "kernel/process/credentials.h"
#include "kernel/process/oom.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

#define OLD_MAX	    15 /* oom_adj's range, which Linux keeps for old programs */
#define OLD_DISABLE (-17)

static int parse(const char *text, int low, int high, int *value)
{
	bool is_negative = *text == '-';
	const char *end;
	uint64_t number;

	if (!format_parse_u64(text + is_negative, &end, &number) || (*end && *end != '\n'))
		return -EINVAL;
	*value = is_negative ? -(int)min_u64(number, INT32_MAX) : (int)min_u64(number, INT32_MAX);
	return *value < low || *value > high ? -EINVAL : 0;
}

/* What it is lowered to beyond where it once was is a privilege. */
static int set(struct process *process, int adjust)
{
	bool is_privileged = credentials_have(credentials_current(), CAPABILITY_SYS_RESOURCE);

	if (adjust < process->oom_adjust_low && !is_privileged)
		return -EACCES;
	process->oom_adjust = (int16_t)adjust;
	if (is_privileged)
		process->oom_adjust_low = (int16_t)adjust;
	return 0;
}

static int show_adjust(struct proc_text *to, const struct proc_subject *subject)
{
	proc_print(to, "%d\n", subject->process->oom_adjust);
	return 0;
}

static int store_adjust(const struct proc_subject *subject, const char *text, size_t len)
{
	int value, ret = parse(text, OOM_NEVER, OOM_ADJUST_MAX, &value);

	return ret ? ret : set(subject->process, value);
}
PROC_PROCESS_FILE(oom_score_adj) = {.name = "oom_score_adj", .mode = 0644, .is_per_task = true, .show = show_adjust, .store = store_adjust};

static int show_old(struct proc_text *to, const struct proc_subject *subject)
{
	int adjust = subject->process->oom_adjust;

	proc_print(to, "%d\n", adjust == OOM_ADJUST_MAX ? OLD_MAX : adjust * -OLD_DISABLE / OOM_ADJUST_MAX);
	return 0;
}

static int store_old(const struct proc_subject *subject, const char *text, size_t len)
{
	int value, ret = parse(text, OLD_DISABLE, OLD_MAX, &value);

	return ret ? ret : set(subject->process, value == OLD_MAX ? OOM_ADJUST_MAX : value * OOM_ADJUST_MAX / -OLD_DISABLE);
}
PROC_PROCESS_FILE(oom_adj) = {.name = "oom_adj", .mode = 0644, .is_per_task = true, .show = show_old, .store = store_old};

/* As Linux scales it: 0 to 2000, two thirds of a thousand for one that has no memory. */
static int show_score(struct proc_text *to, const struct proc_subject *subject)
{
	struct page_counts pages;
	int64_t points;

	page_count(&pages);
	spin_lock(&process_tree_lock);
	points = oom_points(subject->process, pages.total);
	spin_unlock(&process_tree_lock);
	proc_print(to, "%lld\n", points == OOM_POINTS_NEVER ? 0ll : (long long)(OOM_ADJUST_MAX + points * OOM_ADJUST_MAX / (int64_t)pages.total) * 2 / 3);
	return 0;
}
PROC_PROCESS_FILE(oom_score) = {.name = "oom_score", .mode = 0444, .is_per_task = true, .show = show_score};
