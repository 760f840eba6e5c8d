/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of the rings against a fake device that carries packets between two machines: a stream through it; a device that takes nothing; one that
 * writes nonsense.
 */
#include <string.h>
#include "kernel/driver/virtio/vsock/transfer.h"
#include "kernel/uapi/errno.h"
#include "tests/unit/test.h"

enum { SIZE = 16, ALIGN = 4, PORT = 9 };

struct ring {
	struct virtqueue queue;
	uint8_t memory[2048] aligned_to(16);
	void *tokens[SIZE];
	uint16_t avail, used; /* of the device */
};

struct machine {
	struct ring receive, transmit;
	struct vsock_transfer transfer;
	struct vsock vsock;
};

static struct machine machine[2];
static size_t nr_allocated;
static uint8_t carried[VSOCK_HEADER + 65536];

static void *allocate(size_t size)
{
	nr_allocated++;
	return malloc(size);
}

static void release(void *memory)
{
	nr_allocated -= memory != NULL;
	free(memory);
}

static const struct vsock_environment environment = {.alloc = allocate, .free = release, .random = test_random};

static uint64_t physical(const void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

static struct vsock_packet *packet_new(size_t capacity)
{
	return vsock_packet_new(&machine[0].vsock, capacity);
}

static void packet_free(struct vsock_packet *packet)
{
	release(packet);
}

static void transmit(struct vsock *vsock, struct vsock_packet *packet)
{
	struct machine *m = container_of(vsock, struct machine, vsock);

	if (vsock_transfer_send(&m->transfer, packet))
		virtqueue_publish(&m->transmit.queue);
}

static void ring_init(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	if (virtqueue_bytes(SIZE, ALIGN) > sizeof(ring->memory))
		abort();
	virtqueue_init(&ring->queue, SIZE, ALIGN, ring->memory, ring->tokens);
}

static void setup(void)
{
	nr_allocated = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct machine *m = &machine[i];

		ring_init(&m->receive);
		ring_init(&m->transmit);
		vsock_init(&m->vsock, &environment);
		m->vsock.cid = 3 + i;
		m->vsock.transmit = transmit;
		m->transfer = (struct vsock_transfer){
		    .receive = &m->receive.queue, .transmit = &m->transmit.queue, .physical = physical, .packet_new = packet_new, .packet_free = packet_free,
		};
		list_init(&m->transfer.waiting);
		CHECK(vsock_transfer_offer(&m->transfer));
		virtqueue_publish(&m->receive.queue);
	}
}

/* ---- The device ---- */

/* The first descriptor of the next chain that is offered; NULL: none is. */
static struct virtqueue_descriptor *next_chain(struct ring *ring, uint16_t *id)
{
	const uint16_t *avail = (const uint16_t *)(ring->memory + virtqueue_avail_offset(SIZE));

	if (avail[1] == ring->avail)
		return NULL;
	*id = avail[2 + ring->avail++ % SIZE];
	return (struct virtqueue_descriptor *)ring->memory + *id;
}

static void finish_chain(struct ring *ring, uint32_t id, uint32_t len)
{
	uint16_t *used = (uint16_t *)(ring->memory + virtqueue_used_offset(SIZE, ALIGN));
	uint32_t entry[2] = {id, len};

	memcpy(used + 2 + ring->used % SIZE * 4, entry, sizeof(entry));
	used[1] = ++ring->used;
}

/* All bytes of a chain to or from `carried`; how many. */
static uint32_t copy_chain(struct ring *ring, struct virtqueue_descriptor *d, uint32_t len, bool is_write)
{
	uint32_t at = 0;

	for (;;) {
		uint32_t part = is_write && d->len > len - at ? len - at : d->len;

		if (is_write)
			memcpy((void *)(uintptr_t)d->address, carried + at, part);
		else
			memcpy(carried + at, (void *)(uintptr_t)d->address, part);
		at += part;
		if (!(d->flags & 1))
			return at;
		d = (struct virtqueue_descriptor *)ring->memory + d->next;
	}
}

/* Carries one packet from a machine's transmit ring to the other's receive ring; senders keep to what a buffer holds. False: nothing to do. */
static bool carry(unsigned from)
{
	struct machine *source = &machine[from], *target = &machine[!from];
	struct virtqueue_descriptor *d;
	uint16_t id;

	if (((uint16_t *)(target->receive.memory + virtqueue_avail_offset(SIZE)))[1] == target->receive.avail)
		return false;
	d = next_chain(&source->transmit, &id);
	if (!d)
		return false;
	uint32_t len = copy_chain(&source->transmit, d, 0, false);
	finish_chain(&source->transmit, id, 0);
	if (len > VSOCK_HEADER + VSOCK_RECEIVE_BYTES)
		abort(); /* this device does not cut */
	d = next_chain(&target->receive, &id);
	copy_chain(&target->receive, d, len, true);
	finish_chain(&target->receive, id, len);
	return true;
}

/* ---- The driver's interrupts ---- */

static void serve(unsigned i)
{
	struct machine *m = &machine[i];
	struct vsock_packet *packet;

	if (vsock_transfer_sent(&m->transfer))
		virtqueue_publish(&m->transmit.queue);
	while ((packet = vsock_transfer_receive(&m->transfer)) != NULL)
		vsock_input(&m->vsock, packet);
	vsock_end(&m->vsock);
	if (vsock_transfer_offer(&m->transfer))
		virtqueue_publish(&m->receive.queue);
}

static void run(void)
{
	bool is_moving = true;

	while (is_moving) {
		is_moving = carry(0);
		is_moving |= carry(1);
		serve(0);
		serve(1);
	}
}

static void drop_tokens(struct ring *ring)
{
	for (unsigned i = 0; i < SIZE; i++)
		release(ring->queue.tokens[i]);
}

/* Nothing is left but what is in the rings. */
static bool is_clean(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct list *node;

		drop_tokens(&machine[i].receive);
		drop_tokens(&machine[i].transmit);
		while ((node = list_pop_front(&machine[i].transfer.waiting)))
			release(container_of(node, struct vsock_packet, link));
	}
	return nr_allocated == 0;
}

TEST(stream_through_the_device)
{
	struct vsock_socket *listening, *client, *server;
	uint32_t sent = 0, got = 0;

	setup();
	listening = vsock_socket_new(&machine[1].vsock, VSOCK_STREAM);
	client = vsock_socket_new(&machine[0].vsock, VSOCK_STREAM);
	CHECK_EQ(vsock_bind(listening, (struct vsock_address){.cid = VSOCK_ANY, .port = PORT}), 0);
	CHECK_EQ(vsock_listen(listening, 1), 0);
	CHECK_EQ(vsock_connect(client, (struct vsock_address){.cid = 4, .port = PORT}), 0);
	run();
	CHECK_EQ(client->state, VSOCK_CONNECTED);
	server = vsock_accept(listening);
	while (got < 1000000) {
		struct vsock_packet *packet;

		for (unsigned i = 0; i < 30 && sent < 1000000 && vsock_room(client); i++) { /* more than the ring has room for */
			packet = vsock_packet_new(&machine[0].vsock, 1 + test_random() % 4000);
			for (packet->end = 0; packet->end < packet->capacity; packet->end++)
				packet->data[packet->end] = (uint8_t)((sent + packet->end) * 7);
			sent += vsock_send(client, packet, 0);
		}
		run();
		while ((packet = vsock_first(server)) != NULL) {
			uint32_t len = packet->end - packet->start;

			for (uint32_t i = 0; i < len; i++)
				CHECK_EQ(packet->data[packet->start + i], (uint8_t)((got + i) * 7));
			got += len;
			vsock_take(server, len);
		}
	}
	CHECK_EQ(got, sent);
	vsock_socket_release(client);
	vsock_socket_release(server);
	vsock_socket_release(listening);
	run();
	CHECK(is_clean());
}

/* One that takes nothing stops us from receiving, so that answers do not pile up. */
TEST(device_that_does_not_send)
{
	struct vsock_header header = {.from = {.cid = 4, .port = 1}, .to = {.cid = 3, .port = 2}, .type = VSOCK_STREAM, .operation = VSOCK_RW};
	struct virtqueue_descriptor *d;
	unsigned nr = 0;
	uint16_t id;

	setup();
	for (unsigned i = 0; i < 1000; i++) {
		d = next_chain(&machine[0].receive, &id);
		if (!d)
			break;
		vsock_header_write(carried, &header);
		copy_chain(&machine[0].receive, d, VSOCK_HEADER, true);
		finish_chain(&machine[0].receive, id, VSOCK_HEADER);
		serve(0);
		nr++;
	}
	CHECK(nr > VSOCK_BACKLOG_MAX && nr < VSOCK_BACKLOG_MAX + 2 * SIZE);
	CHECK(machine[0].transfer.nr_waiting <= VSOCK_BACKLOG_MAX + 1);
	CHECK(is_clean());
}

TEST(device_that_writes_nonsense)
{
	setup();
	for (unsigned round = 0; round < 100000 && !machine[0].receive.queue.is_broken; round++) {
		struct virtqueue_descriptor *d = next_chain(&machine[0].receive, &(uint16_t){0});
		struct vsock_header header = {.from = {.cid = 4}, .to = {.cid = 3}, .type = 1, .operation = (uint16_t)(test_random() % 9), .len = (uint32_t)test_random() >> test_random() % 32};

		if (!d) {
			serve(0);
			while (carry(0)) {
				serve(0);
				serve(1);
			}
			continue;
		}
		vsock_header_write(carried, &header);
		if (test_random() % 4 == 0)
			carried[test_random() % VSOCK_HEADER] = (uint8_t)test_random();
		copy_chain(&machine[0].receive, d, VSOCK_HEADER, true);
		finish_chain(&machine[0].receive, (uint32_t)(d - (struct virtqueue_descriptor *)machine[0].receive.memory),
			     test_random() % 4 ? VSOCK_HEADER + (uint32_t)test_random() % 5000 : (uint32_t)test_random() >> test_random() % 32);
		if (test_random() % 5000 == 0)
			finish_chain(&machine[0].receive, (uint32_t)test_random(), 44);
		serve(0);
	}
	CHECK(machine[0].receive.queue.is_broken); /* by the chain that was never offered */
	CHECK(is_clean());
}

TEST_MAIN()
