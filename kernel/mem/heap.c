/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap: slabs of one page each for sizes up to 2 KiB, whose free objects are chained through themselves; larger
 * ones are runs of pages. In front of each size, a CPU has a few objects at hand for itself (a magazine).
 *
 * A slab page's descriptor: owner is its size class, index the first free object and how many are in use (slab_set),
 * list its place among those with free objects. The first page of a run: owner NULL, index the number of pages. A
 * class's lock is never held while pages are allocated, since reclaim frees objects.
 */
#include "kernel/mem/heap.h"
#include "kernel/arch/spinlock.h"
#include "kernel/log/log.h"
#include "kernel/mem/page.h"
#include "lib/string.h"

#define SMALL_MAX 2048u
#define GRANULE 16u
#define KEPT_EMPTY 1u /* slabs without objects that a class keeps */
#define MAGAZINE_MAX 64u
#define MAGAZINE_BYTES 8192u

struct object {
	struct object *next;
};

struct size_class {
	struct spinlock lock; /* guards the slabs of the class */
	uint16_t size;
	uint16_t per_slab;
	uint16_t nr_empty;
	struct list partial; /* slabs with free objects */
};

/* 64-byte alignment from 64 bytes on: multiples of 64, as many to a page as fit. */
static struct size_class classes[] = {
	/* clang-format off */
	{.size = 16}, {.size = 32}, {.size = 48}, {.size = 64}, {.size = 128}, {.size = 192}, {.size = 256},
	{.size = 320}, {.size = 384}, {.size = 512}, {.size = 640}, {.size = 768}, {.size = 1024}, {.size = 1344},
	{.size = 2048},
	/* clang-format on */
};
#define NR_CLASSES ARRAY_SIZE(classes)

static uint8_t class_of_size[SMALL_MAX / GRANULE + 1]; /* index: size in granules, rounded up */
static bool is_ready;

struct magazine {
	struct object *first;
	unsigned count, max;
};
static struct magazine *magazines[CPU_MAX]; /* NR_CLASSES each, made at the CPU's first use */

/* The sanitizer's, where it is linked: objects that are free may not be touched. */
extern void __asan_poison_memory_region(const volatile void *address, size_t size) __attribute__((weak));
extern void __asan_unpoison_memory_region(const volatile void *address, size_t size) __attribute__((weak));

static void poison(void *object, size_t size)
{
	if (__STDC_HOSTED__ && __asan_poison_memory_region)
		__asan_poison_memory_region(object, size);
}

static void unpoison(void *object, size_t size)
{
	if (__STDC_HOSTED__ && __asan_unpoison_memory_region)
		__asan_unpoison_memory_region(object, size);
}

static struct object *next_of(struct object *object)
{
	unpoison(object, sizeof(*object));
	return object->next;
}

static void chain(struct object *object, struct object *next, size_t size)
{
	unpoison(object, sizeof(*object));
	object->next = next;
	poison(object, size);
}

/* First use, on the boot CPU, before there are others. */
static void make_classes(void)
{
	unsigned size_class = 0;

	for (unsigned i = 0; i < NR_CLASSES; i++) {
		classes[i].per_slab = (uint16_t)(PAGE_SIZE / classes[i].size);
		list_init(&classes[i].partial);
	}
	for (unsigned granules = 0; granules < ARRAY_SIZE(class_of_size); granules++) {
		if (granules * GRANULE > classes[size_class].size)
			size_class++;
		class_of_size[granules] = (uint8_t)size_class;
	}
	is_ready = true;
}

/* ---- Slabs: index is (first free object's offset / GRANULE + 1) << 32 | objects in use ---- */

static inline unsigned slab_used(const struct page *page)
{
	return (uint32_t)page->index;
}

static inline struct object *slab_first(const struct page *page)
{
	uint64_t at = page->index >> 32;

	return at ? (struct object *)((char *)page_virt(page) + (at - 1) * GRANULE) : NULL;
}

static inline void slab_set(struct page *page, const struct object *first, unsigned used)
{
	uint64_t at = first ? (uint64_t)((const char *)first - (char *)page_virt(page)) / GRANULE + 1 : 0;

	page->index = at << 32 | used;
}

static struct page *new_slab(struct size_class *size_class)
{
	struct page *page = page_alloc(0);
	struct object *first = NULL;
	char *memory;

	if (!page)
		return NULL;
	memory = page_virt(page);
	for (unsigned i = size_class->per_slab; i--;) {
		struct object *object = (struct object *)(memory + i * size_class->size);

		chain(object, first, size_class->size);
		first = object;
	}
	page->flags = PAGE_IS_SLAB;
	page->owner = size_class;
	slab_set(page, first, 0);
	page_account(PAGE_USE_SLAB, 1);
	return page;
}

static void free_slab(struct page *page)
{
	unpoison(page_virt(page), PAGE_SIZE);
	page_account(PAGE_USE_SLAB, -1);
	page_put(page);
}

/* Lock held. NULL: no slab has a free object. */
static struct object *take_locked(struct size_class *size_class)
{
	struct object *object;
	struct page *page;

	if (list_empty(&size_class->partial))
		return NULL;
	page = container_of(size_class->partial.next, struct page, list);
	object = slab_first(page);
	size_class->nr_empty -= slab_used(page) == 0;
	slab_set(page, next_of(object), slab_used(page) + 1);
	if (slab_used(page) == size_class->per_slab)
		list_remove(&page->list);
	return object;
}

/* Lock held. A slab that is no longer needed is returned for the caller to free. */
static struct page *give_locked(struct size_class *size_class, struct object *object)
{
	struct page *page = page_of_phys(virt_to_phys(object));
	unsigned used = slab_used(page);

	if (used == size_class->per_slab)
		list_push_front(&size_class->partial, &page->list);
	chain(object, slab_first(page), size_class->size);
	slab_set(page, object, used - 1);
	if (used > 1)
		return NULL;
	list_remove(&page->list);
	if (size_class->nr_empty >= KEPT_EMPTY)
		return page;
	size_class->nr_empty++;
	list_push_back(&size_class->partial, &page->list);
	return NULL;
}

static struct object *take(struct size_class *size_class)
{
	struct object *object;
	struct page *page;

	for (;;) {
		spin_lock(&size_class->lock);
		object = take_locked(size_class);
		spin_unlock(&size_class->lock);
		if (object)
			return object;
		page = new_slab(size_class);
		if (!page)
			return NULL;
		spin_lock(&size_class->lock);
		size_class->nr_empty++;
		list_push_front(&size_class->partial, &page->list);
		spin_unlock(&size_class->lock);
	}
}

static void give(struct size_class *size_class, struct object *object)
{
	struct page *empty;

	spin_lock(&size_class->lock);
	empty = give_locked(size_class, object);
	spin_unlock(&size_class->lock);
	if (empty)
		free_slab(empty);
}

/* ---- Magazines ---- */

static struct magazine *new_magazines(unsigned cpu)
{
	struct magazine *set;

	if (!is_ready)
		make_classes();
	set = (struct magazine *)take(&classes[class_of_size[NR_CLASSES * sizeof(*set) / GRANULE + 1]]);
	if (!set)
		return NULL;
	unpoison(set, NR_CLASSES * sizeof(*set));
	for (unsigned i = 0; i < NR_CLASSES; i++)
		set[i] = (struct magazine){.max = (unsigned)min_u64(MAGAZINE_MAX, MAGAZINE_BYTES / classes[i].size)};
	magazines[cpu] = set;
	return set;
}

/* One object for the caller and, where they are at hand, some for the magazine. */
static struct object *refill(struct magazine *magazine, struct size_class *size_class)
{
	struct object *first = take(size_class);

	spin_lock(&size_class->lock);
	while (first && magazine->count < magazine->max / 2) {
		struct object *object = take_locked(size_class);

		if (!object)
			break;
		chain(object, magazine->first, size_class->size);
		magazine->first = object;
		magazine->count++;
	}
	spin_unlock(&size_class->lock);
	return first;
}

static struct object *pop(struct magazine *magazine)
{
	struct object *object = magazine->first;

	magazine->first = next_of(object);
	magazine->count--;
	return object;
}

static void *alloc_small(size_t size)
{
	unsigned cpu = cpu_id(), index;
	struct magazine *set = magazines[cpu];
	struct object *object;

	if (unlikely(!set) && !(set = new_magazines(cpu)))
		return NULL;
	index = class_of_size[(size + GRANULE - 1) / GRANULE];
	object = likely(set[index].count) ? pop(&set[index]) : refill(&set[index], &classes[index]);
	if (likely(object))
		unpoison(object, classes[index].size);
	return object;
}

/* Half of a full magazine goes back. */
static void drain(struct magazine *magazine, struct size_class *size_class)
{
	struct list empty, *node;

	list_init(&empty);
	spin_lock(&size_class->lock);
	while (magazine->count > magazine->max / 2) {
		struct page *page = give_locked(size_class, pop(magazine));

		if (page)
			list_push_back(&empty, &page->list);
	}
	spin_unlock(&size_class->lock);
	while ((node = list_pop_front(&empty)))
		free_slab(container_of(node, struct page, list));
}

static void free_small(struct size_class *size_class, struct object *object)
{
	unsigned cpu = cpu_id();
	struct magazine *set = magazines[cpu], *magazine;

	if (unlikely(!set) && !(set = new_magazines(cpu))) {
		give(size_class, object);
		return;
	}
	magazine = &set[size_class - classes];
	if (unlikely(magazine->count >= magazine->max))
		drain(magazine, size_class);
	chain(object, magazine->first, size_class->size);
	magazine->first = object;
	magazine->count++;
}

/* ---- Runs of pages ---- */

static void *alloc_run(size_t size)
{
	uint64_t nr = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;
	unsigned order = 0;
	struct page *page;

	while (order <= PAGE_ORDER_MAX && 1ul << order < nr)
		order++;
	page = page_alloc(order); /* NULL above the largest order */
	if (!page)
		return NULL;
	if (order)
		page_split(page, order);
	for (uint64_t i = nr; i < 1ul << order; i++)
		page_put(page + i);
	page->owner = NULL;
	page->index = nr;
	page->flags = PAGE_IS_SLAB;
	page_account(PAGE_USE_SLAB, (int64_t)nr);
	return page_virt(page);
}

static void free_run(struct page *page)
{
	uint64_t nr = page->index;

	page_account(PAGE_USE_SLAB, -(int64_t)nr);
	for (uint64_t i = 0; i < nr; i++)
		page_put(page + i);
}

/* ---- The interface ---- */

void *heap_alloc(size_t size)
{
	if (likely(size <= SMALL_MAX))
		return alloc_small(size);
	return size <= PAGE_SIZE << PAGE_ORDER_MAX ? alloc_run(size) : NULL;
}

void *heap_alloc_zero(size_t size)
{
	void *memory = heap_alloc(size);

	return likely(memory) ? memset(memory, 0, size) : NULL;
}

static struct page *page_of(const void *pointer)
{
	struct page *page = page_of_phys(virt_to_phys(pointer));

	ASSERT(page && (page->flags & PAGE_IS_SLAB));
	return page;
}

void heap_free(void *pointer)
{
	struct page *page;

	if (!pointer)
		return;
	page = page_of(pointer);
	if (likely(page->owner))
		free_small(page->owner, pointer);
	else
		free_run(page);
}

static size_t room_of(const void *pointer)
{
	const struct page *page = page_of(pointer);

	return page->owner ? ((const struct size_class *)page->owner)->size : page->index << PAGE_SHIFT;
}

void *heap_resize(void *old, size_t size)
{
	size_t room;
	void *fresh;

	if (!old)
		return heap_alloc(size);
	room = room_of(old);
	if (size <= room && size >= room / 2)
		return old;
	fresh = heap_alloc(size);
	if (!fresh)
		return size <= room ? old : NULL;
	memcpy(fresh, old, min_u64(room, size));
	heap_free(old);
	return fresh;
}

char *heap_copy_string(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = heap_alloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}
