/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests may turn on their stand-in machine. It has one CPU and one thread, which may not sleep without a deadline.
 */
#pragma once
#include "lib/attr.h"

/* Memory of the machine: [0, size) of physical addresses that page_add_range may be told of. Contents undefined (not
 * zeros). */
void hosted_memory(uint64_t size);
/* Runs the initcalls of the modules that are linked, in order of level. */
void hosted_start(void);
/* The clock stands still but for this, and sleeps with a deadline, which pass at once. */
void hosted_pass_time(uint64_t ns);
/* Pages of `pt` that were taken away or made read-only and not flushed since. */
uint64_t hosted_nr_unflushed(void);
/* The k-th page_table_map from now on fails (0: none does). */
void hosted_fail_map(unsigned k);
