/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User page tables: four levels of 4 KiB entries for the lower half of the address space; the kernel's half is shared by all.
 * The caller (vm) serialises changes to one table by its own lock; the flush of other CPUs' TLBs happens here.
 */
#pragma once
#include "lib/attr.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define HUGE_PAGE_SHIFT 21
#define HUGE_PAGE_SIZE	(1ul << HUGE_PAGE_SHIFT)
#define USER_END   0x00007ffffffff000ul /* first address that user memory never has */

enum page_flags {
	PAGE_WRITE = 1,
	PAGE_EXEC = 2,
	PAGE_USER = 4,	/* absent for PROT_NONE: the entry keeps its frame but no access is allowed */
	PAGE_DIRTY = 8, /* reported only: the CPU has written through the entry */
	PAGE_ACCESSED = 16,
	PAGE_HUGE = 32, /* the entry maps 2 MiB */
};

struct page_table {
	uint64_t root;	       /* physical address of the top level; 0: none (kernel threads) */
	uint64_t active_cpus;  /* mask of CPUs that run on it; atomic */
	uint64_t loaded_cpus;  /* those, and CPUs that idle with it still loaded; atomic */
	uint64_t generation;   /* counts flushes, for the latter; atomic */
};

int page_table_init(struct page_table *pt) must_check; /* -ENOMEM */
void page_table_fini(struct page_table *pt);	       /* frees the levels, not the frames; no CPU may run on it */
/* Runs this CPU on it (NULL or root 0: on the kernel's own). No-op if it does already. */
void page_table_activate(struct page_table *pt);

/*
 * QEMU's emulator grows its table of translations only as it empties it: for a CPU that never drops them it stays so small that
 * large programs run at two thirds of their speed. So a busy CPU calls page_table_refresh, which drops all that it keeps, each
 * page_table_refresh_period ns. 0: never, it is no emulator.
 */
uint64_t page_table_refresh_period(void);
void page_table_refresh(void);

/* Enters a frame (physical address) at a user address, replacing what was there (the caller flushes if it was something). -ENOMEM. */
int page_table_map(struct page_table *pt, uint64_t address, uint64_t frame, unsigned flags) must_check;
/* The frame and flags at an address; false if there is none. */
bool page_table_lookup(struct page_table *pt, uint64_t address, uint64_t *frame, unsigned *flags);

/*
 * Visits every present entry in [start, end): `visit` gets the address, frame and flags and returns what to do.
 * Skips absent levels quickly. Huge entries that the range covers partly are split first (-ENOMEM).
 */
enum page_action {
	PAGE_KEEP,
	PAGE_CLEAR,   /* remove the entry */
	PAGE_REPLACE, /* enter *frame and *flags as the visitor changed them */
};
typedef enum page_action page_visit(void *context, uint64_t address, uint64_t *frame, unsigned *flags);
int page_table_visit(struct page_table *pt, uint64_t start, uint64_t end, page_visit *visit, void *context) must_check;

/* Drops TLB entries of the range on every CPU that runs on pt; waits until done. Frames may be freed only after it. */
void page_table_flush(struct page_table *pt, uint64_t start, uint64_t end);

/* All physical memory is mapped for the kernel. */
void *phys_to_virt(uint64_t phys);
uint64_t virt_to_phys(const void *virt); /* of the direct map or the kernel image */
/* Maps device registers (uncached); never unmapped. NULL: no memory. */
void *map_device(uint64_t phys, size_t len);
