/* SPDX-License-Identifier: BSD-3-Clause */
/* Bringing a virtio device up (virtio 1.2 §3.1.1), whatever its transport. */
#include "kernel/driver/virtio/virtio.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/page.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8, STATUS_FAILED = 128 };
enum { RESET_ROUNDS = 100000 };

static void add_status(struct virtio_device *device, uint32_t bits)
{
	device->transport->set_status(device, device->transport->status(device) | bits);
}

static int reset(struct virtio_device *device)
{
	device->transport->set_status(device, 0);
	for (unsigned i = 0; device->transport->status(device); i++) {
		if (i == RESET_ROUNDS)
			return -EIO;
		cpu_relax();
	}
	return 0;
}

/* `choose` may be NULL: all of the wanted ones. */
static int negotiate(struct virtio_device *device, uint64_t wanted, uint64_t (*choose)(uint64_t offered))
{
	uint64_t offered = device->transport->features(device);

	if (choose)
		wanted = choose(offered);
	if (!device->is_legacy)
		wanted |= VIRTIO_F_VERSION_1;
	device->features = offered & wanted;
	if (!device->is_legacy && !virtio_has(device, VIRTIO_F_VERSION_1))
		return -ENODEV;
	device->transport->set_features(device, device->features);
	if (device->is_legacy)
		return 0;
	add_status(device, STATUS_FEATURES_OK);
	return device->transport->status(device) & STATUS_FEATURES_OK ? 0 : -EIO;
}

static int open_device(struct device *device, enum virtio_type type, uint64_t wanted, uint64_t (*choose)(uint64_t), struct virtio_device **opened)
{
	struct virtio_device *virtio = heap_alloc_zero(sizeof(*virtio));
	int ret;

	if (!virtio)
		return -ENOMEM;
	virtio->device = device;
	ret = device->bus == BUS_PCI ? virtio_pci_open(virtio, type) : virtio_mmio_open(virtio, type);
	if (ret) {
		heap_free(virtio);
		return ret;
	}
	ret = reset(virtio);
	if (!ret) {
		add_status(virtio, STATUS_ACKNOWLEDGE);
		add_status(virtio, STATUS_DRIVER);
		ret = negotiate(virtio, wanted, choose);
	}
	if (!ret)
		ret = virtio->transport->connect(virtio);
	if (ret) {
		/* The structure stays: interrupts may be connected already. */
		log_line(LOG_ERROR, "virtio: device of type %u does not start: error %d", type, -ret);
		virtio_fail(virtio);
		return ret;
	}
	*opened = virtio;
	return 0;
}

int virtio_open(struct device *device, enum virtio_type type, uint64_t wanted, struct virtio_device **opened)
{
	return open_device(device, type, wanted, NULL, opened);
}

int virtio_open_choosing(struct device *device, enum virtio_type type, uint64_t (*choose)(uint64_t offered), struct virtio_device **opened)
{
	return open_device(device, type, 0, choose, opened);
}

int virtio_queues_new(struct virtio_device *device, unsigned nr)
{
	struct virtio_queue *queues = heap_alloc_zero(nr * sizeof(*queues));

	if (!queues)
		return -ENOMEM;
	device->queues = queues;
	device->nr_queues = nr;
	return 0;
}

/* Ring memory is never given back: devices stay. */
static void *ring_alloc(size_t len, bool page_aligned)
{
	unsigned order = 0;
	struct page *page;

	if (!page_aligned && len <= PAGE_SIZE)
		return heap_alloc_zero(len);
	while ((PAGE_SIZE << order) < len)
		order++;
	page = page_alloc(order);
	if (!page)
		return NULL;
	memset(page_virt(page), 0, PAGE_SIZE << order);
	return page_virt(page);
}

int virtio_queue_open(struct virtio_device *device, unsigned index, unsigned size, void (*interrupt)(struct virtio_queue *), void *driver_data)
{
	struct virtio_queue *queue = &device->queues[index];
	unsigned max = device->transport->queue_max(device, index), align = device->is_legacy ? PAGE_SIZE : 4;
	void *memory, **tokens;

	if (!max)
		return -ENODEV;
	while (size > max)
		size /= 2;
	memory = ring_alloc(virtqueue_bytes(size, align), device->is_legacy);
	tokens = heap_alloc_zero(size * sizeof(*tokens));
	if (!memory || !tokens)
		return -ENOMEM;
	virtqueue_init(&queue->ring, size, align, memory, tokens);
	queue->ring.has_events = virtio_has(device, VIRTIO_F_EVENT_IDX);
	queue->device = device;
	queue->index = index;
	queue->driver_data = driver_data;
	queue->interrupt = interrupt;
	return device->transport->queue_enable(device, queue, virt_to_phys(memory));
}

void virtio_queues_separate(struct virtio_device *device, unsigned first, unsigned nr)
{
	if (device->transport->separate)
		device->transport->separate(device, first, nr);
}

void virtio_queue_route(struct virtio_queue *queue, unsigned cpu)
{
	int ret = queue->message ? queue->device->transport->route(queue, cpu) : 0;

	if (ret)
		log_line(LOG_ERROR, "virtio: no interrupt for a queue: error %d", -ret);
}

void virtio_start(struct virtio_device *device)
{
	add_status(device, STATUS_DRIVER_OK);
}

void virtio_fail(struct virtio_device *device)
{
	add_status(device, STATUS_FAILED);
}

void virtio_config_read(struct virtio_device *device, unsigned offset, void *to, size_t len)
{
	uint32_t generation;
	unsigned tries = 0;

	do {
		generation = device->transport->config_generation(device);
		for (size_t i = 0; i < len; i++)
			((uint8_t *)to)[i] = device->transport->config_byte(device, offset + (unsigned)i);
	} while (device->transport->config_generation(device) != generation && ++tries < 1000);
}

void virtio_interrupt_queues(struct virtio_device *device)
{
	for (unsigned i = 0; i < device->nr_queues; i++)
		if (device->queues[i].interrupt)
			device->queues[i].interrupt(&device->queues[i]);
}
