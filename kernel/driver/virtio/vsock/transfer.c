/* SPDX-License-Identifier: BSD-3-Clause */
/* Each packet is a chain of its header and its bytes. */
#include "kernel/driver/virtio/vsock/transfer.h"
#include "lib/string.h"

/* ---- Out ---- */

static bool add(struct vsock_transfer *t, struct vsock_packet *packet)
{
	const struct virtqueue_segment segments[] = {
	    {.address = t->physical(packet->wire), .len = VSOCK_HEADER},
	    {.address = t->physical(packet->data + packet->start), .len = packet->header.len},
	};

	vsock_header_write(packet->wire, &packet->header);
	return virtqueue_add(t->transmit, segments, packet->header.len ? 2 : 1, 0, packet, NULL, 0) == 0;
}

bool vsock_transfer_send(struct vsock_transfer *t, struct vsock_packet *packet)
{
	if (!t->nr_waiting && add(t, packet))
		return true;
	list_push_back(&t->waiting, &packet->link);
	t->nr_waiting++;
	return false;
}

bool vsock_transfer_sent(struct vsock_transfer *t)
{
	bool is_new = false;
	uint32_t len;
	void *token;

	while ((token = virtqueue_take(t->transmit, &len)) != NULL)
		t->packet_free(token);
	while (t->nr_waiting && add(t, container_of(t->waiting.next, struct vsock_packet, link))) {
		list_pop_front(&t->waiting);
		t->nr_waiting--;
		is_new = true;
	}
	return is_new;
}

/* ---- In ---- */

static bool offer(struct vsock_transfer *t, struct vsock_packet *packet)
{
	const struct virtqueue_segment segments[] = {
	    {.address = t->physical(packet->wire), .len = VSOCK_HEADER},
	    {.address = t->physical(packet->data), .len = VSOCK_RECEIVE_BYTES},
	};

	return virtqueue_add(t->receive, segments, 0, 2, packet, NULL, 0) == 0;
}

bool vsock_transfer_offer(struct vsock_transfer *t)
{
	bool is_new = false;

	while (t->receive->nr_free >= 2) {
		struct vsock_packet *packet = t->packet_new(VSOCK_RECEIVE_BYTES);

		if (!packet)
			break;
		if (!offer(t, packet)) {
			t->packet_free(packet);
			break;
		}
		is_new = true;
	}
	return is_new;
}

/* The device says how much it wrote, and the header how much that is: both must fit. */
static bool accept(struct vsock_packet *packet, uint32_t written)
{
	if (written < VSOCK_HEADER || !vsock_header_read(packet->wire, &packet->header))
		return false;
	packet->start = 0;
	packet->end = packet->header.len;
	return packet->header.len <= VSOCK_RECEIVE_BYTES && packet->header.len <= written - VSOCK_HEADER;
}

struct vsock_packet *vsock_transfer_receive(struct vsock_transfer *t)
{
	struct vsock_packet *packet;
	uint32_t written;

	if (t->nr_waiting > VSOCK_BACKLOG_MAX)
		return NULL;
	while ((packet = virtqueue_take(t->receive, &written)) != NULL) {
		if (accept(packet, written))
			return packet;
		t->packet_free(packet);
	}
	return NULL;
}
