/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's own half of the address space: made at start, shared by all page tables. */
#pragma once
#include "lib/attr.h"

/* Replaces the start's mapping by one where no page is both writable and executable. [early_end, limit) may be taken for tables. */
void kernel_map_image(uint64_t limit);
/* Adds memory to the direct map; before page_init. */
void kernel_map_memory(uint64_t start, uint64_t end);
/* Physical end of the image and the tables made so far. */
uint64_t kernel_map_end(void);
uint64_t kernel_map_start(void);
/* The kernel half of a new top-level table. */
void kernel_map_share(uint64_t *top);
uint64_t kernel_map_root(void);
/* Makes the page where other CPUs start executable, at its physical address. */
void kernel_map_trampoline(void);
