/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel heap: slabs of powers of two (and halves between) up to 4 KiB, pages above. Never sleeps. */
#pragma once
#include "lib/attr.h"

void *heap_alloc(size_t size) __attribute__((malloc, alloc_size(1)));	   /* NULL: no memory. Aligned to 16; to 64 from 64 bytes on */
void *heap_alloc_zero(size_t size) __attribute__((malloc, alloc_size(1)));
void *heap_resize(void *old, size_t size); /* as realloc(3); NULL leaves old as it was */
void heap_free(void *pointer);		   /* accepts NULL */
char *heap_copy_string(const char *text);
