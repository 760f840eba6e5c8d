/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive buffers and the frames in them. Lengths and headers are the device's word: all are checked. */
#include "kernel/driver/virtio_net/receive.h"
#include "kernel/arch/page_table.h"

enum { WANTED_FIRST = 32, COPY_SHARE = 8, BUFFERS_OF_FRAME_MAX = NET_FRAGMENTS_MAX };
/* Linear bytes of a frame in buffers: the headers that it has as a rule, and room for protocols that ask for more. */
enum { HEADERS_IP4 = 14 + 20 + 32, HEADERS_IP6 = 14 + 40 + 32, LINEAR_ROOM = 224 };

struct receive_buffer {
	struct net_block block; /* with one reference of the queue's while it is with the device */
	struct receive_queue *queue;
	struct receive_buffer *next; /* spare */
};

void receive_init(struct receive_queue *queue, struct virtqueue *ring, struct net_stack *stack, uint32_t buffer_size, unsigned nr_max)
{
	*queue = (struct receive_queue){.ring = ring, .stack = stack, .buffer_size = buffer_size, .header_len = VIRTIO_NET_HEADER_LEN};
	queue->wanted_max = (unsigned)min_u64(nr_max, ring->size);
	queue->wanted = (unsigned)min_u64(WANTED_FIRST, queue->wanted_max);
}

static void buffer_free(struct receive_buffer *buffer)
{
	net_free(buffer->block.stack, buffer->block.bytes);
	net_free(buffer->block.stack, buffer);
}

/* Kept only if the ring lacks it: what is in the sockets' queues comes back some time, and would be too much. */
static void buffer_release(struct net_block *block)
{
	struct receive_buffer *buffer = container_of(block, struct receive_buffer, block);
	struct receive_queue *queue = buffer->queue;

	if (queue->nr_offered + queue->nr_spare >= queue->wanted) {
		buffer_free(buffer);
		return;
	}
	buffer->next = queue->spare;
	queue->spare = buffer;
	queue->nr_spare++;
}

static struct receive_buffer *buffer_new(struct receive_queue *queue)
{
	struct receive_buffer *buffer = net_alloc(queue->stack, sizeof(*buffer));
	uint8_t *bytes = net_alloc(queue->stack, queue->buffer_size);

	if (!buffer || !bytes) {
		net_free(queue->stack, buffer);
		net_free(queue->stack, bytes);
		return NULL;
	}
	buffer->block = (struct net_block){.size = queue->buffer_size, .bytes = bytes, .stack = queue->stack, .release = buffer_release};
	buffer->queue = queue;
	return buffer;
}

static struct receive_buffer *buffer_get(struct receive_queue *queue)
{
	struct receive_buffer *buffer = queue->spare;

	if (!buffer)
		return buffer_new(queue);
	queue->spare = buffer->next;
	queue->nr_spare--;
	return buffer;
}

static bool offer(struct receive_queue *queue, struct receive_buffer *buffer)
{
	struct virtqueue_segment segment = {.address = virt_to_phys(buffer->block.bytes), .len = queue->buffer_size};

	buffer->block.references = 1;
	if (virtqueue_add(queue->ring, &segment, 0, 1, buffer, NULL, 0)) {
		buffer_free(buffer);
		return false;
	}
	queue->nr_offered++;
	return true;
}

bool receive_refill(struct receive_queue *queue)
{
	unsigned before = queue->nr_offered;
	struct receive_buffer *buffer;

	if (receive_is_low(queue) && before)
		queue->wanted = (unsigned)min_u64(queue->wanted * 2, queue->wanted_max);
	while (queue->nr_offered < queue->wanted && !queue->ring->is_broken && (buffer = buffer_get(queue)) && offer(queue, buffer))
		continue;
	return queue->nr_offered > before;
}

void receive_fini(struct receive_queue *queue)
{
	struct receive_buffer *buffer;

	net_packet_free(queue->packet);
	queue->packet = NULL;
	queue->nr_missing = 0;
	while ((buffer = queue->spare)) {
		queue->spare = buffer->next;
		buffer_free(buffer);
	}
	queue->nr_spare = 0;
}

/* ---- Frames ---- */

static size_t usual_headers(const uint8_t *frame, size_t len)
{
	bool is_ip6 = len >= 14 && wire_get16(frame + 12) == NET_ETHERTYPE_IP6;

	return min_u64(len, is_ip6 ? HEADERS_IP6 : HEADERS_IP4);
}

static void start_packet(struct receive_queue *queue, struct receive_buffer *buffer, size_t len)
{
	uint8_t *frame = buffer->block.bytes + queue->header_len;
	bool is_copied = queue->nr_missing == 1 && len <= queue->buffer_size / COPY_SHARE;
	size_t linear = is_copied ? len : usual_headers(frame, len);
	struct net_packet *packet = net_packet_new(queue->stack, 0, is_copied ? len : LINEAR_ROOM, is_copied ? 0 : queue->nr_missing);

	queue->packet = packet;
	if (!packet) {
		queue->nr_no_memory++;
		return;
	}
	memcpy(net_packet_append(packet, linear), frame, linear);
	if (linear < len)
		(void)net_packet_add(packet, &buffer->block, frame + linear, len - linear); /* there is a fragment for each buffer */
}

static void drop(struct receive_queue *queue)
{
	net_packet_free(queue->packet);
	queue->packet = NULL;
	queue->nr_bad++;
}

/* A frame's first buffer tells how many it has. One that claims nonsense is dropped alone; what follows is judged for itself. */
static void start_frame(struct receive_queue *queue, struct receive_buffer *buffer, size_t len)
{
	queue->nr_missing = 1;
	if (len < queue->header_len || len > queue->buffer_size) {
		drop(queue);
		return;
	}
	memcpy(&queue->header, buffer->block.bytes, sizeof(queue->header)); /* the device could change it meanwhile; a short one's last field is not looked at */
	if (queue->is_merging && (!queue->header.nr_buffers || queue->header.nr_buffers > BUFFERS_OF_FRAME_MAX)) {
		drop(queue);
		return;
	}
	if (queue->is_merging)
		queue->nr_missing = queue->header.nr_buffers;
	start_packet(queue, buffer, len - queue->header_len);
}

static void continue_frame(struct receive_queue *queue, struct receive_buffer *buffer, size_t len)
{
	if (!queue->packet)
		return;
	if (len > queue->buffer_size || (len && !net_packet_add(queue->packet, &buffer->block, buffer->block.bytes, len)))
		drop(queue);
}

static struct net_packet *finish_frame(struct receive_queue *queue)
{
	struct net_packet *packet;

	if (queue->packet && !virtio_net_header_take(&queue->header, queue->packet, queue->device_checks))
		drop(queue);
	packet = queue->packet;
	queue->packet = NULL;
	return packet;
}

struct net_packet *receive_take(struct receive_queue *queue)
{
	struct net_packet *packet = NULL;
	struct receive_buffer *buffer;
	uint32_t len;

	while (!packet && (buffer = virtqueue_take(queue->ring, &len))) {
		queue->nr_offered--;
		if (queue->nr_missing)
			continue_frame(queue, buffer, len);
		else
			start_frame(queue, buffer, len);
		net_block_put(&buffer->block);
		if (--queue->nr_missing == 0)
			packet = finish_frame(queue);
	}
	return packet;
}
