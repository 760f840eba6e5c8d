/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio socket devices (virtio 1.2 §5.10): queue 0 receives, 1 transmits, 2 tells of events.
 * Lock: `lock` guards the rings; it is taken in turns of kernel/net/vsock, and never the other way round.
 */
#include "kernel/arch/page_table.h"
#include "kernel/driver/virtio/virtio.h"
#include "kernel/driver/virtio/vsock/transfer.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/net/vsock/system.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { RECEIVE, TRANSMIT, EVENT, NR_QUEUES };
enum { QUEUE_SIZE = 64, EVENT_RESET = 0 };
#define VIRTIO_VSOCK_F_STREAM	 (1ull << 0)
#define VIRTIO_VSOCK_F_SEQPACKET (1ull << 1)

static struct spinlock lock; /* guards all that follows */
static struct vsock_transfer transfer;
static struct virtio_device *the_device; /* NULL: none yet; a second one is not taken */
static uint32_t event;			 /* little-endian, as it comes */

static struct vsock_packet *packet_new(size_t capacity)
{
	struct vsock_packet *packet = heap_alloc(sizeof(*packet) + capacity);

	if (!packet)
		return NULL;
	memset(packet, 0, sizeof(*packet));
	list_init(&packet->link);
	packet->capacity = (uint32_t)capacity;
	return packet;
}

static void packet_free(struct vsock_packet *packet)
{
	heap_free(packet);
}

static void notify_if(bool is_new, unsigned queue)
{
	if (is_new)
		virtio_notify(&the_device->queues[queue]);
}

static void transmit(struct vsock *vsock, struct vsock_packet *packet)
{
	spin_lock(&lock);
	notify_if(vsock_transfer_send(&transfer, packet), TRANSMIT);
	spin_unlock(&lock);
}

static struct vsock_packet *receive(void)
{
	struct vsock_packet *packet;

	spin_lock(&lock);
	packet = vsock_transfer_receive(&transfer);
	if (!packet)
		notify_if(vsock_transfer_offer(&transfer), RECEIVE);
	spin_unlock(&lock);
	return packet;
}

static void receive_interrupt(struct virtio_queue *queue)
{
	struct vsock *vsock = vsock_enter();
	struct vsock_packet *packet;

	while ((packet = receive()) != NULL)
		vsock_input(vsock, packet);
	vsock_leave();
}

static void transmit_interrupt(struct virtio_queue *queue)
{
	spin_lock(&lock);
	notify_if(vsock_transfer_sent(&transfer), TRANSMIT);
	spin_unlock(&lock);
	receive_interrupt(queue); /* what was left because answers had to wait */
}

static bool offer_event(void)
{
	const struct virtqueue_segment segment = {.address = virt_to_phys(&event), .len = sizeof(event)};

	return virtqueue_add(&the_device->queues[EVENT].ring, &segment, 0, 1, &event, NULL, 0) == 0;
}

static uint32_t read_cid(void)
{
	uint64_t cid;

	virtio_config_read(the_device, 0, &cid, sizeof(cid));
	return (uint32_t)cid;
}

/* The machine was moved, say: connections are gone. */
static void event_interrupt(struct virtio_queue *queue)
{
	uint32_t len;
	bool is_reset = false;

	spin_lock(&lock);
	while (virtqueue_take(&queue->ring, &len)) {
		is_reset |= len >= sizeof(event) && event == EVENT_RESET;
		notify_if(offer_event(), EVENT);
	}
	spin_unlock(&lock);
	if (!is_reset)
		return;
	vsock_reset_transport(vsock_enter(), read_cid());
	vsock_leave();
}

static int open_queues(struct virtio_device *virtio)
{
	int ret = virtio_queues_new(virtio, NR_QUEUES);

	if (!ret)
		ret = virtio_queue_open(virtio, RECEIVE, QUEUE_SIZE, receive_interrupt, NULL);
	if (!ret)
		ret = virtio_queue_open(virtio, TRANSMIT, QUEUE_SIZE, transmit_interrupt, NULL);
	return ret ? ret : virtio_queue_open(virtio, EVENT, 2, event_interrupt, NULL);
}

static void start(struct virtio_device *virtio)
{
	the_device = virtio;
	list_init(&transfer.waiting);
	transfer.receive = &virtio->queues[RECEIVE].ring;
	transfer.transmit = &virtio->queues[TRANSMIT].ring;
	transfer.physical = virt_to_phys;
	transfer.packet_new = packet_new;
	transfer.packet_free = packet_free;
	vsock_device_add(read_cid(), virtio_has(virtio, VIRTIO_VSOCK_F_SEQPACKET), transmit);
	virtio_start(virtio);
	spin_lock(&lock);
	notify_if(vsock_transfer_offer(&transfer), RECEIVE);
	notify_if(offer_event(), EVENT);
	spin_unlock(&lock);
}

static int probe(struct device *device)
{
	struct virtio_device *virtio;
	int ret = the_device ? -ENODEV : virtio_open(device, VIRTIO_VSOCK, VIRTIO_VSOCK_F_STREAM | VIRTIO_VSOCK_F_SEQPACKET, &virtio);

	if (ret)
		return ret;
	ret = open_queues(virtio);
	if (ret) {
		log_line(LOG_ERROR, "vsock: the device does not start: error %d", -ret);
		virtio_fail(virtio);
		return ret;
	}
	start(virtio);
	return 0;
}

DRIVER(virtio_vsock) = {.name = "virtio-vsock", .probe = probe};
