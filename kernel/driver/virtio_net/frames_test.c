/* SPDX-License-Identifier: BSD-3-Clause */
/* Both queues against a fake device: what it writes arrives and what is sent reaches it, byte for byte; what is nonsense is dropped; nothing leaks. */
#include "kernel/driver/virtio_net/receive.h"
#include "kernel/driver/virtio_net/transmit.h"
#include "tests/unit/test.h"

enum { SIZE = 64, ALIGN = 4, FRAME_MAX = 66000, HELD = 20 };

static char memory[8192] aligned_to(16);
static void *tokens[SIZE];
static struct virtqueue ring;
static struct net_stack stack;
static struct net_interface interface;
static uint16_t device_avail, device_used;
static long nr_allocated;
static unsigned fail_of_8; /* so many of eight allocations fail */

static void *counted_alloc(size_t size)
{
	if (test_below(8) < fail_of_8)
		return NULL;
	nr_allocated++;
	return malloc(size);
}

static void counted_free(void *bytes)
{
	nr_allocated -= bytes != NULL;
	free(bytes);
}

static const struct net_environment environment = {.alloc = counted_alloc, .free = counted_free, .random = test_random};

static void begin(unsigned size)
{
	memset(memory, 0, sizeof(memory));
	memset(tokens, 0, sizeof(tokens));
	device_avail = device_used = 0;
	nr_allocated = 0;
	fail_of_8 = 0;
	CHECK(virtqueue_bytes(size, ALIGN) <= sizeof(memory));
	virtqueue_init(&ring, size, ALIGN, memory, tokens);
	net_stack_init(&stack, &environment);
	interface = (struct net_interface){.stack = &stack};
}

/* ---- The device's side of the ring ---- */

static struct virtqueue_descriptor *descriptor(unsigned i)
{
	return (struct virtqueue_descriptor *)memory + i;
}

static bool device_has(void)
{
	return ring.avail[1] != device_avail;
}

static uint16_t device_next(void)
{
	return ring.avail[2 + device_avail++ % ring.size];
}

static void device_use(uint32_t id, uint32_t len)
{
	uint32_t entry[2] = {id, len};

	memcpy((char *)memory + virtqueue_used_offset(ring.size, ALIGN) + 4 + 8 * (device_used++ % ring.size), entry, sizeof(entry));
}

static void device_flush(void)
{
	ring.used[1] = device_used;
}

/* The stand-in machine without an arena: physical addresses are pointers. */
static void *memory_at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static uint8_t *bytes_of(const struct virtqueue_descriptor *d)
{
	return memory_at(d->address);
}

/* ---- Receiving ---- */

static struct receive_queue receive;
static uint8_t frame[FRAME_MAX];
static struct net_packet *held[HELD];

static void begin_receive(uint32_t buffer_size, bool is_merging)
{
	begin(SIZE);
	receive_init(&receive, &ring, &stack, buffer_size, SIZE);
	receive.is_merging = receive.device_checks = is_merging;
	receive.header_len = is_merging ? VIRTIO_NET_HEADER_LEN : VIRTIO_NET_HEADER_LEN_OLD;
	memset(held, 0, sizeof(held));
}

static void refill(void)
{
	if (receive_refill(&receive))
		(void)virtqueue_show(&ring);
}

/* Writes a frame as an honest device; false: it has too few buffers. */
static bool device_writes(size_t len)
{
	size_t room = receive.buffer_size, total = receive.header_len + len, at = 0;
	uint16_t nr = (uint16_t)((total + room - 1) / room);
	struct virtio_net_header header = {.nr_buffers = nr};

	if ((uint16_t)(ring.avail[1] - device_avail) < nr || nr > NET_FRAGMENTS_MAX || (nr > 1 && !receive.is_merging))
		return false;
	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(i < 14 ? 0x45 : test_random());
	for (unsigned i = 0; i < nr; i++) {
		uint16_t id = device_next();
		size_t head = i ? 0 : receive.header_len, part = min_u64(room - head, len - at);

		CHECK_EQ(descriptor(id)->len, room);
		CHECK_EQ(descriptor(id)->flags, 2);
		memcpy(bytes_of(descriptor(id)), &header, head);
		memcpy(bytes_of(descriptor(id)) + head, frame + at, part);
		device_use(id, (uint32_t)(head + part));
		at += part;
		if (test_below(2))
			device_flush(); /* not all of them at once */
	}
	device_flush();
	return true;
}

static void check_frame(struct net_packet *packet, size_t len)
{
	static uint8_t copy[FRAME_MAX];

	CHECK(packet != NULL);
	CHECK_EQ(packet->len, len);
	CHECK(net_packet_copy(packet, 0, copy, len));
	CHECK(memcmp(copy, frame, len) == 0);
	if (packet->linear < len)
		CHECK(net_packet_head(packet, min_u64(len, 180)) != NULL); /* protocols get their headers */
}

static void hold(struct net_packet *packet)
{
	unsigned i = test_below(HELD);

	net_packet_free(held[i]);
	held[i] = packet;
}

/* All comes back: what sockets hold, what the device has. */
static void end_receive(void)
{
	struct net_packet *packet;

	for (unsigned i = 0; i < HELD; i++)
		net_packet_free(held[i]);
	receive.wanted = 0; /* what comes back is not kept */
	while (device_has())
		device_use(device_next(), 0);
	device_flush();
	while ((packet = receive_take(&receive)))
		net_packet_free(packet);
	receive_fini(&receive);
	CHECK_EQ(receive.nr_offered, 0);
	CHECK_EQ(nr_allocated, 0);
}

static void exchange(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		static const unsigned bounds[] = {60, 300, 1514, FRAME_MAX};
		size_t len = test_below(bounds[test_below(4)]);

		refill();
		if (device_writes(len)) {
			struct net_packet *packet = receive_take(&receive);

			check_frame(packet, len);
			hold(packet);
		}
		CHECK(!receive_take(&receive));
		CHECK(receive.nr_offered + receive.nr_spare <= SIZE);
	}
}

TEST(frames_arrive_in_merged_buffers)
{
	begin_receive(2048, true);
	exchange(5000);
	CHECK_EQ(receive.wanted, SIZE); /* it had to grow */
	CHECK_EQ(receive.nr_bad + receive.nr_no_memory, 0);
	end_receive();
}

TEST(frames_arrive_in_pages)
{
	begin_receive(4096, true);
	exchange(3000);
	end_receive();
}

TEST(frames_arrive_in_single_buffers)
{
	begin_receive(2048, false);
	exchange(5000);
	end_receive();
}

TEST(small_frames_hold_no_buffer)
{
	begin_receive(2048, true);
	refill();
	CHECK(device_writes(200));
	hold(receive_take(&receive));
	CHECK_EQ(receive.nr_spare, 1);
	CHECK(device_writes(1000));
	hold(receive_take(&receive));
	CHECK_EQ(receive.nr_spare, 1);
	end_receive();
}

TEST(a_frame_comes_in_two_looks)
{
	uint16_t id;
	struct virtio_net_header header = {.nr_buffers = 2};
	struct net_packet *packet;

	begin_receive(2048, true);
	refill();
	id = device_next();
	memcpy(bytes_of(descriptor(id)), &header, sizeof(header));
	device_use(id, 2048);
	device_flush();
	CHECK(!receive_take(&receive));
	device_use(device_next(), 100);
	device_flush();
	packet = receive_take(&receive);
	CHECK(packet && packet->len == 2048 - 12 + 100);
	net_packet_free(packet);
	end_receive();
}

/* Whatever the device writes, nothing breaks but the frames. */
static void write_nonsense(void)
{
	uint16_t id = device_next();
	struct virtio_net_header header = {
	    .flags = (uint8_t)test_below(8), .segmentation = (uint8_t)(test_below(2) ? 0 : test_random()), .checksum_start = (uint16_t)(test_below(2) ? 14 : test_random()),
	    .checksum_offset = (uint16_t)test_below(2000), .nr_buffers = (uint16_t)(test_below(3) ? test_below(4) : test_random()),
	};
	static const uint32_t lengths[] = {0, 1, 9, 11, 12, 13, 26, 300, 2047, 2048, 2049, 4096, 65535, 0x7fffffff, 0xffffffff};

	memcpy(bytes_of(descriptor(id)), &header, sizeof(header));
	device_use(id, lengths[test_below(ARRAY_SIZE(lengths))]);
	device_flush();
}

TEST(nonsense_is_dropped)
{
	struct net_packet *packet;
	unsigned nr_good = 0;

	begin_receive(2048, true);
	for (unsigned i = 0; i < 50000; i++) {
		refill();
		write_nonsense();
		while ((packet = receive_take(&receive))) {
			CHECK(packet->len <= NET_FRAGMENTS_MAX * 2048);
			CHECK(packet->nr_fragments <= packet->fragments_max);
			nr_good++;
			hold(packet);
		}
	}
	CHECK(!ring.is_broken);
	CHECK(receive.nr_bad > 10000);
	CHECK(nr_good > 100);
	end_receive();
}

TEST(a_claimed_number_of_buffers_is_checked)
{
	static const uint16_t claims[] = {0, NET_FRAGMENTS_MAX + 1, 0xffff};

	begin_receive(2048, true);
	for (unsigned i = 0; i < ARRAY_SIZE(claims); i++) {
		struct virtio_net_header header = {.nr_buffers = claims[i]};
		uint16_t id;

		refill();
		id = device_next();
		memcpy(bytes_of(descriptor(id)), &header, sizeof(header));
		device_use(id, 100);
		device_flush();
		CHECK(!receive_take(&receive));
		CHECK_EQ(receive.nr_bad, i + 1);
		CHECK(device_writes(70)); /* the next one is not mistaken for a part */
		hold(receive_take(&receive));
	}
	end_receive();
}

TEST(a_wrong_index_ends_the_queue)
{
	begin_receive(2048, true);
	refill();
	device_use(SIZE + 5, 100);
	device_flush();
	CHECK(!receive_take(&receive));
	CHECK(ring.is_broken);
	CHECK(!receive_refill(&receive));
	CHECK(!receive_is_short(&receive));
	ring.is_broken = false; /* only here: all is to come back */
	ring.used_index++;
	end_receive();
}

TEST(no_memory_drops_and_recovers)
{
	unsigned nr_received = 0;

	begin_receive(2048, true);
	for (unsigned i = 0; i < 5000; i++) {
		size_t len = test_below(9000);
		struct net_packet *packet;

		fail_of_8 = test_below(9);
		refill();
		CHECK(receive.nr_offered == receive.wanted || receive_is_short(&receive));
		if (!device_writes(len))
			continue;
		packet = receive_take(&receive);
		if (packet)
			check_frame(packet, len);
		nr_received += packet != NULL;
		hold(packet);
	}
	CHECK(nr_received > 500 && receive.nr_no_memory > 100);
	fail_of_8 = 0;
	refill();
	CHECK(!receive_is_short(&receive));
	end_receive();
}

/* ---- Sending ---- */

static struct transmit_queue transmit;
static uint8_t sent[200][FRAME_MAX + 100]; /* as they were given, by number */
static size_t sent_len[200];
static unsigned nr_sent, nr_seen;
static uint16_t unfinished[SIZE];
static unsigned nr_unfinished;

static void begin_transmit(unsigned size, bool has_indirect)
{
	begin(size);
	transmit_init(&transmit, &ring, &stack);
	transmit.has_indirect = has_indirect;
	nr_sent = nr_seen = nr_unfinished = 0;
}

static struct net_packet *make_packet(void)
{
	unsigned nr = test_below(3) ? test_below(3) : test_below(NET_FRAGMENTS_MAX + 1);
	size_t linear = 14 + test_below(100);
	struct net_packet *packet = net_packet_new(&stack, test_below(8) ? NET_HEAD_ROOM : 0, linear, nr);
	uint8_t *bytes = net_packet_append(packet, linear);

	for (size_t i = 0; i < linear; i++)
		bytes[i] = (uint8_t)test_random();
	for (unsigned i = 0; i < nr; i++) {
		struct net_block *block = net_block_new(&stack, 1500);

		for (size_t j = 0; j < 1500; j++)
			block->bytes[j] = (uint8_t)test_random();
		CHECK(net_packet_add(packet, block, block->bytes + test_below(100), test_below(1400)));
		net_block_put(block);
	}
	packet->interface = &interface;
	return packet;
}

static void send_one(void)
{
	struct net_packet *packet;

	if (nr_sent - nr_seen == ARRAY_SIZE(sent))
		return;
	packet = make_packet();
	sent_len[nr_sent % ARRAY_SIZE(sent)] = packet->len;
	CHECK(net_packet_copy(packet, 0, sent[nr_sent % ARRAY_SIZE(sent)], packet->len));
	CHECK_EQ(transmit_send(&transmit, packet), 0);
	nr_sent++;
	virtqueue_publish(&ring);
}

static size_t gather(uint16_t id, uint8_t *to)
{
	const struct virtqueue_descriptor *d = descriptor(id), *table = NULL;
	size_t len = 0;
	unsigned count = 0;

	if (d->flags & 4) {
		CHECK_EQ(d->flags, 4);
		table = memory_at(d->address);
		d = table;
	}
	for (;;) {
		memcpy(to + len, bytes_of(d), d->len);
		len += d->len;
		CHECK(++count <= ring.size);
		if (!(d->flags & 1))
			return len;
		d = table ? &table[d->next] : descriptor(d->next);
	}
}

/* Takes the next chain, which must be the next frame with a header in front. */
static void device_reads(void)
{
	static uint8_t got[FRAME_MAX + 100];
	size_t len, number = nr_seen % ARRAY_SIZE(sent);
	uint16_t id;

	if (!device_has())
		return;
	id = device_next();
	len = gather(id, got);
	CHECK_EQ(len, sent_len[number] + VIRTIO_NET_HEADER_LEN);
	CHECK(memcmp(got + VIRTIO_NET_HEADER_LEN, sent[number], sent_len[number]) == 0);
	nr_seen++;
	unfinished[nr_unfinished++] = id;
}

static void device_finishes(void)
{
	unsigned i;

	if (!nr_unfinished)
		return;
	i = test_below(nr_unfinished);
	device_use(unfinished[i], 0);
	device_flush();
	unfinished[i] = unfinished[--nr_unfinished];
}

static void send_and_finish(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		switch (test_below(4)) {
		case 0:
			send_one();
			break;
		case 1:
			device_reads();
			break;
		case 2:
			device_finishes();
			break;
		default:
			if (transmit_reap(&transmit))
				virtqueue_publish(&ring);
		}
	}
	for (unsigned i = 0; i < 3000; i++) {
		device_reads();
		device_finishes();
		if (transmit_reap(&transmit))
			virtqueue_publish(&ring);
	}
	CHECK_EQ(nr_seen, nr_sent);
	CHECK_EQ(transmit.nr_with_device + transmit.nr_waiting, 0);
	CHECK(virtqueue_is_idle(&ring));
	transmit_fini(&transmit);
	CHECK_EQ(nr_allocated, 0);
	CHECK_EQ(transmit.nr_tables, 0);
}

TEST(frames_are_sent_in_order)
{
	begin_transmit(SIZE, true);
	send_and_finish(20000);
}

TEST(frames_are_sent_without_tables)
{
	begin_transmit(SIZE, false);
	send_and_finish(20000);
}

TEST(frames_are_sent_through_a_tiny_ring)
{
	begin_transmit(4, false);
	send_and_finish(20000);
	begin_transmit(4, true);
	send_and_finish(20000);
}

TEST(waiting_is_bounded)
{
	int ret = 0;
	unsigned nr = 0;

	begin_transmit(4, false);
	while ((ret = transmit_send(&transmit, net_packet_new(&stack, NET_HEAD_ROOM, 0, 0))) == 0)
		CHECK(++nr < 2000);
	CHECK_EQ(ret, -ENOBUFS);
	CHECK_EQ(nr, 1004);
	CHECK_EQ(nr_allocated, 1004);
	transmit_fini(&transmit);
	CHECK_EQ(nr_allocated, 4);
	virtqueue_publish(&ring);
	while (device_has())
		device_use(device_next(), 0);
	device_flush();
	CHECK(!transmit_reap(&transmit));
	CHECK_EQ(nr_allocated, 0);
}

TEST(nothing_waits_for_a_broken_device)
{
	begin_transmit(4, false);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(transmit_send(&transmit, net_packet_new(&stack, NET_HEAD_ROOM, 0, 0)), 0);
	virtqueue_publish(&ring);
	device_use(77, 0);
	device_flush();
	CHECK(!transmit_reap(&transmit));
	CHECK_EQ(transmit.nr_waiting, 0);
	CHECK_EQ(transmit_send(&transmit, net_packet_new(&stack, NET_HEAD_ROOM, 0, 0)), -EIO);
	CHECK_EQ(nr_allocated, 4); /* the device may still read those */
	ring.is_broken = false;
	ring.used_index++;
	while (device_has())
		device_use(device_next(), 0);
	device_flush();
	CHECK(!transmit_reap(&transmit));
	CHECK_EQ(nr_allocated, 0);
}

/* ---- Headers ---- */

static struct net_packet *make_tcp(uint16_t ethertype, unsigned ip_len, uint8_t tcp_flags)
{
	struct net_packet *packet = net_packet_new(&stack, NET_HEAD_ROOM, 14 + ip_len + 32, 0);
	uint8_t *h = net_packet_append(packet, 14 + ip_len + 32);

	memset(h, 0, 14 + ip_len + 32);
	wire_put16(h + 12, ethertype);
	packet->checksum_from = h + 14 + ip_len;
	packet->checksum_at = packet->checksum_from + 16;
	packet->checksum_from[12] = 8 << 4;
	packet->checksum_from[13] = tcp_flags;
	packet->flags = NET_PACKET_NEEDS_CHECKSUM;
	packet->segment_size = 1448;
	packet->interface = &interface;
	return packet;
}

TEST(header_of_segments)
{
	struct net_packet *packet;
	struct virtio_net_header h;

	begin(SIZE);
	packet = make_tcp(NET_ETHERTYPE_IP4, 20, 0x80);
	h = virtio_net_header_of(packet);
	CHECK(h.flags == 1 && h.segmentation == 1 && h.headers_len == 66 && h.segment_size == 1448 && h.checksum_start == 34 && h.checksum_offset == 16);
	interface.offloads = NET_OFFLOAD_TSO_ECN;
	CHECK_EQ(virtio_net_header_of(packet).segmentation, 0x81);
	packet->segment_size = 0;
	h = virtio_net_header_of(packet);
	CHECK(h.flags == 1 && h.segmentation == 0 && h.headers_len == 0 && h.segment_size == 0);
	packet->flags = 0;
	CHECK_EQ(virtio_net_header_of(packet).flags, 0);
	net_packet_free(packet);
	packet = make_tcp(NET_ETHERTYPE_IP6, 40, 0);
	h = virtio_net_header_of(packet);
	CHECK(h.segmentation == 4 && h.headers_len == 86 && h.checksum_start == 54);
	net_packet_free(packet);
	CHECK_EQ(nr_allocated, 0);
}

static bool takes(struct virtio_net_header header, bool device_checks, bool *is_checked)
{
	struct net_packet *packet = net_packet_new(&stack, 0, 100, 0);
	bool good;

	(void)net_packet_append(packet, 100);
	good = virtio_net_header_take(&header, packet, device_checks);
	*is_checked = packet->flags & NET_PACKET_CHECKED;
	net_packet_free(packet);
	return good;
}

TEST(header_of_received_frames)
{
	bool is_checked;

	begin(SIZE);
	CHECK(takes((struct virtio_net_header){0}, true, &is_checked) && !is_checked);
	CHECK(takes((struct virtio_net_header){.flags = 2}, true, &is_checked) && is_checked);
	CHECK(takes((struct virtio_net_header){.flags = 1, .checksum_start = 34, .checksum_offset = 16}, true, &is_checked) && is_checked);
	CHECK(takes((struct virtio_net_header){.flags = 1, .segmentation = 0x81, .checksum_start = 82, .checksum_offset = 16}, true, &is_checked) && is_checked);
	CHECK(!takes((struct virtio_net_header){.flags = 1, .checksum_start = 83, .checksum_offset = 16}, true, &is_checked) && !is_checked);
	CHECK(!takes((struct virtio_net_header){.flags = 1, .checksum_start = 65535, .checksum_offset = 65535}, true, &is_checked));
	CHECK(!takes((struct virtio_net_header){.segmentation = 3}, true, &is_checked));
	CHECK(!takes((struct virtio_net_header){.flags = 1, .checksum_start = 34, .checksum_offset = 16}, false, &is_checked)); /* was not agreed on */
	CHECK(takes((struct virtio_net_header){.flags = 2}, false, &is_checked) && !is_checked);
}

TEST_MAIN()
