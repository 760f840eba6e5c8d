/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames on their way to the device. */
#include "kernel/driver/virtio_net/transmit.h"
#include "kernel/arch/page_table.h"

enum { WAITING_MAX = 1000 }; /* as long a queue as Linux's interfaces have */
/* Short chains lie in the ring itself, which the device reads faster than a table elsewhere. */
enum { DIRECT_MAX = 4, TABLES_MAX = 64, SEGMENTS_MAX = NET_FRAGMENTS_MAX + 1 };

struct transmit_table {
	struct transmit_table *next;
	struct virtqueue_descriptor descriptors[SEGMENTS_MAX] aligned_to(16);
};

/* The table of a frame that is with the device stands in the packet's mark, which is the driver's now. */
static void set_table(struct net_packet *packet, struct transmit_table *table)
{
	memcpy(packet->mark, &table, sizeof(table));
}

static struct transmit_table *table_of(const struct net_packet *packet)
{
	struct transmit_table *table;

	memcpy(&table, packet->mark, sizeof(table));
	return table;
}

static struct transmit_table *table_get(struct transmit_queue *queue)
{
	struct transmit_table *table = queue->tables;

	if (table) {
		queue->tables = table->next;
	} else if (queue->nr_tables < TABLES_MAX) {
		table = net_alloc(queue->stack, sizeof(*table));
		queue->nr_tables += table != NULL;
	}
	return table;
}

static void table_put(struct transmit_queue *queue, struct transmit_table *table)
{
	if (!table)
		return;
	table->next = queue->tables;
	queue->tables = table;
}

void transmit_init(struct transmit_queue *queue, struct virtqueue *ring, struct net_stack *stack)
{
	*queue = (struct transmit_queue){.ring = ring, .stack = stack, .header_len = VIRTIO_NET_HEADER_LEN};
	list_init(&queue->waiting);
}

static struct net_packet *pop_waiting(struct transmit_queue *queue)
{
	struct list *node = list_pop_front(&queue->waiting);

	if (!node)
		return NULL;
	queue->nr_waiting--;
	return container_of(node, struct net_packet, link);
}

void transmit_fini(struct transmit_queue *queue)
{
	struct transmit_table *table;

	while (queue->nr_waiting)
		net_packet_free(pop_waiting(queue));
	while ((table = queue->tables)) {
		queue->tables = table->next;
		queue->nr_tables--;
		net_free(queue->stack, table);
	}
}

/* Neighbours in memory become one segment. */
static unsigned fill_segments(const struct net_packet *packet, struct virtqueue_segment *segments)
{
	unsigned count = 0;

	segments[count++] = (struct virtqueue_segment){.address = virt_to_phys(packet->data), .len = packet->linear};
	for (unsigned i = 0; i < packet->nr_fragments; i++) {
		uint64_t address = virt_to_phys(packet->fragment[i].bytes);
		struct virtqueue_segment *last = &segments[count - 1];

		if (last->address + last->len == address)
			last->len += packet->fragment[i].len;
		else if (packet->fragment[i].len)
			segments[count++] = (struct virtqueue_segment){.address = address, .len = packet->fragment[i].len};
	}
	return count;
}

/* Hands a packet with its header to the device. -ENOSPC: no room now. */
static int start(struct transmit_queue *queue, struct net_packet *packet)
{
	struct virtqueue_segment segments[SEGMENTS_MAX];
	unsigned count = fill_segments(packet, segments);
	struct transmit_table *table = count > DIRECT_MAX && queue->has_indirect && queue->ring->nr_free ? table_get(queue) : NULL;
	int ret;

	set_table(packet, table);
	if (table)
		ret = virtqueue_add(queue->ring, segments, count, 0, packet, table->descriptors, virt_to_phys(table->descriptors));
	else
		ret = virtqueue_add(queue->ring, segments, count, 0, packet, NULL, 0);
	if (ret)
		table_put(queue, table);
	else
		queue->nr_with_device++;
	return ret;
}

/* All in one piece: of a packet without room in front, or with more pieces than the ring has entries (§2.7.5.3.1). NULL: no memory. */
static struct net_packet *make_linear(struct net_packet *packet)
{
	struct net_packet *copy = net_packet_copy_part(packet, 0, packet->len);

	net_packet_free(packet);
	return copy;
}

static void put_header(uint8_t *front, const struct virtio_net_header *header, uint32_t len)
{
	memcpy(front, header, VIRTIO_NET_HEADER_LEN_OLD);
	if (len > VIRTIO_NET_HEADER_LEN_OLD)
		memcpy(front + VIRTIO_NET_HEADER_LEN_OLD, &header->nr_buffers, sizeof(header->nr_buffers));
}

/* Puts the header in front. NULL: no memory; the packet is gone. */
static struct net_packet *prepare(struct transmit_queue *queue, struct net_packet *packet)
{
	struct virtio_net_header header = virtio_net_header_of(packet);
	uint8_t *front;

	if (packet->nr_fragments >= queue->ring->size || (size_t)(packet->data - packet->buffer) < queue->header_len)
		packet = make_linear(packet);
	front = packet ? net_packet_push(packet, queue->header_len) : NULL;
	if (front)
		put_header(front, &header, queue->header_len);
	return packet;
}

int transmit_send(struct transmit_queue *queue, struct net_packet *packet)
{
	if (queue->ring->is_broken || queue->nr_waiting == WAITING_MAX) {
		net_packet_free(packet);
		return queue->ring->is_broken ? -EIO : -ENOBUFS;
	}
	packet = prepare(queue, packet);
	if (!packet)
		return -ENOBUFS;
	if (queue->nr_waiting || start(queue, packet)) {
		list_push_back(&queue->waiting, &packet->link);
		queue->nr_waiting++;
	}
	return 0;
}

static bool start_waiting(struct transmit_queue *queue)
{
	bool any = false;

	while (queue->nr_waiting && start(queue, container_of(queue->waiting.next, struct net_packet, link)) == 0) {
		(void)pop_waiting(queue);
		any = true;
	}
	return any;
}

bool transmit_reap(struct transmit_queue *queue)
{
	struct net_packet *packet;
	uint32_t len;

	while ((packet = virtqueue_take(queue->ring, &len))) {
		queue->nr_with_device--;
		table_put(queue, table_of(packet));
		net_packet_free(packet);
	}
	while (queue->ring->is_broken && queue->nr_waiting)
		net_packet_free(pop_waiting(queue));
	return start_waiting(queue);
}
