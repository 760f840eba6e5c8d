/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory that the loader says there is. */
#pragma once
#include "kernel/platform/loader.h"

/* Maps memory and gives it to the page allocator. */
void memory_map_init(const struct loader_table *table);
uint64_t memory_map_end_below_4g(void); /* end of memory under 4 GiB: devices are above */
