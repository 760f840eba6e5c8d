/* SPDX-License-Identifier: BSD-3-Clause */
/* The heap: random allocations whose contents must stay, sizes of all classes and runs, alignment, nothing lost. */
#include <string.h>
#include "kernel/hosted/hosted.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/page.h"
#include "tests/unit/test.h"

#define MEMORY (64ul << 20)
#define HELD 600

static struct {
	uint8_t *memory;
	size_t size;
	uint8_t value;
} held[HELD];

static void start(void)
{
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	hosted_memory(MEMORY);
	page_add_range(0x1000, MEMORY);
	page_init();
}

static size_t random_size(void)
{
	switch (test_random() % 8) {
	case 0:
		return test_random() % 200000;
	case 1:
		return 1900 + test_random() % 300;
	default:
		return test_random() % 1200;
	}
}

static void fill(unsigned i)
{
	held[i].value = (uint8_t)test_random();
	memset(held[i].memory, held[i].value, held[i].size);
}

static void check(unsigned i, size_t size)
{
	for (size_t k = 0; k < size; k++)
		CHECK_EQ(held[i].memory[k], held[i].value);
}

static void allocate(unsigned i)
{
	held[i].size = random_size();
	held[i].memory = test_random() % 2 ? heap_alloc_zero(held[i].size) : heap_alloc(held[i].size);
	CHECK(held[i].memory);
	CHECK_EQ((uintptr_t)held[i].memory % (held[i].size >= 64 ? 64 : 16), 0);
	fill(i);
}

static void resize(unsigned i)
{
	size_t size = random_size();

	held[i].memory = heap_resize(held[i].memory, size);
	CHECK(held[i].memory);
	check(i, size < held[i].size ? size : held[i].size);
	held[i].size = size;
	fill(i);
}

TEST(random_operations)
{
	struct page_counts before, after;

	start();
	heap_free(heap_alloc(1));
	page_count(&before);
	for (unsigned step = 0; step < 60000; step++) {
		unsigned i = (unsigned)(test_random() % HELD);

		if (!held[i].memory) {
			allocate(i);
		} else if (test_random() % 4 == 0) {
			resize(i);
		} else {
			check(i, held[i].size);
			heap_free(held[i].memory);
			held[i].memory = NULL;
		}
	}
	for (unsigned i = 0; i < HELD; i++)
		heap_free(held[i].memory);
	page_count(&after);
	CHECK(after.slab <= before.slab + 64); /* magazines and one slab a class stay */
}

TEST(zeroed_memory_is_zero)
{
	start();
	for (size_t size = 1; size < 10000; size = size * 3 / 2 + 1) {
		uint8_t *memory = heap_alloc(size);

		memset(memory, 0xff, size);
		heap_free(memory);
		memory = heap_alloc_zero(size);
		for (size_t i = 0; i < size; i++)
			CHECK_EQ(memory[i], 0);
		heap_free(memory);
	}
}

TEST(odd_uses)
{
	char *copy;

	start();
	heap_free(NULL);
	CHECK(!heap_alloc(1ul << 40));
	CHECK(!heap_alloc_zero(SIZE_MAX - 8));
	copy = heap_copy_string("a string");
	CHECK(!strcmp(copy, "a string"));
	heap_free(copy);
	copy = heap_resize(NULL, 10);
	CHECK(copy);
	heap_free(copy);
}

TEST(exhaustion_is_reported_and_survived)
{
	struct chain {
		struct chain *next;
	} *chain = NULL, *next;
	unsigned nr = 0;

	start();
	while ((next = heap_alloc(30000))) {
		next->next = chain;
		chain = next;
		nr++;
	}
	CHECK(nr > 1000);
	while (chain) {
		next = chain->next;
		heap_free(chain);
		chain = next;
	}
	next = heap_alloc(1ul << 21);
	CHECK(next);
	heap_free(next);
}

TEST_MAIN()
