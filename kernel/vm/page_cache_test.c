/* SPDX-License-Identifier: BSD-3-Clause */
/* The page cache against plain arrays: what readers see, what the medium holds, errors, memory that runs out. */
#include <string.h>
#include "kernel/hosted/hosted.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"
#include "tests/unit/test.h"

#define MEMORY (16ul << 20)
#define PAGES 9000u /* more than fits */

static uint32_t medium[PAGES], content[PAGES];
static unsigned nr_pages;
static unsigned nr_reads, nr_pages_read, fail_reads;
static struct page_cache cache;

static int read_pages(struct page_cache *c, struct page **pages, size_t nr)
{
	nr_reads++;
	nr_pages_read += nr;
	if (fail_reads && fail_reads--)
		return -EIO;
	for (size_t i = 0; i < nr; i++) {
		CHECK_EQ(pages[i]->index, pages[0]->index + i);
		CHECK(pages[i]->flags & PAGE_IS_LOCKED);
		*(uint32_t *)page_virt(pages[i]) = pages[i]->index < PAGES ? medium[pages[i]->index] : 0;
	}
	return 0;
}

static int write_pages(struct page_cache *c, struct page **pages, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		CHECK_EQ(pages[i]->index, pages[0]->index + i);
		CHECK(pages[i]->index < nr_pages);
		medium[pages[i]->index] = *(uint32_t *)page_virt(pages[i]);
	}
	return 0;
}

static const struct page_cache_ops ops = {.read_pages = read_pages, .write_pages = write_pages};

static void start(void)
{
	static bool is_done;

	if (!is_done) {
		is_done = true;
		hosted_memory(MEMORY);
		page_add_range(0x1000, MEMORY);
		page_init();
		hosted_start();
	}
	nr_pages = PAGES;
	for (unsigned i = 0; i < PAGES; i++)
		medium[i] = content[i] = (uint32_t)test_random();
	page_cache_init(&cache, &ops);
}

static uint64_t nr_used(void)
{
	struct page_counts counts;

	page_count(&counts);
	return counts.total - counts.free - counts.slab;
}

static void check_read(unsigned index)
{
	struct page *page;

	CHECK_EQ(page_cache_get(&cache, index, nr_pages, &page), 0);
	CHECK_EQ(*(uint32_t *)page_virt(page), content[index]);
	CHECK_EQ(page->index, index);
	page_put(page);
}

static void write_one(unsigned index)
{
	struct page *page;
	int ret = test_random() % 2 ? page_cache_get(&cache, index, nr_pages, &page)
				    : page_cache_get_for_overwrite(&cache, index, &page);

	CHECK_EQ(ret, 0);
	*(uint32_t *)page_virt(page) = content[index] = (uint32_t)test_random();
	page_cache_mark_dirty(&cache, page);
	page_put(page);
}

/* What the writer's thread does, which does not run here. */
static void flush_if_many_dirty(void)
{
	if (cache.nr_dirty > 400)
		CHECK_EQ(page_cache_flush(&cache, 0, UINT64_MAX), 0);
}

static void drop_some(void)
{
	unsigned first = (unsigned)(test_random() % nr_pages), last = first + (unsigned)(test_random() % 100);

	page_cache_drop_range(&cache, first, last);
	for (unsigned i = first; i <= last && i < PAGES; i++)
		content[i] = medium[i]; /* dirty pages went, too */
}

static void check_flush_of_range(void)
{
	unsigned first = (unsigned)(test_random() % nr_pages), last = first + (unsigned)(test_random() % 500);

	CHECK_EQ(page_cache_flush(&cache, first, last), 0);
	for (unsigned i = first; i <= last && i < nr_pages; i++)
		CHECK_EQ(medium[i], content[i]);
}

TEST(random_operations_in_little_memory)
{
	uint64_t before;

	start();
	before = nr_used();
	for (unsigned step = 0; step < 100000; step++) {
		unsigned index =
			test_random() % 2 ? (unsigned)(test_random() % nr_pages) : (unsigned)(test_random() % 300);

		switch (test_random() % 64) {
		case 0:
			check_flush_of_range();
			break;
		case 1:
			drop_some();
			break;
		case 2: {
			struct page *page = page_cache_find(&cache, index);

			if (page) {
				CHECK_EQ(*(uint32_t *)page_virt(page), content[index]);
				page_put(page);
			}
			break;
		}
		default:
			if (test_random() % 4)
				check_read(index);
			else
				write_one(index);
		}
		flush_if_many_dirty();
	}
	CHECK_EQ(page_cache_flush(&cache, 0, UINT64_MAX), 0);
	CHECK_EQ(memcmp(medium, content, sizeof(medium)), 0);
	page_cache_fini(&cache);
	CHECK(!cache.tree);
	CHECK_EQ(cache.nr_pages, 0);
	CHECK_EQ(nr_used(), before);
}

TEST(reading_in_order_takes_few_requests)
{
	start();
	nr_reads = nr_pages_read = 0;
	for (unsigned i = 0; i < 1000; i++)
		check_read(i);
	CHECK(nr_reads < 30);
	nr_reads = nr_pages_read = 0;
	for (unsigned i = 0; i < 50; i++)
		check_read(2000 + i * 97);
	CHECK_EQ(nr_reads, 50);
	CHECK(nr_pages_read <= 50 * 16);
	page_cache_fini(&cache);
}

TEST(a_failed_read_is_reported_and_tried_again)
{
	struct page *page;

	start();
	fail_reads = 1;
	CHECK_EQ(page_cache_get(&cache, 5, nr_pages, &page), -EIO);
	CHECK_EQ(cache.nr_pages, 0);
	check_read(5);
	page_cache_fini(&cache);
}

TEST(truncation_forgets)
{
	start();
	for (unsigned i = 0; i < 100; i++)
		write_one(i);
	nr_pages = 50;
	page_cache_truncate(&cache, 50);
	CHECK_EQ(cache.nr_dirty, 50);
	CHECK_EQ(page_cache_flush(&cache, 0, UINT64_MAX), 0); /* write_pages checks the end */
	CHECK(!page_cache_find(&cache, 50));
	page_cache_fini(&cache);
}

TEST(indexes_of_all_sizes)
{
	static const uint64_t indexes[] = {0, 1, 63, 64, 4095, 4096, 1ull << 30, 1ull << 40, 1ull << 51, UINT64_MAX};
	struct page_cache memory;
	struct page *page;
	uint64_t index;

	start();
	page_cache_init(&memory, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(indexes); i++) {
		CHECK_EQ(page_cache_get(&memory, indexes[i], UINT64_MAX, &page), 0);
		*(uint64_t *)page_virt(page) = indexes[i];
		page_put(page);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(indexes); i++) {
		page = page_cache_find(&memory, indexes[i]);
		CHECK(page);
		CHECK_EQ(*(uint64_t *)page_virt(page), indexes[i]);
		page_put(page);
		index = i ? indexes[i - 1] + 1 : 0;
		CHECK(cache_tree_next(&memory, &index));
		CHECK_EQ(index, indexes[i]);
	}
	page_cache_truncate(&memory, 64);
	CHECK_EQ(memory.nr_pages, 3);
	page_cache_fini(&memory);
	CHECK(!memory.tree);
}

TEST_MAIN()
