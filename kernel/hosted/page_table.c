/* SPDX-License-Identifier: BSD-3-Clause */
/* Page tables as a sorted array of entries: slow, and plainly right. Counts what was taken away and not flushed. */
#include <stdlib.h>
#include "kernel/arch/page_table.h"
#include "kernel/hosted/hosted.h"
#include "kernel/log/log.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

struct entry {
	uint64_t address, frame;
	unsigned flags;
};

struct table {
	struct entry *entries;
	size_t nr, room;
};

static uint64_t nr_unflushed;
static unsigned fail_map;

uint64_t hosted_nr_unflushed(void)
{
	return nr_unflushed;
}

void hosted_fail_map(unsigned k)
{
	fail_map = k;
}

static struct table *table_of(const struct page_table *pt)
{
	return (struct table *)(uintptr_t)pt->root;
}

static uint64_t size_of(const struct entry *entry)
{
	return entry->flags & PAGE_HUGE ? HUGE_PAGE_SIZE : PAGE_SIZE;
}

int page_table_init(struct page_table *pt)
{
	*pt = (struct page_table){.root = (uint64_t)(uintptr_t)calloc(1, sizeof(struct table))};
	return 0;
}

void page_table_fini(struct page_table *pt)
{
	free(table_of(pt)->entries);
	free(table_of(pt));
	pt->root = 0;
}

/* The first entry that ends behind the address. */
static size_t find(const struct table *table, uint64_t address)
{
	size_t low = 0, high = table->nr;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->entries[middle].address + size_of(&table->entries[middle]) > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void insert(struct table *table, size_t at, struct entry entry)
{
	if (table->nr == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->entries = realloc(table->entries, table->room * sizeof(entry));
		if (!table->entries)
			abort();
	}
	memmove(&table->entries[at + 1], &table->entries[at], (table->nr - at) * sizeof(entry));
	table->entries[at] = entry;
	table->nr++;
}

static void erase(struct table *table, size_t at)
{
	table->nr--;
	memmove(&table->entries[at], &table->entries[at + 1], (table->nr - at) * sizeof(table->entries[0]));
}

static void divide(struct table *table, size_t at)
{
	struct entry huge = table->entries[at];

	erase(table, at);
	for (uint64_t off = 0; off < HUGE_PAGE_SIZE; off += PAGE_SIZE)
		insert(table, at++,
			(struct entry){huge.address + off, huge.frame + off, huge.flags & ~(unsigned)PAGE_HUGE});
}

/* A TLB that still has the old one allows what is no longer allowed. */
static bool is_less(const struct entry *old, const struct entry *fresh)
{
	return old->flags & PAGE_USER &&
	       (old->frame != fresh->frame || (old->flags & ~fresh->flags & (PAGE_USER | PAGE_WRITE | PAGE_EXEC)));
}

int page_table_map(struct page_table *pt, uint64_t address, uint64_t frame, unsigned flags)
{
	struct table *table = table_of(pt);
	struct entry entry = {address, frame, flags};
	size_t at = find(table, address);

	if (fail_map && --fail_map == 0)
		return -ENOMEM;
	ASSERT(address % size_of(&entry) == 0 && address < USER_END);
	if (at < table->nr && table->entries[at].address < address + size_of(&entry)) {
		if (size_of(&table->entries[at]) > size_of(&entry)) {
			divide(table, at);
			return page_table_map(pt, address, frame, flags);
		}
		ASSERT(size_of(&table->entries[at]) == size_of(&entry));
		nr_unflushed += is_less(&table->entries[at], &entry);
		table->entries[at] = entry;
		return 0;
	}
	insert(table, at, entry);
	return 0;
}

bool page_table_lookup(struct page_table *pt, uint64_t address, uint64_t *frame, unsigned *flags)
{
	struct table *table = table_of(pt);
	size_t at = find(table, address);

	if (at == table->nr || table->entries[at].address > address)
		return false;
	*frame = table->entries[at].frame;
	*flags = table->entries[at].flags;
	return true;
}

/* Divides the large page that `address` lies inside of. */
static void cut(struct table *table, uint64_t address)
{
	size_t at = find(table, address);

	if (at < table->nr && table->entries[at].address < address && table->entries[at].flags & PAGE_HUGE)
		divide(table, at);
}

int page_table_visit(struct page_table *pt, uint64_t start, uint64_t end, page_visit *visit, void *context)
{
	struct table *table = table_of(pt);
	uint64_t next = start;

	cut(table, start);
	cut(table, end);
	for (;;) {
		size_t at = find(table, next);
		struct entry entry, old;
		enum page_action action;

		if (at == table->nr || table->entries[at].address >= end)
			return 0;
		entry = table->entries[at];
		next = entry.address + size_of(&entry);
		old = entry;
		action = visit(context, entry.address, &entry.frame, &entry.flags);
		at = find(table, entry.address); /* the visitor may have entered others */
		if (action == PAGE_CLEAR)
			erase(table, at);
		else if (action == PAGE_REPLACE)
			table->entries[at] = entry;
		nr_unflushed += action == PAGE_CLEAR || (action == PAGE_REPLACE && is_less(&old, &entry));
	}
}

void page_table_flush(struct page_table *pt, uint64_t start, uint64_t end)
{
	nr_unflushed = 0;
}
