/* SPDX-License-Identifier: BSD-3-Clause */
/* What the loader hands over: which memory there is, the command line, where ACPI's tables are. */
#pragma once
#include "lib/attr.h"

#define MEMORY_RAM 1

struct memory_entry { /* as PVH and E820 have it */
	uint64_t start, size;
	uint32_t type, reserved;
};

struct loader_table {
	const struct memory_entry *entries;
	unsigned nr_entries;
	const char *command_line; /* "" if there is none */
	uint64_t rsdp;		  /* physical; 0: unknown */
};

/*
 * Reads what is at the physical address `start_info` (PVH: Xen, include/public/arch-x86/hvm/start_info.h), or, where that is 0, what QEMU's
 * configuration device says. The result is the kernel's own copy, good for ever. Panics if it cannot be understood: nobody could go on.
 */
void loader_read(uint64_t start_info, struct loader_table *table);
