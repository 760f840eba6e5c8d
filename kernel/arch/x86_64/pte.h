/* SPDX-License-Identifier: BSD-3-Clause */
/* Page table entries (SDM 3A §4.5). */
#pragma once
#include "kernel/arch/x86_64/features.h"

#define PTE_PRESENT  0x001ull
#define PTE_WRITE    0x002ull
#define PTE_USER     0x004ull
#define PTE_UNCACHED 0x018ull /* PWT and PCD: UC by the PAT's reset value */
#define PTE_ACCESSED 0x020ull
#define PTE_DIRTY    0x040ull
#define PTE_LARGE    0x080ull
#define PTE_GLOBAL   0x100ull
#define PTE_HIDDEN   0x200ull /* ours: not present for the CPU, but holds a frame (PROT_NONE) */
#define PTE_NX	     (1ull << 63)
#define PTE_FRAME    0x000ffffffffff000ull

#define PTE_CR4_PGE 0x80u

static inline uint64_t pte_no_execute(void)
{
	return cpu_features.nx ? PTE_NX : 0;
}
