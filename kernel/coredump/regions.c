/* SPDX-License-Identifier: BSD-3-Clause */
/* The regions of the memory, and how much of each goes into the file (core(5), "Controlling which mappings are written to the core dump"). */
#include "kernel/coredump/coredump.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/elf.h"
#include "lib/string.h"

#define NAME_MAX 512

struct collection {
	struct core_regions *to;
	uint32_t filter;
};

static bool reserve(void **items, size_t *room, size_t wanted, size_t size)
{
	size_t more = *room ? *room : 32;
	void *larger;

	if (wanted <= *room)
		return true;
	while (more < wanted)
		more *= 2;
	larger = heap_resize(*items, more * size);
	if (!larger)
		return false;
	*items = larger;
	*room = more;
	return true;
}

/* Whether all of it is wanted: what only the process has, or what its filter asks for. */
static bool is_dumped(const struct region *region, uint32_t filter)
{
	bool is_memory = !region->file.cache || page_cache_is_memory(region->file.cache);

	if (region->flags & REGION_DONT_DUMP)
		return false;
	if (region->flags & REGION_FIXED_FRAMES)
		return region->name && !strcmp(region->name, "[vdso]");
	if (region->flags & REGION_SHARED)
		return filter & (is_memory ? CORE_SHARED : CORE_FILE_SHARED);
	if ((filter & CORE_PRIVATE) && region_has_private_pages(region))
		return true;
	return region->file.cache && (filter & CORE_FILE_PRIVATE);
}

static void add_name(struct core_regions *to, struct core_region *entry, const struct region *region)
{
	char name[NAME_MAX] = "";
	size_t len;

	if (region->file.describe)
		region->file.describe(region->file.file, name, sizeof(name));
	len = strlen(name) + 1;
	if (!reserve((void **)&to->names, &to->names_room, to->names_len + len, 1)) {
		to->is_short = true;
		return;
	}
	entry->name = (uint32_t)to->names_len;
	memcpy(to->names + to->names_len, name, len);
	to->names_len += len;
}

static bool add_region(void *context, const struct region *region, const struct region_usage *usage)
{
	struct collection *collection = context;
	struct core_regions *to = collection->to;
	struct core_region *entry;

	if (!reserve((void **)&to->regions, &to->room, to->count + 1, sizeof(*entry))) {
		to->is_short = true;
		return false;
	}
	entry = &to->regions[to->count++];
	*entry = (struct core_region){
	    .start = region->start, .end = region->end, .flags = region->flags, .is_file = region->file.cache != NULL, .offset = region->offset};
	entry->dump_end = is_dumped(region, collection->filter) ? entry->end : entry->start;
	if (entry->is_file)
		add_name(to, entry, region);
	return !to->is_short;
}

/* The first page of a program or library: with its build id it tells a debugger which file belongs there. */
static void add_headers(struct address_space *space, struct core_regions *regions)
{
	char magic[4];

	for (size_t i = 0; i < regions->count; i++) {
		struct core_region *region = &regions->regions[i];

		if (!region->is_file || region->offset || region->dump_end != region->start || !(region->flags & REGION_READ))
			continue;
		if (address_space_read(space, region->start, magic, sizeof(magic)) == (long)sizeof(magic) && elf_has_magic(magic, sizeof(magic)))
			region->dump_end = region->start + PAGE_SIZE;
	}
}

int core_regions_collect(struct task *task, struct core_regions *regions)
{
	struct collection collection = {.to = regions, .filter = task->process->core_filter};

	address_space_walk(task->process->space, add_region, &collection);
	if (regions->is_short)
		return -ENOMEM;
	if (collection.filter & CORE_ELF_HEADERS)
		add_headers(task->process->space, regions);
	return 0;
}

void core_regions_free(struct core_regions *regions)
{
	heap_free(regions->regions);
	heap_free(regions->names);
}
