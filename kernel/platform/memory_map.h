/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory that the loader says there is, and the rest of what it hands over (PVH: Xen, include/public/arch-x86/hvm/start_info.h). */
#pragma once
#include "lib/attr.h"

struct boot_information {
	const char *command_line; /* "" if there is none */
	uint64_t rsdp;
};

/* Maps memory, gives it to the page allocator; fills *information. The loader's own structures are kept. */
void memory_map_init(uint64_t start_info, struct boot_information *information);
uint64_t memory_map_end_below_4g(void); /* end of memory under 4 GiB: devices are above */
