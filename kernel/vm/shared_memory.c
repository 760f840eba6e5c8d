/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared anonymous memory (mmap(2), MAP_SHARED | MAP_ANONYMOUS): a page cache without a file, which lives as long as
 * its mappings. */
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"
#include "lib/string.h"

struct shared_memory {
	struct page_cache cache;
	uint32_t references; /* atomic: regions */
	uint64_t number;     /* the inode number that /proc shows */
};

static uint64_t last_number; /* atomic */

static uint64_t no_end(void *file)
{
	return INT64_MAX;
}

static void get(void *file)
{
	__atomic_fetch_add(&((struct shared_memory *)file)->references, 1, __ATOMIC_RELAXED);
}

static void put(void *file)
{
	struct shared_memory *memory = file;

	if (__atomic_sub_fetch(&memory->references, 1, __ATOMIC_ACQ_REL))
		return;
	page_cache_fini(&memory->cache);
	heap_free(memory);
}

static long describe(void *file, char *path, size_t size)
{
	static const char name[] = "/dev/zero (deleted)"; /* as Linux calls it */
	size_t len = min_u64(sizeof(name), size);

	memcpy(path, name, len);
	return (long)len - 1;
}

int shared_memory_new(struct mapped_file *file)
{
	struct shared_memory *memory = heap_alloc_zero(sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	page_cache_init(&memory->cache, NULL);
	memory->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	*file = (struct mapped_file){
		.cache = &memory->cache,
		.size = no_end,
		.get = get,
		.put = put,
		.describe = describe,
		.file = memory,
		.device = 1,
		.inode = memory->number,
	};
	return 0;
}
