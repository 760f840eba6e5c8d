/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring against a fake device that takes chains in order, finishes them in any order, and sometimes writes nonsense. */
#include <string.h>
#include "kernel/driver/virtio/queue.h"
#include "kernel/uapi/errno.h"
#include "tests/unit/test.h"

enum { SIZE = 16, SEGMENTS = 5, ALIGN = 4, TOKENS = 2000 };

struct chain {
	uint64_t number; /* what the token is; 0: not in use */
	unsigned nr_out, nr_in;
	struct virtqueue_segment segments[SEGMENTS];
	struct virtqueue_descriptor table[SEGMENTS];
	bool is_with_device;
	uint16_t id;
	uint32_t written;
};

static struct virtqueue queue;
static struct chain chains[SIZE];
static void *tokens[SIZE];
static char memory[4096] aligned_to(16);
static uint16_t device_avail, device_used;
static uint64_t last_number;

static uint16_t *used_ring(void)
{
	return (uint16_t *)(memory + virtqueue_used_offset(SIZE, ALIGN));
}

static uint16_t *avail_ring(void)
{
	return (uint16_t *)(memory + virtqueue_avail_offset(SIZE));
}

static struct virtqueue_descriptor *descriptors(void)
{
	return (struct virtqueue_descriptor *)memory;
}

static void start(void)
{
	memset(memory, 0, sizeof(memory));
	memset(tokens, 0, sizeof(tokens));
	memset(chains, 0, sizeof(chains));
	device_avail = device_used = 0;
	CHECK(virtqueue_bytes(SIZE, ALIGN) <= sizeof(memory));
	virtqueue_init(&queue, SIZE, ALIGN, memory, tokens);
}

static struct chain *free_chain(void)
{
	for (unsigned i = 0; i < SIZE; i++)
		if (!chains[i].number)
			return &chains[i];
	return NULL;
}

static void add(void)
{
	struct chain *chain = free_chain();
	unsigned free = queue.nr_free, needed;
	bool indirect = test_below(2);
	int ret;

	if (!chain)
		return;
	chain->nr_out = test_below(3);
	chain->nr_in = test_below(3) + (chain->nr_out == 0);
	for (unsigned i = 0; i < chain->nr_out + chain->nr_in; i++)
		chain->segments[i] = (struct virtqueue_segment){.address = test_random(), .len = (uint32_t)test_random()};
	needed = indirect ? 1 : chain->nr_out + chain->nr_in;
	ret = virtqueue_add(&queue, chain->segments, chain->nr_out, chain->nr_in, chain, indirect ? chain->table : NULL, (uint64_t)(uintptr_t)chain->table);
	CHECK_EQ(ret, needed <= free ? 0 : -ENOSPC);
	if (ret)
		return;
	CHECK_EQ(queue.nr_free, free - needed);
	chain->number = ++last_number;
	chain->is_with_device = false;
	virtqueue_publish(&queue);
}

static void check_segment(const struct chain *chain, unsigned i, const struct virtqueue_descriptor *descriptor)
{
	unsigned count = chain->nr_out + chain->nr_in;

	CHECK_EQ(descriptor->address, chain->segments[i].address);
	CHECK_EQ(descriptor->len, chain->segments[i].len);
	CHECK_EQ(descriptor->flags & 1, i + 1 < count);
	CHECK_EQ(descriptor->flags >> 1 & 1, i >= chain->nr_out);
}

/* The chain that the driver offered longest ago and the device has not seen. */
static struct chain *oldest_unseen(void)
{
	struct chain *oldest = NULL;

	for (unsigned i = 0; i < SIZE; i++)
		if (chains[i].number && chains[i].number != UINT64_MAX && !chains[i].is_with_device && (!oldest || chains[i].number < oldest->number))
			oldest = &chains[i];
	return oldest;
}

static void device_takes(void)
{
	struct chain *chain = oldest_unseen();
	struct virtqueue_descriptor *descriptor;
	uint16_t id;

	if (device_avail == avail_ring()[1]) {
		CHECK(!chain);
		return;
	}
	CHECK(chain);
	id = avail_ring()[2 + device_avail++ % SIZE];
	chain->id = id;
	chain->is_with_device = true;
	descriptor = &descriptors()[id];
	if (descriptor->flags == 4) {
		CHECK_EQ(descriptor->address, (uint64_t)(uintptr_t)chain->table);
		CHECK_EQ(descriptor->len, (chain->nr_out + chain->nr_in) * 16);
		for (unsigned i = 0; i < chain->nr_out + chain->nr_in; i++)
			check_segment(chain, i, &chain->table[i]);
		return;
	}
	for (unsigned i = 0; i < chain->nr_out + chain->nr_in; i++) {
		check_segment(chain, i, descriptor);
		descriptor = &descriptors()[descriptor->next];
	}
}

static void device_finishes(void)
{
	struct chain *chain = &chains[test_below(SIZE)];
	uint32_t entry[2] = {chain->id, (uint32_t)test_random()};

	if (!chain->number || !chain->is_with_device)
		return;
	chain->written = entry[1];
	memcpy(used_ring() + 2 + 4 * (device_used++ % SIZE), entry, sizeof(entry));
	used_ring()[1] = device_used;
	chain->is_with_device = false;
	chain->number = UINT64_MAX; /* done, not collected */
}

static void collect(void)
{
	uint32_t len;
	struct chain *chain;

	while ((chain = virtqueue_take(&queue, &len))) {
		CHECK_EQ(chain->number, UINT64_MAX);
		CHECK_EQ(len, chain->written);
		chain->number = 0;
	}
	CHECK_EQ(queue.used_index, device_used);
}

TEST(chains_come_back)
{
	start();
	for (unsigned i = 0; i < 100000; i++) {
		switch (test_below(4)) {
		case 0:
			add();
			break;
		case 1:
			device_takes();
			break;
		case 2:
			device_finishes();
			break;
		default:
			/* Finished ones are not among the unseen. */
			collect();
		}
	}
	for (unsigned i = 0; i < TOKENS; i++) {
		device_takes();
		device_finishes();
	}
	collect();
	CHECK(virtqueue_is_idle(&queue));
}

TEST(nonsense_breaks_the_queue)
{
	uint32_t entry[2] = {SIZE + 3, 0}, len;
	struct virtqueue_segment segment = {.address = 1, .len = 1};

	start();
	CHECK_EQ(virtqueue_add(&queue, &segment, 1, 0, &segment, NULL, 0), 0);
	memcpy(used_ring() + 2, entry, sizeof(entry));
	used_ring()[1] = 1;
	CHECK(!virtqueue_take(&queue, &len));
	CHECK(queue.is_broken);
	CHECK_EQ(virtqueue_add(&queue, &segment, 1, 0, &segment, NULL, 0), -ENOSPC);
	start();
	entry[0] = 2; /* never offered */
	memcpy(used_ring() + 2, entry, sizeof(entry));
	used_ring()[1] = 1;
	CHECK(!virtqueue_take(&queue, &len));
	CHECK(queue.is_broken);
}

/*
 * A device and a driver that suppress each other's wake-ups, one step at a time: whoever sleeps is woken as soon as there is work. Both see the other's
 * stores at once here, as the fence promises.
 */
static bool device_sleeps, driver_sleeps;
static uint16_t device_signalled;

static uint16_t *used_event(void)
{
	return avail_ring() + 2 + SIZE;
}

static uint16_t *avail_event(void)
{
	return used_ring() + 2 + 4 * SIZE;
}

static bool needs_event(uint16_t event, uint16_t new, uint16_t old)
{
	return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

static void device_works(void)
{
	if (device_avail == avail_ring()[1]) {
		used_ring()[0] = 0;
		*avail_event() = device_avail;
		device_sleeps = true;
		return;
	}
	used_ring()[0] = 1;
	memcpy(used_ring() + 2 + 4 * (device_used++ % SIZE), (uint32_t[]){avail_ring()[2 + device_avail++ % SIZE], 0}, 8);
	used_ring()[1] = device_used;
	if (queue.has_events ? needs_event(*used_event(), device_used, device_signalled) : !(avail_ring()[0] & 1))
		driver_sleeps = false;
	device_signalled = device_used;
}

static void driver_works(unsigned after)
{
	struct virtqueue_segment segment = {.address = 1, .len = 1};
	uint32_t len;

	virtqueue_silence(&queue);
	while (virtqueue_nr_used(&queue) >= after && virtqueue_take(&queue, &len))
		continue;
	for (unsigned i = test_below(4); i > 0 && virtqueue_add(&queue, &segment, 1, 0, &segment, NULL, 0) == 0; i--)
		continue;
	if (virtqueue_show(&queue))
		device_sleeps = false;
	driver_sleeps = virtqueue_listen(&queue, after);
}

static void suppress(bool has_events)
{
	start();
	queue.has_events = has_events;
	device_sleeps = driver_sleeps = false;
	device_signalled = 0;
	for (unsigned i = 0; i < 300000; i++) {
		unsigned after = 1 + test_below(3);

		if (!device_sleeps && test_below(2))
			device_works();
		if (test_below(driver_sleeps ? 20 : 2) == 0)
			driver_works(after);
		CHECK(!device_sleeps || device_avail == avail_ring()[1]);
		CHECK(!driver_sleeps || virtqueue_nr_used(&queue) < 3);
	}
}

TEST(nobody_sleeps_before_work)
{
	suppress(false);
	suppress(true);
}

TEST(silence_is_kept)
{
	for (unsigned has_events = 0; has_events < 2; has_events++) {
		struct virtqueue_segment segment = {.address = 1, .len = 1};
		uint32_t len;

		start();
		queue.has_events = has_events;
		device_signalled = 0;
		for (unsigned i = 0; i < 200000; i++) { /* more than a round of the index */
			virtqueue_silence(&queue);
			CHECK_EQ(virtqueue_add(&queue, &segment, 1, 0, &segment, NULL, 0), 0);
			device_sleeps = !virtqueue_show(&queue) && device_sleeps;
			CHECK(!device_sleeps);
			driver_sleeps = true;
			device_works();
			CHECK(driver_sleeps);
			device_works();
			CHECK(virtqueue_take(&queue, &len) == &segment);
		}
	}
}

TEST(legacy_layout)
{
	CHECK_EQ(virtqueue_used_offset(128, 4096) % 4096, 0);
	CHECK_EQ(virtqueue_used_offset(256, 4096), 8192); /* 2.7.2's formula: 16 * 256 + 2 * (3 + 256), rounded up */
	CHECK_EQ(virtqueue_bytes(256, 4096), 8192 + 4096);
}

TEST_MAIN()
