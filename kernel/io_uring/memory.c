/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of a ring: a page cache without a file, all of whose pages are there from the start. */
#include "kernel/io_uring/internal.h"

int uring_memory_init(struct uring_memory *memory, uint64_t bytes)
{
	uint64_t nr = align_up(bytes, PAGE_SIZE) >> PAGE_SHIFT;
	int ret = 0;

	page_cache_init(&memory->cache, NULL);
	memory->pages = heap_alloc(nr * sizeof(*memory->pages));
	if (!memory->pages)
		return -ENOMEM;
	while (!ret && memory->nr_pages < nr) {
		ret = page_cache_get(&memory->cache, memory->nr_pages, nr, &memory->pages[memory->nr_pages]);
		memory->nr_pages += !ret;
	}
	return ret;
}

void uring_memory_fini(struct uring_memory *memory)
{
	for (uint64_t i = 0; i < memory->nr_pages; i++)
		page_put(memory->pages[i]);
	if (memory->cache.regions.next)
		page_cache_fini(&memory->cache);
	heap_free(memory->pages);
}
