/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to the page fault's files: fault.c, fault_anonymous.c, fault_file.c. All but the last steps run with the
 * space's lock held. */
#pragma once
#include "kernel/vm/internal.h"

enum fault_outcome { SERVED, NEEDS_READ, NEEDS_MEMORY, NOT_MAPPED, NOT_ALLOWED, BEYOND_END };

struct fault {
	struct address_space *space;
	struct region *region;
	uint64_t address; /* of the page */
	bool is_write;
	bool has_dirtied; /* a page of a file: who writes much waits for the writer, once the lock is released */
	struct mapped_file dirtied; /* is told then, if it wants to be; with a reference */
	uint64_t index, nr_in_file; /* NEEDS_READ */
};

/* ---- fault.c ---- */
/* Enters the page with its reference, or puts it: SERVED or NEEDS_MEMORY. `flags` beside the region's. */
enum fault_outcome fault_enter(struct fault *fault, uint64_t address, struct page *page, unsigned flags);
/* A page of a shared mapping is written from now on. */
void fault_note_write(struct fault *fault, struct page *page);
void fault_count_resident(struct address_space *space, uint64_t nr);
bool fault_is_absent(struct fault *fault, uint64_t address); /* nothing is entered there */
/* A page for a program: the last ones are the kernel's. NULL: no memory. */
struct page *fault_new_page(void);
struct page *fault_copy_page(struct page *from);

/* ---- Where nothing is entered yet ---- */
void fault_anonymous_init(void);
enum fault_outcome fault_serve_anonymous(struct fault *fault);
enum fault_outcome fault_serve_file(struct fault *fault);
