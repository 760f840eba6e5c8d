/* SPDX-License-Identifier: BSD-3-Clause */
/* Which process is ended when memory is out (proc(5), oom_score_adj). */
#pragma once
#include "kernel/process/process.h"

#define OOM_NEVER	 (-1000) /* oom_adjust: only if there is no other */
#define OOM_ADJUST_MAX	 1000
#define OOM_POINTS_NEVER INT64_MIN

/* The larger, the sooner it is ended: its pages, and as many thousandths of all as its oom_adjust says. Under process_tree_lock. */
int64_t oom_points(const struct process *process, uint64_t total_pages);
