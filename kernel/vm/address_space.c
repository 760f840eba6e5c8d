/* SPDX-License-Identifier: BSD-3-Clause */
/* Address spaces: making, copying and ending them; mapping, unmapping, the break. */
#include "kernel/vm/address_space.h"
#include "kernel/arch/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/vm/internal.h"

#define STACK_ROOM (1ul << 30)   /* above mmap_base, for the stack and its limit */
#define RANDOM_PAGES (1ul << 28) /* as Linux: 28 bits (vm.mmap_rnd_bits) */
#define STACK_DEFAULT (8ul << 20)
#define LOW_END 0x80000000ul /* MAP_32BIT: below 2 GiB */
#define ROOM_TRIES 8
#define OVERCOMMIT (1ul << 30) /* one mapping may be larger than all memory by that much */

unsigned address_space_max_regions = 65530;

/* ---- Making and ending ---- */

static uint64_t random_number(void)
{
	uint64_t value;

	if (cpu_random(&value))
		return value;
	value = cpu_cycles() * 0x9e3779b97f4a7c15ul; /* too little to guess it from outside is all there is */
	return value ^ value >> 29;
}

/* New processes are refused before memory for those that exist runs out. */
static bool has_room(void)
{
	for (unsigned tries = 0; page_is_scarce(); tries++)
		if (tries == ROOM_TRIES || !page_cache_make_room())
			return false;
	return true;
}

struct address_space *address_space_new(void)
{
	struct address_space *space = has_room() ? heap_alloc_zero(sizeof(*space)) : NULL;

	if (!space)
		return NULL;
	if (page_table_init(&space->page_table)) {
		heap_free(space);
		return NULL;
	}
	mutex_init(&space->lock);
	space->references = space->pins = 1;
	space->limit_bytes = space->limit_data = UINT64_MAX;
	space->limit_stack = STACK_DEFAULT;
	space->mmap_base = USER_END - STACK_ROOM - (random_number() % RANDOM_PAGES << PAGE_SHIFT);
	space->place_from = UINT64_MAX; /* from mmap_base, whatever exec makes of it */
	return space;
}

void address_space_get(struct address_space *space)
{
	__atomic_fetch_add(&space->references, 1, __ATOMIC_RELAXED);
}

void address_space_pin(struct address_space *space)
{
	__atomic_fetch_add(&space->pins, 1, __ATOMIC_RELAXED);
}

void address_space_unpin(struct address_space *space)
{
	if (__atomic_sub_fetch(&space->pins, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free(space);
}

static uint64_t gone_minor, gone_major; /* faults of address spaces that ended; atomic */

void address_space_gone_faults(uint64_t *minor, uint64_t *major)
{
	*minor = __atomic_load_n(&gone_minor, __ATOMIC_RELAXED);
	*major = __atomic_load_n(&gone_major, __ATOMIC_RELAXED);
}

static void end_space(struct address_space *space)
{
	struct list dead = LIST_INIT(dead);
	struct region *region;

	mutex_lock(&space->lock);
	while ((region = region_first(space))) {
		zap_dying(space, region);
		region_remove(space, region, &dead);
	}
	page_table_fini(&space->page_table);
	__atomic_fetch_add(&gone_minor, space->faults_minor, __ATOMIC_RELAXED);
	__atomic_fetch_add(&gone_major, space->faults_major, __ATOMIC_RELAXED);
	mutex_unlock(&space->lock);
	region_bury(&dead);
}

void address_space_put(struct address_space *space)
{
	if (!space || __atomic_sub_fetch(&space->references, 1, __ATOMIC_ACQ_REL))
		return;
	end_space(space);
	address_space_unpin(space);
}

/* ---- Limits ---- */

int check_limits(const struct address_space *space, uint64_t more, bool is_data)
{
	if (more > space->limit_bytes || space->mapped_bytes > space->limit_bytes - more || space->nr_regions > address_space_max_regions)
		return -ENOMEM;
	if (is_data && (more > space->limit_data || space->data_bytes > space->limit_data - more))
		return -ENOMEM;
	return 0;
}

/* What memory can never hold is refused at once (vm.overcommit_memory=0, roughly), unless the caller knows
 * (MAP_NORESERVE). */
static bool is_absurd(uint64_t len, int flags)
{
	struct page_counts counts;

	if (len <= OVERCOMMIT || (flags & LINUX_MAP_NORESERVE))
		return false;
	page_count(&counts);
	return (len - OVERCOMMIT) >> PAGE_SHIFT > counts.total;
}

/* ---- Mapping ---- */

int enter_region(
	struct address_space *space, uint64_t start, uint64_t end, unsigned flags, const char *name, struct list *dead)
{
	struct region *region = region_new(start, end, flags);

	if (!region)
		return -ENOMEM;
	region->name = name;
	region_insert(space, region);
	(void)region_merge(space, region, dead);
	return 0;
}

static bool is_shared(int flags)
{
	return (flags & LINUX_MAP_TYPE) == LINUX_MAP_SHARED || (flags & LINUX_MAP_TYPE) == LINUX_MAP_SHARED_VALIDATE;
}

static unsigned region_flags_of(int prot, int flags, const struct mapped_file *file)
{
	unsigned result = region_protection(prot);

	result |= is_shared(flags) ? REGION_SHARED : 0;
	result |= is_shared(flags) && file && file->is_read_only ? 0 : REGION_MAY_WRITE;
	result |= flags & LINUX_MAP_LOCKED ? REGION_LOCKED : 0;
	return result | (flags & LINUX_MAP_GROWSDOWN && !file ? REGION_GROWS_DOWN : 0);
}

static int check_request(uint64_t address, uint64_t len, int flags, const struct mapped_file *file, uint64_t offset)
{
	if (!len || (flags & LINUX_MAP_TYPE) == 0 || (flags & LINUX_MAP_TYPE) > LINUX_MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (flags & LINUX_MAP_HUGETLB) /* none are reserved */
		return -ENOMEM;
	if (len > USER_END)
		return -ENOMEM;
	if (file && offset + len < offset)
		return -EOVERFLOW;
	if (!(flags & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE)))
		return 0;
	if (address % PAGE_SIZE)
		return -EINVAL;
	if (address > USER_END - len)
		return -ENOMEM;
	return address < PAGE_SIZE ? -EPERM : 0;
}

/* Chooses the place; clears it for MAP_FIXED. Lock held. */
static int64_t find_place(struct address_space *space, uint64_t address, uint64_t len, int flags, struct list *dead)
{
	uint64_t place;
	int ret;

	if (flags & LINUX_MAP_FIXED_NOREPLACE)
		return region_range_is_free(space, address, address + len) ? (int64_t)address : -EEXIST;
	if (flags & LINUX_MAP_FIXED) {
		ret = unmap_locked(space, address, address + len, dead);
		return ret ? ret : (int64_t)address;
	}
	address = align_down(address, PAGE_SIZE);
	if (address >= 0x10000 && address <= USER_END - len && region_range_is_free(space, address, address + len))
		return (int64_t)address;
	place = region_place(space, len, flags & LINUX_MAP_32BIT ? LOW_END : 0);
	return place ? (int64_t)place : -ENOMEM;
}

static int64_t map_locked(struct address_space *space, struct region *region, uint64_t address, uint64_t len, int flags,
	struct list *dead)
{
	int64_t place = check_limits(space, len, (region->flags & (REGION_WRITE | REGION_SHARED)) == REGION_WRITE);

	region->flags |= space->lock_future;
	if (unlikely(region->flags & REGION_LOCKED) && !place)
		place = lock_check_map(space, len, flags);
	if (!place)
		place = find_place(space, address, len, flags, dead);
	if (place < 0)
		return place;
	region->start = (uint64_t)place;
	region->end = region->start + len;
	region_insert(space, region);
	(void)region_merge(space, region, dead);
	return place;
}

/* The region to be, with the file's reference; its place is not known yet. */
static int prepare(int prot, int flags, const struct mapped_file *file, uint64_t offset, struct region **region)
{
	struct mapped_file shared;

	if (!file && is_shared(flags)) {
		int ret = shared_memory_new(&shared);

		if (ret)
			return ret;
		file = &shared;
		offset = 0;
	}
	*region = region_new(0, 0, region_flags_of(prot, flags, file));
	if (*region && file)
		region_set_file(*region, file, offset);
	if (!*region && file == &shared) {
		shared.get(shared.file);
		shared.put(shared.file); /* frees what was made above */
	}
	return *region ? 0 : -ENOMEM;
}

int64_t address_space_map(struct address_space *space, uint64_t address, uint64_t len, int prot, int flags,
	const struct mapped_file *file, uint64_t offset)
{
	struct list dead = LIST_INIT(dead);
	struct region *region;
	int64_t ret;

	if (len > USER_END)
		return -ENOMEM;
	len = align_up(len, PAGE_SIZE);
	ret = check_request(address, len, flags, file, offset);
	if (!ret && !file && !is_shared(flags) && (prot & LINUX_PROT_WRITE) && is_absurd(len, flags))
		ret = -ENOMEM;
	if (!ret)
		ret = prepare(prot, flags, file, offset, &region);
	if (ret)
		return ret;
	mutex_lock(&space->lock);
	ret = map_locked(space, region, address, len, flags, &dead);
	mutex_unlock(&space->lock);
	if (ret < 0)
		list_push_back(&dead, &region->cache_node);
	region_bury(&dead);
	/* As far as it goes: its failure is no one's business. */
	if (ret > 0 && prot && ((flags & (LINUX_MAP_POPULATE | LINUX_MAP_LOCKED)) || space->lock_future == REGION_LOCKED))
		(void)address_space_populate(space, (uint64_t)ret, (uint64_t)ret + len,
			prot & LINUX_PROT_WRITE && !is_shared(flags) ? ACCESS_WRITE : ACCESS_READ);
	return ret;
}

int address_space_map_frames(
	struct address_space *space, uint64_t address, uint64_t phys, uint64_t len, int prot, const char *name)
{
	struct region *region = region_new(address, address + len, region_protection(prot) | REGION_FIXED_FRAMES);
	int ret = 0;

	if (!region)
		return -ENOMEM;
	region->name = name;
	region->fixed_frame = phys;
	mutex_lock(&space->lock);
	if (region_range_is_free(space, address, address + len))
		region_insert(space, region);
	else
		ret = -EEXIST;
	for (uint64_t off = 0; !ret && off < len; off += PAGE_SIZE)
		ret = page_table_map(&space->page_table, address + off, phys + off,
			region_page_flags(region) | PAGE_ACCESSED |
				(prot & LINUX_PROT_WRITE ? PAGE_WRITE | PAGE_DIRTY : 0));
	mutex_unlock(&space->lock);
	if (ret == -EEXIST)
		heap_free(region);
	return ret; /* with -ENOMEM the region stays: the space is of no use then */
}

void address_space_name(struct address_space *space, uint64_t address, const char *name)
{
	struct region *region;

	mutex_lock(&space->lock);
	region = region_find(space, address);
	if (region)
		region->name = name;
	mutex_unlock(&space->lock);
}

/* ---- Unmapping ---- */

int unmap_locked(struct address_space *space, uint64_t start, uint64_t end, struct list *dead)
{
	struct region *region, *next;
	int ret;

	if (region_range_is_free(space, start, end))
		return 0;
	if (region_range_is_sealed(space, start, end))
		return -EPERM;
	ret = region_split(space, start);
	if (!ret)
		ret = region_split(space, end);
	if (!ret)
		ret = zap_prepare(space, start, end);
	if (ret)
		return ret;
	for (region = region_at_or_after(space, start); region && region->start < end; region = next) {
		next = region_next(region);
		zap_range(space, region, region->start, region->end, false);
		region_remove(space, region, dead);
	}
	return 0;
}

static int check_range(uint64_t address, uint64_t len)
{
	if (address % PAGE_SIZE || len > USER_END || address > USER_END - len)
		return -EINVAL;
	return 0;
}

int address_space_unmap(struct address_space *space, uint64_t address, uint64_t len)
{
	struct list dead = LIST_INIT(dead);
	int ret;

	len = len > USER_END ? len : align_up(len, PAGE_SIZE);
	if (!len || check_range(address, len))
		return -EINVAL;
	mutex_lock(&space->lock);
	ret = unmap_locked(space, address, address + len, &dead);
	mutex_unlock(&space->lock);
	region_bury(&dead);
	return ret;
}

/* Parts of one mapping have other parts unmapped between them, or other protections, but their distances in the file. */
static struct region *find_part(struct address_space *space, uint64_t from, uint64_t address,
	bool (*is_wanted)(const struct mapped_file *file), const void *file)
{
	struct region *region = region_at_or_after(space, from);

	for (; region; region = region_next(region))
		if (region->file.cache && region->start - region->offset == address && is_wanted(&region->file) &&
			(!file || region->file.file == file))
			return region;
	return NULL;
}

int address_space_unmap_file(
	struct address_space *space, uint64_t address, bool (*is_wanted)(const struct mapped_file *file))
{
	struct list dead = LIST_INIT(dead);
	struct region *region;
	void *file = NULL;
	int ret;

	mutex_lock(&space->lock);
	region = find_part(space, address, address, is_wanted, NULL);
	ret = region ? 0 : -EINVAL;
	while (region && !ret) {
		uint64_t end = region->end;

		file = region->file.file;
		ret = unmap_locked(space, region->start, end, &dead);
		region = find_part(space, end, address, is_wanted, file);
	}
	mutex_unlock(&space->lock);
	region_bury(&dead);
	return ret;
}

/* ---- The break (brk(2)) ---- */

static bool grow_break(struct address_space *space, uint64_t from, uint64_t to, struct list *dead)
{
	if (to > USER_END || check_limits(space, to - from, true) || is_absurd(to - from, 0) ||
		!region_range_is_free(space, from, to + PAGE_SIZE))
		return false;
	if (unlikely(space->lock_future) && lock_check_more(space, to - from))
		return false;
	return !enter_region(
		space, from, to, REGION_READ | REGION_WRITE | REGION_MAY_WRITE | REGION_HEAP | space->lock_future, "[heap]", dead);
}

int64_t address_space_set_brk(struct address_space *space, uint64_t brk)
{
	struct list dead = LIST_INIT(dead);
	uint64_t from, to;
	bool is_done = false;

	mutex_lock(&space->lock);
	from = align_up(space->brk, PAGE_SIZE);
	to = align_up(brk, PAGE_SIZE);
	if (brk >= space->brk_start && brk < USER_END) {
		if (to > from)
			is_done = grow_break(space, from, to, &dead);
		else
			is_done = !unmap_locked(space, to, from, &dead);
	}
	if (is_done)
		space->brk = brk;
	brk = space->brk;
	mutex_unlock(&space->lock);
	region_bury(&dead);
	if (is_done && unlikely(space->lock_future == REGION_LOCKED) && to > from)
		(void)lock_populate(space, from, to);
	return (int64_t)brk;
}
