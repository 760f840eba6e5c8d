/* SPDX-License-Identifier: BSD-3-Clause */
/* Address spaces against a plain array that says for each page what is mapped there and what it holds. */
#include <string.h>
#include "kernel/hosted/hosted.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/uapi/signal.h"
#include "kernel/vm/address_space.h"
#include "kernel/vm/internal.h"
#include "tests/unit/test.h"

#define MEMORY (256ul << 20)
#define BASE 0x10000000ul
#define PAGES 80u
#define FILE_PAGES 48u
#define SPACES 3u

/* ---- The file: a medium of one byte a page, and what a reader of it should see. ---- */

static uint8_t medium[FILE_PAGES], content[FILE_PAGES];
static unsigned file_pages;
static int file_references;
static struct page_cache cache;

static int read_pages(struct page_cache *c, struct page **pages, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		CHECK_EQ(pages[i]->index, pages[0]->index + i);
		memset(page_virt(pages[i]), pages[i]->index < FILE_PAGES ? medium[pages[i]->index] : 0, PAGE_SIZE);
	}
	return 0;
}

static int write_pages(struct page_cache *c, struct page **pages, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		CHECK_EQ(pages[i]->index, pages[0]->index + i);
		CHECK(pages[i]->index < file_pages);
		medium[pages[i]->index] = *(uint8_t *)page_virt(pages[i]);
	}
	return 0;
}

static const struct page_cache_ops ops = {.read_pages = read_pages, .write_pages = write_pages};

static uint64_t file_size(void *file)
{
	return file_pages * PAGE_SIZE;
}

static void file_get(void *file)
{
	file_references++;
}

static void file_put(void *file)
{
	file_references--;
}

static const struct mapped_file mapped = {
	.cache = &cache, .size = file_size, .get = file_get, .put = file_put, .file = &cache};

static void file_resize(unsigned pages)
{
	for (unsigned i = pages; i < FILE_PAGES; i++)
		medium[i] = content[i] = 0;
	file_pages = pages;
	page_cache_truncate(&cache, pages);
}

/* As write(2) does it. */
static void file_write(unsigned index, uint8_t value)
{
	struct page *page;

	if (index >= file_pages)
		return;
	if (test_random() % 2)
		CHECK_EQ(page_cache_get(&cache, index, file_pages, &page), 0);
	else
		CHECK_EQ(page_cache_get_for_overwrite(&cache, index, &page), 0);
	memset(page_virt(page), value, PAGE_SIZE);
	page_cache_mark_dirty(&cache, page);
	page_put(page);
	content[index] = value;
}

/* ---- The model ---- */

struct cell {
	bool is_mapped, is_file, is_shared, is_own; /* own: a private page that was written */
	int prot;
	unsigned index; /* in the file */
	uint8_t value;  /* of an own page */
};

static struct address_space *spaces[SPACES];
static struct cell model[SPACES][PAGES];

static uint64_t address_of(unsigned page)
{
	return BASE + page * PAGE_SIZE;
}

static bool same_kind(const struct cell *a, const struct cell *b)
{
	return a->is_mapped == b->is_mapped && a->is_file == b->is_file && a->is_shared == b->is_shared &&
	       a->prot == b->prot;
}

/* What an access must give: 0 or a signal. */
static int expected(const struct cell *cell, bool is_write)
{
	if (!cell->is_mapped ||
		!(cell->prot & (is_write ? LINUX_PROT_WRITE : LINUX_PROT_READ | LINUX_PROT_WRITE | LINUX_PROT_EXEC)))
		return LINUX_SIGSEGV;
	return cell->is_file && !cell->is_own && cell->index >= file_pages ? LINUX_SIGBUS : 0;
}

static uint8_t value_of(const struct cell *cell)
{
	return cell->is_own ? cell->value : cell->is_file ? content[cell->index] : 0;
}

/* As the CPU does it: by the entry, or after a fault. */
static int access_page(struct address_space *space, unsigned page, bool is_write, uint8_t **byte)
{
	uint64_t address = address_of(page) + test_random() % PAGE_SIZE, frame;
	unsigned wanted = PAGE_USER | (is_write ? PAGE_WRITE : 0), flags;

	for (unsigned tries = 0; tries < 4; tries++) {
		struct fault_result result;

		if (page_table_lookup(&space->page_table, address, &frame, &flags) && (flags & wanted) == wanted) {
			if (flags & PAGE_HUGE)
				frame += align_down(address % HUGE_PAGE_SIZE, PAGE_SIZE);
			*byte = phys_to_virt(frame);
			return 0;
		}
		result = address_space_fault(space, address, is_write ? ACCESS_WRITE : ACCESS_READ);
		CHECK_EQ(hosted_nr_unflushed(), 0);
		if (result.signal && result.signal != LINUX_SIGKILL) /* that is an injected failure: it comes once */
			return result.signal;
	}
	CHECK(!"the fault is served again and again");
	return 0;
}

static void check_page(unsigned s, unsigned page)
{
	const struct cell *cell = &model[s][page];
	uint8_t *byte;
	int signal = access_page(spaces[s], page, false, &byte);

	CHECK_EQ(signal, expected(cell, false));
	if (!signal)
		CHECK_EQ(*byte, value_of(cell));
}

static void write_page(unsigned s, unsigned page)
{
	struct cell *cell = &model[s][page];
	uint8_t value = (uint8_t)test_random(), *byte;
	int signal = access_page(spaces[s], page, true, &byte);

	CHECK_EQ(signal, expected(cell, true));
	if (signal)
		return;
	*byte = value;
	if (cell->is_shared) {
		content[cell->index] = value;
	} else {
		cell->is_own = true;
		cell->value = value;
	}
}

/* ---- Operations on a random range ---- */

static void choose(unsigned *first, unsigned *nr)
{
	*first = (unsigned)(test_random() % PAGES);
	*nr = 1 + (unsigned)(test_random() % (test_random() % 2 ? 6 : PAGES - *first));
	if (*nr > PAGES - *first)
		*nr = PAGES - *first;
}

static void do_map(unsigned s, unsigned first, unsigned nr)
{
	int prot = (int)(test_random() % 8), kind = (int)(test_random() % 3);
	unsigned index = (unsigned)(test_random() % (FILE_PAGES - (nr < FILE_PAGES ? nr : FILE_PAGES - 1)));
	int flags = LINUX_MAP_FIXED | (kind == 2 ? LINUX_MAP_SHARED : LINUX_MAP_PRIVATE);
	int64_t ret;

	if (kind && nr > FILE_PAGES - index)
		nr = FILE_PAGES - index;
	ret = address_space_map(spaces[s], address_of(first), nr * PAGE_SIZE, prot, flags, kind ? &mapped : NULL,
		kind ? index * PAGE_SIZE : 0);
	CHECK_EQ(ret, address_of(first));
	for (unsigned i = 0; i < nr; i++)
		model[s][first + i] = (struct cell){.is_mapped = true,
			.is_file = kind,
			.is_shared = kind == 2,
			.prot = prot,
			.index = kind ? index + i : 0};
}

static void do_unmap(unsigned s, unsigned first, unsigned nr)
{
	CHECK_EQ(address_space_unmap(spaces[s], address_of(first), nr * PAGE_SIZE), 0);
	memset(&model[s][first], 0, nr * sizeof(struct cell));
}

static void do_protect(unsigned s, unsigned first, unsigned nr)
{
	int prot = (int)(test_random() % 8),
	    ret = address_space_protect(spaces[s], address_of(first), nr * PAGE_SIZE, prot), wanted = 0;

	for (unsigned i = 0; i < nr; i++)
		if (!model[s][first + i].is_mapped)
			wanted = -ENOMEM;
	CHECK_EQ(ret, wanted);
	for (unsigned i = 0; !ret && i < nr; i++)
		model[s][first + i].prot = prot;
}

static void do_drop(unsigned s, unsigned first, unsigned nr)
{
	int ret = address_space_advise(spaces[s], address_of(first), nr * PAGE_SIZE, LINUX_MADV_DONTNEED), wanted = 0;

	for (unsigned i = 0; i < nr; i++) {
		wanted = model[s][first + i].is_mapped ? wanted : -ENOMEM;
		model[s][first + i].is_own = false;
	}
	CHECK_EQ(ret, wanted);
}

static void do_fork(unsigned s)
{
	unsigned to = (unsigned)(test_random() % SPACES);
	struct address_space *copy;

	if (to == s)
		return;
	copy = address_space_copy(spaces[s]);
	CHECK_EQ(hosted_nr_unflushed(), 0);
	if (!copy)
		return; /* an injected failure */
	address_space_put(spaces[to]);
	spaces[to] = copy;
	memcpy(model[to], model[s], sizeof(model[s]));
}

static bool is_uniform(const struct cell *cells, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		if (!cells[i].is_mapped || !same_kind(&cells[i], &cells[0]) ||
			(cells[i].is_file && cells[i].index != cells[0].index + i))
			return false;
	return true;
}

static void do_remap(unsigned s, unsigned first, unsigned nr)
{
	unsigned to, new_nr = 1 + (unsigned)(test_random() % 10);
	struct cell moved[PAGES];
	int64_t ret;

	if (nr > 8)
		nr = 8;
	to = (unsigned)(test_random() % (PAGES - new_nr));
	if (!is_uniform(&model[s][first], nr) || (to < first + nr && first < to + new_nr) ||
		(model[s][first].is_file && model[s][first].index + new_nr > FILE_PAGES))
		return;
	ret = address_space_remap(spaces[s], address_of(first), nr * PAGE_SIZE, new_nr * PAGE_SIZE,
		LINUX_MREMAP_MAYMOVE | LINUX_MREMAP_FIXED, address_of(to));
	CHECK_EQ(hosted_nr_unflushed(), 0);
	if (ret == -ENOMEM) { /* injected: the target was unmapped, and what a shorter length leaves over */
		memset(&model[s][to], 0, new_nr * sizeof(struct cell));
		if (new_nr < nr)
			memset(&model[s][first + new_nr], 0, (nr - new_nr) * sizeof(struct cell));
		return;
	}
	CHECK_EQ(ret, address_of(to));
	for (unsigned i = 0; i < new_nr; i++) {
		moved[i] = model[s][first];
		moved[i].index += moved[i].is_file ? i : 0;
		moved[i].is_own = i < nr && model[s][first + i].is_own;
		moved[i].value = i < nr ? model[s][first + i].value : 0;
	}
	memset(&model[s][first], 0, nr * sizeof(struct cell));
	memcpy(&model[s][to], moved, new_nr * sizeof(struct cell));
}

static void do_truncate(void)
{
	unsigned pages = (unsigned)(test_random() % (FILE_PAGES + 1));

	file_resize(pages);
	for (unsigned s = 0; s < SPACES; s++)
		for (unsigned i = 0; i < PAGES; i++)
			if (model[s][i].is_file && model[s][i].index >= pages)
				model[s][i].is_own = false;
}

static void check_medium(void)
{
	CHECK_EQ(page_cache_flush(&cache, 0, UINT64_MAX), 0);
	for (unsigned i = 0; i < file_pages; i++)
		CHECK_EQ(medium[i], content[i]);
	CHECK_EQ(cache.nr_dirty, 0);
}

static void check_tree(unsigned s)
{
	uint64_t mapped_bytes = 0, last = 0;

	for (struct region *region = region_first(spaces[s]); region; region = region_next(region)) {
		CHECK(region->start >= last && region->start < region->end);
		last = region->end;
		mapped_bytes += region->end - region->start;
	}
	CHECK_EQ(spaces[s]->mapped_bytes, mapped_bytes);
	for (unsigned i = 0; i < PAGES; i++)
		mapped_bytes -= model[s][i].is_mapped ? PAGE_SIZE : 0;
	CHECK_EQ(mapped_bytes, 0);
}

static void do_something(void)
{
	unsigned s = (unsigned)(test_random() % SPACES), first, nr;

	choose(&first, &nr);
	hosted_fail_map(test_random() % 16 ? 0 : 1 + (unsigned)(test_random() % 6));
	switch (test_random() % 24) {
	case 0:
	case 1:
	case 2:
		do_map(s, first, nr);
		break;
	case 3:
		do_unmap(s, first, nr);
		break;
	case 4:
		do_protect(s, first, nr);
		break;
	case 5:
		do_drop(s, first, nr);
		break;
	case 6:
		do_fork(s);
		break;
	case 7:
		do_remap(s, first, nr);
		break;
	case 8:
		if (test_random() % 8 == 0)
			do_truncate();
		break;
	case 9:
		file_write((unsigned)(test_random() % FILE_PAGES), (uint8_t)test_random());
		break;
	case 10:
		if (test_random() % 4 == 0)
			check_medium();
		break;
	case 11:
		if (test_random() % 4 == 0)
			(void)page_cache_make_room();
		break;
	case 12:
		check_tree(s);
		break;
	default:
		if (test_random() % 2)
			write_page(s, first);
		else
			check_page(s, first);
	}
	CHECK_EQ(hosted_nr_unflushed(), 0);
	hosted_fail_map(0);
}

/* All sections, so that later counts do not change by them. */
static void make_descriptors(void)
{
	struct list all = LIST_INIT(all);
	struct page *page;

	while ((page = page_alloc(0)))
		list_push_front(&all, &page->list);
	while (!list_empty(&all))
		page_put(container_of(list_pop_front(&all), struct page, list));
}

static void start(void)
{
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	hosted_memory(MEMORY);
	page_add_range(0x1000, MEMORY);
	page_init();
	hosted_start();
	make_descriptors();
}

static uint64_t nr_used(void)
{
	struct page_counts counts;

	page_count(&counts);
	return counts.total - counts.free - counts.slab;
}

TEST(random_operations)
{
	uint64_t before;

	start();
	before = nr_used();
	page_cache_init(&cache, &ops);
	file_resize(FILE_PAGES / 2);
	for (unsigned s = 0; s < SPACES; s++)
		CHECK((spaces[s] = address_space_new()));
	for (unsigned i = 0; i < 60000; i++)
		do_something();
	for (unsigned s = 0; s < SPACES; s++)
		for (unsigned i = 0; i < PAGES; i++)
			check_page(s, i);
	check_medium();
	for (unsigned s = 0; s < SPACES; s++)
		address_space_put(spaces[s]);
	page_cache_fini(&cache);
	CHECK_EQ(file_references, 0);
	CHECK_EQ(nr_used(), before);
}

/* ---- Without memory: whatever fails, nothing is lost or counted wrongly. ---- */

static struct list starved = LIST_INIT(starved);

static void starve(uint64_t leave)
{
	struct page *page;

	while (!list_empty(&starved))
		page_put(container_of(list_pop_front(&starved), struct page, list));
	while (leave && page_free_count() > leave && (page = page_try_alloc(0)))
		list_push_front(&starved, &page->list);
}

static void try_something(void)
{
	unsigned s = (unsigned)(test_random() % SPACES), to = (unsigned)(test_random() % SPACES), first, nr,
		 kind = (unsigned)(test_random() % 3);
	const int flags = LINUX_MAP_FIXED | (kind == 2 ? LINUX_MAP_SHARED : LINUX_MAP_PRIVATE);
	struct address_space *copy;
	struct page *page;

	choose(&first, &nr);
	switch (test_random() % 10) {
	case 0:
	case 1:
		(void)address_space_map(spaces[s], address_of(first), nr * PAGE_SIZE, (int)(test_random() % 8), flags,
			kind ? &mapped : NULL, 0);
		break;
	case 2:
		(void)!address_space_unmap(spaces[s], address_of(first), nr * PAGE_SIZE);
		break;
	case 3:
		(void)!address_space_protect(spaces[s], address_of(first), nr * PAGE_SIZE, (int)(test_random() % 8));
		break;
	case 4:
		copy = to == s ? NULL : address_space_copy(spaces[s]);
		if (copy) {
			address_space_put(spaces[to]);
			spaces[to] = copy;
		}
		break;
	case 5:
		(void)address_space_remap(spaces[s], address_of(first), nr * PAGE_SIZE, nr * PAGE_SIZE,
			LINUX_MREMAP_MAYMOVE | LINUX_MREMAP_FIXED, address_of(PAGES + first));
		break;
	case 6:
		if (page_cache_get(&cache, first % FILE_PAGES, FILE_PAGES, &page) == 0)
			page_put(page);
		break;
	default:
		(void)address_space_fault(spaces[s], address_of(first), test_random() % 2 ? ACCESS_WRITE : ACCESS_READ);
	}
	CHECK_EQ(hosted_nr_unflushed(), 0);
}

TEST(operations_that_fail_for_want_of_memory)
{
	uint64_t before;

	start();
	before = nr_used();
	page_cache_init(&cache, &ops);
	file_pages = FILE_PAGES;
	for (unsigned s = 0; s < SPACES; s++)
		CHECK((spaces[s] = address_space_new()));
	for (unsigned i = 0; i < 20000; i++) {
		if (i % 200 == 0)
			starve(1 + test_random() % 1100);
		hosted_fail_map(test_random() % 8 ? 0 : 1 + (unsigned)(test_random() % 20));
		try_something();
	}
	hosted_fail_map(0);
	starve(0);
	for (unsigned s = 0; s < SPACES; s++)
		address_space_put(spaces[s]);
	(void)!page_cache_flush(&cache, 0, UINT64_MAX);
	page_cache_fini(&cache);
	CHECK_EQ(file_references, 0);
	CHECK_EQ(nr_used(), before);
}

/* A large anonymous region written in order gets large pages, which fork, write and partial unmap divide. */
TEST(large_pages)
{
	struct address_space *space, *child;
	uint64_t before, address, frame, len = 16ul << 20, nr_huge = 0;
	unsigned flags;

	start();
	before = nr_used();
	space = address_space_new();
	address = (uint64_t)address_space_map(
		space, 0, len, LINUX_PROT_READ | LINUX_PROT_WRITE, LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS, NULL, 0);
	CHECK((int64_t)address > 0);
	CHECK_EQ(address_space_advise(space, address, len, LINUX_MADV_NOHUGEPAGE), 0);
	CHECK_EQ(address_space_advise(space, address, len, LINUX_MADV_HUGEPAGE), 0);
	for (uint64_t off = 0; off < len; off += PAGE_SIZE)
		CHECK_EQ(address_space_write(space, address + off, &off, sizeof(off)), sizeof(off));
	for (uint64_t off = align_up(address, HUGE_PAGE_SIZE) - address; off < len; off += HUGE_PAGE_SIZE)
		nr_huge += page_table_lookup(&space->page_table, address + off, &frame, &flags) && flags & PAGE_HUGE;
	CHECK(nr_huge >= 6);
	child = address_space_copy(space);
	CHECK(child);
	for (uint64_t off = 0, value; off < len; off += PAGE_SIZE * 37) {
		value = off + 1;
		CHECK_EQ(address_space_write(child, address + off, &value, sizeof(value)), sizeof(value));
		CHECK_EQ(address_space_read(space, address + off, &value, sizeof(value)), sizeof(value));
		CHECK_EQ(value, off);
		CHECK_EQ(address_space_read(child, address + off, &value, sizeof(value)), sizeof(value));
		CHECK_EQ(value, off + 1);
	}
	CHECK_EQ(address_space_unmap(space, address + 5 * PAGE_SIZE, HUGE_PAGE_SIZE), 0);
	for (uint64_t off = 5 * PAGE_SIZE + HUGE_PAGE_SIZE, value; off < len; off += PAGE_SIZE) {
		CHECK_EQ(address_space_read(space, address + off, &value, sizeof(value)), sizeof(value));
		CHECK_EQ(value, off);
	}
	address_space_put(space);
	address_space_put(child);
	CHECK_EQ(nr_used(), before);
}

/* Places do not overlap, and what was freed is found again. */
TEST(places)
{
	struct address_space *space;
	static uint64_t at[400], len[400];
	const int flags = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS;

	start();
	space = address_space_new();
	for (unsigned step = 0; step < 5000; step++) {
		unsigned i = (unsigned)(test_random() % 400);

		if (at[i]) {
			CHECK_EQ(address_space_unmap(space, at[i], len[i]), 0);
			at[i] = 0;
			continue;
		}
		len[i] = (1 + test_random() % 40) * PAGE_SIZE;
		at[i] = (uint64_t)address_space_map(space, 0, len[i], step % 8, flags, NULL, 0);
		CHECK((int64_t)at[i] > 0 && at[i] + len[i] <= space->mmap_base);
		for (unsigned k = 0; k < 400; k++)
			CHECK(k == i || !at[k] || at[k] + len[k] <= at[i] || at[i] + len[i] <= at[k]);
		CHECK(space->mmap_base - at[i] < 400 * 41 * PAGE_SIZE); /* no need to go further down */
	}
	address_space_put(space);
}

TEST(stack_grows_and_stops)
{
	struct address_space *space;
	uint64_t top = 0x7fff00000000ul, value = 7;
	const int flags = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS | LINUX_MAP_FIXED | LINUX_MAP_GROWSDOWN;

	start();
	space = address_space_new();
	CHECK_EQ(address_space_map(
			 space, top - 2 * PAGE_SIZE, 2 * PAGE_SIZE, LINUX_PROT_READ | LINUX_PROT_WRITE, flags, NULL, 0),
		top - 2 * PAGE_SIZE);
	space->limit_stack = 1ul << 20;
	for (uint64_t off = 8; off <= 1ul << 20; off += PAGE_SIZE / 2)
		CHECK_EQ(address_space_write(space, top - off, &value, 8), 8);
	CHECK_EQ(address_space_write(space, top - (1ul << 20) - 8, &value, 8), -EFAULT);
	CHECK_EQ(region_first(space)->start, top - (1ul << 20));
	address_space_put(space);
}

TEST(shared_memory_survives_fork)
{
	struct address_space *space, *child;
	uint64_t address, value = 42, before;

	start();
	before = nr_used();
	space = address_space_new();
	address = (uint64_t)address_space_map(space, 0, 8 * PAGE_SIZE, LINUX_PROT_READ | LINUX_PROT_WRITE,
		LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS, NULL, 0);
	child = address_space_copy(space);
	CHECK_EQ(address_space_write(child, address + PAGE_SIZE + 4090, &value, 8), 8); /* across two pages */
	value = 0;
	CHECK_EQ(address_space_read(space, address + PAGE_SIZE + 4090, &value, 8), 8);
	CHECK_EQ(value, 42);
	address_space_put(space);
	value = 0;
	CHECK_EQ(address_space_read(child, address + PAGE_SIZE + 4090, &value, 8), 8);
	CHECK_EQ(value, 42);
	address_space_put(child);
	CHECK_EQ(nr_used(), before);
}

TEST(the_break)
{
	struct address_space *space;
	uint64_t base = 0x600000, value = 9;

	start();
	space = address_space_new();
	space->brk_start = space->brk = base;
	CHECK_EQ(address_space_set_brk(space, 0), base);
	CHECK_EQ(address_space_set_brk(space, base + 10000), base + 10000);
	CHECK_EQ(address_space_write(space, base + 9992, &value, 8), 8);
	CHECK_EQ(address_space_set_brk(space, base + 100000), base + 100000);
	CHECK(!region_next(region_first(space)));
	CHECK_EQ(address_space_set_brk(space, base + 4096), base + 4096);
	CHECK_EQ(address_space_write(space, base + 4096, &value, 8), -EFAULT);
	space->limit_data = 1ul << 20;
	CHECK_EQ(address_space_set_brk(space, base + (2ul << 20)), base + 4096);
	address_space_put(space);
}

TEST_MAIN()
