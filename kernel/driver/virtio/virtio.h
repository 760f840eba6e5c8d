/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio devices as their drivers see them, whichever bus they sit on (virtio 1.2 §2, §3). */
#pragma once
#include "kernel/arch/spinlock.h"
#include "kernel/driver/virtio/queue.h"
#include "kernel/platform/platform.h"

enum virtio_type { VIRTIO_NETWORK = 1, VIRTIO_BLOCK = 2, VIRTIO_CONSOLE = 3, VIRTIO_ENTROPY = 4, VIRTIO_VSOCK = 19 }; /* §5 */

#define VIRTIO_F_ANY_LAYOUT (1ull << 27) /* of devices of before the standard, in which it goes without saying */
#define VIRTIO_F_INDIRECT   (1ull << 28)
#define VIRTIO_F_EVENT_IDX  (1ull << 29) /* for drivers that meet what queue.h says of it */
#define VIRTIO_F_VERSION_1  (1ull << 32)

struct virtio_device;

/* One queue with its transport's side. */
struct virtio_queue {
	struct virtqueue ring;
	struct virtio_device *device;
	unsigned index;
	void (*interrupt)(struct virtio_queue *queue); /* something may be in the used ring; NULL: not wanted */
	void *driver_data;
	volatile void *notify; /* PCI: the queue's notification register */
	unsigned message; /* PCI: the entry of the MSI-X table; 0: that of all queues */
};

struct virtio_transport {
	uint32_t (*status)(struct virtio_device *device);
	void (*set_status)(struct virtio_device *device, uint32_t status);
	uint64_t (*features)(struct virtio_device *device);
	void (*set_features)(struct virtio_device *device, uint64_t features);
	unsigned (*queue_max)(struct virtio_device *device, unsigned index); /* 0: there is no such queue */
	/* Tells of ring memory and routes the queue's interrupt. */
	int (*queue_enable)(struct virtio_device *device, struct virtio_queue *queue, uint64_t ring);
	void (*notify)(struct virtio_queue *queue);
	uint8_t (*config_byte)(struct virtio_device *device, unsigned offset);
	uint32_t (*config_generation)(struct virtio_device *device);
	/* Connects interrupts, before the queues are set up. */
	int (*connect)(struct virtio_device *device);
	/* See virtio_queues_separate and virtio_queue_route. NULL: all queues have one interrupt. */
	void (*separate)(struct virtio_device *device, unsigned first, unsigned nr);
	int (*route)(struct virtio_queue *queue, unsigned cpu);
};

struct virtio_device {
	const struct virtio_transport *transport;
	struct device *device;
	uint64_t features; /* agreed on */
	bool is_legacy;
	struct virtio_queue *queues; /* those that were set up, by index; nr_queues long */
	unsigned nr_queues;
	void (*config_changed)(struct virtio_device *device);
	void *driver_data;
	/* The transport's. */
	volatile uint8_t *registers;
	volatile uint8_t *common, *isr, *config, *notify_base;
	uint32_t notify_multiplier;
	bool has_message_interrupts;
	volatile uint32_t *messages; /* the MSI-X table */
	unsigned nr_messages, nr_messages_used;
};

/* Resets the device if it is of that type and takes those of the wanted features that it offers. -ENODEV: not of that type. */
int virtio_open(struct device *device, enum virtio_type type, uint64_t wanted, struct virtio_device **opened) must_check;
/* As virtio_open; `choose` picks of the features offered. */
int virtio_open_choosing(struct device *device, enum virtio_type type, uint64_t (*choose)(uint64_t offered), struct virtio_device **opened) must_check;
/* Makes room for queues 0 .. nr-1; then each is set up with at most `size` entries. */
int virtio_queues_new(struct virtio_device *device, unsigned nr) must_check;
int virtio_queue_open(struct virtio_device *device, unsigned index, unsigned size, void (*interrupt)(struct virtio_queue *), void *driver_data) must_check;
/*
 * Before the queues first .. first + nr - 1 are opened: gives them an interrupt of their own, which is to call the function of the first, if the
 * transport can and has one left. It is off until virtio_queue_route of the first says which CPU takes it. Otherwise they share the device's.
 */
void virtio_queues_separate(struct virtio_device *device, unsigned first, unsigned nr);
void virtio_queue_route(struct virtio_queue *queue, unsigned cpu);
void virtio_start(struct virtio_device *device); /* DRIVER_OK: requests may be made from here on */
void virtio_fail(struct virtio_device *device);	 /* gives the device up */
static inline bool virtio_has(const struct virtio_device *device, uint64_t feature)
{
	return device->features & feature;
}

/* Reads `len` bytes of the device's configuration, all of one generation (§2.5). */
void virtio_config_read(struct virtio_device *device, unsigned offset, void *to, size_t len);
static inline void virtio_notify(struct virtio_queue *queue)
{
	virtqueue_publish(&queue->ring);
	queue->device->transport->notify(queue);
}

/* Transports: 0 if the device is theirs and of the type, -ENODEV otherwise. */
int virtio_mmio_open(struct virtio_device *device, enum virtio_type type) must_check;
int virtio_pci_open(struct virtio_device *device, enum virtio_type type) must_check;
/* For transports: all queues may have something; the configuration changed. */
void virtio_interrupt_queues(struct virtio_device *device);
