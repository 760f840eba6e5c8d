/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio over PCI (virtio 1.2 §4.1): the modern interface, found through vendor capabilities; MSI-X, or the interrupt line. */
#include "kernel/arch/page_table.h"
#include "kernel/driver/virtio/virtio.h"
#include "kernel/log/log.h"
#include "kernel/uapi/errno.h"

enum { PCI_COMMAND = 0x04, PCI_STATUS = 0x06, PCI_CAPABILITIES = 0x34 };
enum { COMMAND_NO_LINE = 1 << 10, STATUS_CAPABILITIES = 1 << 4 };
enum { CAPABILITY_VENDOR = 0x09, CAPABILITY_MSIX = 0x11, CAPABILITIES_MAX = 48 };
enum { MSIX_ENABLE = 1 << 15, MSIX_MASK_ALL = 1 << 14, MSIX_ENTRY_LEN = 16 };
enum { ID_MODERN = 0x1040, ID_FIRST = 0x1000, ID_LAST = 0x107f };
enum { STRUCTURE_COMMON = 1, STRUCTURE_NOTIFY = 2, STRUCTURE_ISR = 3, STRUCTURE_CONFIG = 4 }; /* §4.1.4 */
enum { /* §4.1.4.3 */
	COMMON_FEATURES_SELECT = 0, COMMON_FEATURES = 4, COMMON_DRIVER_FEATURES_SELECT = 8, COMMON_DRIVER_FEATURES = 12,
	COMMON_CONFIG_VECTOR = 16, COMMON_STATUS = 20, COMMON_GENERATION = 21, COMMON_QUEUE_SELECT = 22, COMMON_QUEUE_SIZE = 24,
	COMMON_QUEUE_VECTOR = 26, COMMON_QUEUE_ENABLE = 28, COMMON_QUEUE_NOTIFY_OFFSET = 30, COMMON_QUEUE_DESCRIPTORS = 32,
	COMMON_QUEUE_DRIVER = 40, COMMON_QUEUE_DEVICE = 48, COMMON_LEN = 56,
};
enum { NO_VECTOR = 0xffff };
enum { MESSAGE_QUEUES = 0, MESSAGE_CONFIG = 1, MESSAGES_SHARED = 2, MESSAGES_MAX = 2048 };

#define COMMON(device, offset, type) (*(volatile type *)((device)->common + (offset)))

static uint32_t pci_status(struct virtio_device *device)
{
	return COMMON(device, COMMON_STATUS, uint8_t);
}

static void pci_set_status(struct virtio_device *device, uint32_t status)
{
	COMMON(device, COMMON_STATUS, uint8_t) = (uint8_t)status;
}

static uint64_t pci_features(struct virtio_device *device)
{
	uint64_t features;

	COMMON(device, COMMON_FEATURES_SELECT, uint32_t) = 0;
	features = COMMON(device, COMMON_FEATURES, uint32_t);
	COMMON(device, COMMON_FEATURES_SELECT, uint32_t) = 1;
	return features | (uint64_t)COMMON(device, COMMON_FEATURES, uint32_t) << 32;
}

static void pci_set_features(struct virtio_device *device, uint64_t features)
{
	COMMON(device, COMMON_DRIVER_FEATURES_SELECT, uint32_t) = 0;
	COMMON(device, COMMON_DRIVER_FEATURES, uint32_t) = (uint32_t)features;
	COMMON(device, COMMON_DRIVER_FEATURES_SELECT, uint32_t) = 1;
	COMMON(device, COMMON_DRIVER_FEATURES, uint32_t) = (uint32_t)(features >> 32);
}

static unsigned pci_queue_max(struct virtio_device *device, unsigned index)
{
	COMMON(device, COMMON_QUEUE_SELECT, uint16_t) = (uint16_t)index;
	return COMMON(device, COMMON_QUEUE_SELECT, uint16_t) == index ? COMMON(device, COMMON_QUEUE_SIZE, uint16_t) : 0;
}

static void write_address(struct virtio_device *device, unsigned offset, uint64_t address)
{
	COMMON(device, offset, uint32_t) = (uint32_t)address;
	COMMON(device, offset + 4, uint32_t) = (uint32_t)(address >> 32);
}

static int pci_queue_enable(struct virtio_device *device, struct virtio_queue *queue, uint64_t ring)
{
	unsigned size = queue->ring.size;

	COMMON(device, COMMON_QUEUE_SELECT, uint16_t) = (uint16_t)queue->index;
	COMMON(device, COMMON_QUEUE_SIZE, uint16_t) = (uint16_t)size;
	COMMON(device, COMMON_QUEUE_VECTOR, uint16_t) = device->has_message_interrupts ? (uint16_t)queue->message : NO_VECTOR;
	if (device->has_message_interrupts && COMMON(device, COMMON_QUEUE_VECTOR, uint16_t) == NO_VECTOR)
		return -EIO;
	write_address(device, COMMON_QUEUE_DESCRIPTORS, ring);
	write_address(device, COMMON_QUEUE_DRIVER, ring + virtqueue_avail_offset(size));
	write_address(device, COMMON_QUEUE_DEVICE, ring + virtqueue_used_offset(size, 4));
	queue->notify = device->notify_base + (size_t)COMMON(device, COMMON_QUEUE_NOTIFY_OFFSET, uint16_t) * device->notify_multiplier;
	COMMON(device, COMMON_QUEUE_ENABLE, uint16_t) = 1;
	return 0;
}

static void pci_notify(struct virtio_queue *queue)
{
	*(volatile uint16_t *)queue->notify = (uint16_t)queue->index;
}

static uint8_t pci_config_byte(struct virtio_device *device, unsigned offset)
{
	return device->config ? device->config[offset] : 0;
}

static uint32_t pci_config_generation(struct virtio_device *device)
{
	return COMMON(device, COMMON_GENERATION, uint8_t);
}

/* ---- Interrupts: one message for all queues but those that a driver separates. ---- */

static void serve(struct virtio_device *device, bool config_changed)
{
	virtio_interrupt_queues(device);
	if (config_changed && device->config_changed)
		device->config_changed(device);
}

static void message_interrupt(void *argument)
{
	serve(argument, false);
}

static void config_interrupt(void *argument)
{
	serve(argument, true);
}

static void queue_interrupt(void *argument)
{
	struct virtio_queue *queue = argument;

	queue->interrupt(queue);
}

static void line_interrupt(void *argument)
{
	struct virtio_device *device = argument;
	uint8_t status = *device->isr; /* reading acknowledges (§4.1.4.5) */

	if (status)
		serve(device, status & 2);
}

static unsigned find_capability(const struct device *device, unsigned id, unsigned after)
{
	unsigned at;

	if (!(pci_read(device, PCI_STATUS, 2) & STATUS_CAPABILITIES))
		return 0;
	at = pci_read(device, after ? after + 1 : PCI_CAPABILITIES, 1) & ~3u;
	for (unsigned i = 0; at && i < CAPABILITIES_MAX; i++) {
		if (pci_read(device, at, 1) == id)
			return at;
		at = pci_read(device, at + 1, 1) & ~3u;
	}
	return 0;
}

static int set_message(struct virtio_device *device, unsigned entry, interrupt_handler *handler, void *argument, unsigned cpu)
{
	volatile uint32_t *at = device->messages + entry * (MSIX_ENTRY_LEN / 4);
	uint64_t address;
	uint32_t data;
	int ret = interrupt_request_message(handler, argument, cpu, &address, &data);

	if (ret)
		return ret;
	at[0] = (uint32_t)address;
	at[1] = (uint32_t)(address >> 32);
	at[2] = data;
	at[3] = 0; /* not masked */
	return 0;
}

/* MSI-X (PCI Local Bus 3.0 §6.8.2): entry 0 for the queues, 1 for the configuration, others for queues that are separated. */
static int connect_messages(struct virtio_device *device)
{
	struct device *pci = device->device;
	unsigned capability = find_capability(pci, CAPABILITY_MSIX, 0), control;
	uint64_t phys, len, offset;
	unsigned nr;
	int ret;

	if (!capability)
		return -ENODEV;
	control = pci_read(pci, capability + 2, 2);
	offset = pci_read(pci, capability + 4, 4);
	nr = (control & (MESSAGES_MAX - 1)) + 1;
	if (nr < MESSAGES_SHARED || pci_bar(pci, offset & 7, &phys, &len))
		return -ENODEV;
	offset &= ~7ull;
	if (offset > len || (len - offset) / MSIX_ENTRY_LEN < nr)
		return -ENODEV;
	device->messages = map_device(phys + offset, nr * MSIX_ENTRY_LEN);
	if (!device->messages)
		return -ENOMEM;
	pci_write(pci, capability + 2, 2, (control | MSIX_ENABLE) & ~(unsigned)MSIX_MASK_ALL);
	ret = set_message(device, MESSAGE_QUEUES, message_interrupt, device, 0);
	if (!ret)
		ret = set_message(device, MESSAGE_CONFIG, config_interrupt, device, 0);
	if (ret) {
		pci_write(pci, capability + 2, 2, control & ~(unsigned)MSIX_ENABLE);
		return ret;
	}
	pci_write(pci, PCI_COMMAND, 2, pci_read(pci, PCI_COMMAND, 2) | COMMAND_NO_LINE);
	device->has_message_interrupts = true;
	device->nr_messages = nr;
	device->nr_messages_used = MESSAGES_SHARED;
	COMMON(device, COMMON_CONFIG_VECTOR, uint16_t) = MESSAGE_CONFIG;
	return 0;
}

static int pci_connect(struct virtio_device *device)
{
	if (connect_messages(device) == 0)
		return 0;
	COMMON(device, COMMON_CONFIG_VECTOR, uint16_t) = NO_VECTOR;
	pci_write(device->device, PCI_COMMAND, 2, pci_read(device->device, PCI_COMMAND, 2) & ~(unsigned)COMMAND_NO_LINE);
	return interrupt_request_line(device->device->line, true, line_interrupt, device);
}

/* The table's entries are masked until they are written. */
static void pci_separate(struct virtio_device *device, unsigned first, unsigned nr)
{
	if (!device->has_message_interrupts || device->nr_messages_used == device->nr_messages)
		return;
	for (unsigned i = first; i < first + nr; i++)
		device->queues[i].message = device->nr_messages_used;
	device->nr_messages_used++;
}

static int pci_route(struct virtio_queue *queue, unsigned cpu)
{
	return set_message(queue->device, queue->message, queue_interrupt, queue, cpu);
}

static const struct virtio_transport pci_transport = {
    .status = pci_status,
    .set_status = pci_set_status,
    .features = pci_features,
    .set_features = pci_set_features,
    .queue_max = pci_queue_max,
    .queue_enable = pci_queue_enable,
    .notify = pci_notify,
    .config_byte = pci_config_byte,
    .config_generation = pci_config_generation,
    .connect = pci_connect,
    .separate = pci_separate,
    .route = pci_route,
};

/* ---- Finding the structures. ---- */

static volatile uint8_t *map_structure(struct device *device, unsigned capability, size_t least)
{
	unsigned bar = pci_read(device, capability + 4, 1);
	uint32_t offset = pci_read(device, capability + 8, 4), want = pci_read(device, capability + 12, 4);
	uint64_t phys, len;

	if (bar > 5 || want < least || pci_bar(device, bar, &phys, &len) || offset > len || want > len - offset)
		return NULL;
	return map_device(phys + offset, want);
}

static int find_structures(struct virtio_device *device)
{
	struct device *pci = device->device;

	for (unsigned at = find_capability(pci, CAPABILITY_VENDOR, 0), n = 0; at && n < CAPABILITIES_MAX; at = find_capability(pci, CAPABILITY_VENDOR, at), n++) {
		switch (pci_read(pci, at + 3, 1)) {
		case STRUCTURE_COMMON:
			device->common = device->common ? device->common : map_structure(pci, at, COMMON_LEN);
			break;
		case STRUCTURE_NOTIFY:
			if (!device->notify_base) {
				device->notify_base = map_structure(pci, at, 2);
				device->notify_multiplier = pci_read(pci, at + 16, 4);
			}
			break;
		case STRUCTURE_ISR:
			device->isr = device->isr ? device->isr : map_structure(pci, at, 1);
			break;
		case STRUCTURE_CONFIG:
			device->config = device->config ? device->config : map_structure(pci, at, 1);
			break;
		}
	}
	return device->common && device->notify_base && device->isr ? 0 : -ENODEV;
}

static unsigned type_of(const struct device *device)
{
	if (device->vendor != PCI_VENDOR_VIRTIO || device->id < ID_FIRST || device->id > ID_LAST)
		return 0;
	return device->id >= ID_MODERN ? device->id - ID_MODERN : device->subsystem;
}

int virtio_pci_open(struct virtio_device *device, enum virtio_type type)
{
	struct device *pci = device->device;

	if (type_of(pci) != type)
		return -ENODEV;
	if (find_structures(device)) {
		log_line(LOG_WARNING, "virtio: PCI device %x has no modern interface", pci->address);
		return -ENODEV;
	}
	device->transport = &pci_transport;
	return 0;
}
