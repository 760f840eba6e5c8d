/* SPDX-License-Identifier: BSD-3-Clause */
/* The page allocator against a table of who owns which frame. */
#include <string.h>
#include "kernel/arch/page_table.h"
#include "kernel/hosted/hosted.h"
#include "kernel/mem/page.h"
#include "tests/unit/test.h"

#define MEMORY (100ul << 20)
#define FRAMES (MEMORY / PAGE_SIZE)
#define HELD_MAX 4000
#define LOW_END 0x9f000ul
#define HOLE (40ul << 20)
#define HOLE_END (HOLE + 3 * PAGE_SIZE)

static uint8_t owned[FRAMES];

struct held {
	struct page *page;
	unsigned order;
};
static struct held held[HELD_MAX];
static unsigned nr_held;
static uint64_t nr_frames_held;

static bool is_usable(uint64_t phys)
{
	return (phys >= PAGE_SIZE && phys < LOW_END) || (phys >= 0x100000 && phys < HOLE) ||
	       (phys >= HOLE_END && phys < MEMORY);
}

static void start(void)
{
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	hosted_memory(MEMORY);
	page_add_range(HOLE_END, MEMORY);
	page_add_range(PAGE_SIZE, LOW_END);
	page_add_range(0x100000, 0x200000);
	page_add_range(0x200000, HOLE);
	page_init();
}

static bool take(unsigned order)
{
	struct page *page = page_alloc(order);
	uint64_t phys;

	if (!page)
		return false;
	phys = page_phys(page);
	CHECK_EQ(page->references, 1);
	CHECK_EQ(phys % (PAGE_SIZE << order), 0);
	CHECK(page_of_phys(phys) == page);
	CHECK(page_virt(page) == phys_to_virt(phys));
	for (uint64_t at = phys; at < phys + (PAGE_SIZE << order); at += PAGE_SIZE) {
		CHECK(is_usable(at));
		CHECK(!owned[at / PAGE_SIZE]);
		owned[at / PAGE_SIZE] = 1;
		*(uint64_t *)phys_to_virt(at) = at; /* whatever lies there, it is no descriptor in use */
	}
	held[nr_held++] = (struct held){page, order};
	nr_frames_held += 1ul << order;
	return true;
}

static void give(unsigned i)
{
	uint64_t phys = page_phys(held[i].page);

	for (uint64_t at = phys; at < phys + (PAGE_SIZE << held[i].order); at += PAGE_SIZE) {
		CHECK_EQ(*(uint64_t *)phys_to_virt(at), at);
		owned[at / PAGE_SIZE] = 0;
	}
	nr_frames_held -= 1ul << held[i].order;
	page_put(held[i].page);
	held[i] = held[--nr_held];
}

TEST(random_operations)
{
	struct page_counts before, after;

	start();
	page_count(&before);
	for (unsigned i = 0; i < 60000; i++) {
		unsigned order = test_random() % 8 ? 0 : (unsigned)(test_random() % (PAGE_ORDER_MAX + 1));

		if (nr_held < HELD_MAX && (test_random() % 100 < 55 || !nr_held))
			(void)take(order);
		else
			give((unsigned)(test_random() % nr_held));
	}
	page_count(&after);
	CHECK(after.free + nr_frames_held <= after.total);
	CHECK(after.free + nr_frames_held + FRAMES / 80 >= after.total); /* the rest are descriptors */
	while (nr_held)
		give(nr_held - 1);
	page_count(&after);
	CHECK_EQ(after.total, before.total);
	CHECK(after.free + FRAMES / 80 >= before.free);
}

TEST(all_memory_comes_back_whole)
{
	struct page_counts first, second;
	unsigned nr_first, nr_second;

	start();
	while (nr_held < HELD_MAX && take(PAGE_ORDER_MAX))
		;
	nr_first = nr_held;
	CHECK(nr_first >= 20); /* of 25 blocks of 4 MiB */
	while (nr_held < HELD_MAX && take(3))
		;
	page_count(&first);
	while (nr_held)
		give(nr_held - 1);
	while (nr_held < HELD_MAX && take(0))
		;
	while (nr_held)
		give((unsigned)(test_random() % nr_held));
	while (nr_held < HELD_MAX && take(PAGE_ORDER_MAX))
		;
	nr_second = nr_held;
	page_count(&second);
	while (nr_held)
		give(nr_held - 1);
	CHECK_EQ(nr_second, nr_first);
}

static size_t nr_asked;
static struct page *kept[64];

static size_t give_back(size_t nr)
{
	size_t done = 0;

	nr_asked++;
	for (unsigned i = 0; i < 64 && done < nr; i++) {
		if (kept[i]) {
			page_put(kept[i]);
			kept[i] = NULL;
			done++;
		}
	}
	return done;
}

TEST(reclaim_is_tried_before_giving_up)
{
	static struct page_reclaimer reclaimer = {.reclaim = give_back};
	static struct page *all[FRAMES];
	size_t nr = 0;

	start();
	for (unsigned i = 0; i < 64; i++)
		kept[i] = page_alloc(0);
	page_add_reclaimer(&reclaimer);
	while ((all[nr] = page_alloc(0)))
		nr++;
	CHECK(nr_asked > 0);
	for (unsigned i = 0; i < 64; i++)
		CHECK(!kept[i]);
	CHECK(page_is_scarce());
	while (nr)
		page_put(all[--nr]);
	CHECK(!page_is_scarce());
}

TEST(split_pages_go_singly)
{
	struct page *page;
	uint64_t before;

	start();
	before = page_free_count();
	page = page_alloc(5);
	CHECK(page);
	page_split(page, 5);
	for (unsigned i = 0; i < 32; i++) {
		CHECK_EQ(page[i].references, 1);
		page_put(&page[i]);
	}
	CHECK(page_free_count() + 64 >= before);
}

TEST_MAIN()
