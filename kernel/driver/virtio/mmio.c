/* SPDX-License-Identifier: BSD-3-Clause */
/* virtio over MMIO (virtio 1.2 §4.2): version 2, and version 1 of before the standard (§4.2.4), which QEMU still starts with. */
#include "kernel/arch/page_table.h"
#include "kernel/driver/virtio/virtio.h"
#include "kernel/uapi/errno.h"

enum { /* §4.2.2, §4.2.4 */
	REGISTER_MAGIC = 0x000, REGISTER_VERSION = 0x004, REGISTER_DEVICE_ID = 0x008,
	REGISTER_FEATURES = 0x010, REGISTER_FEATURES_SELECT = 0x014, REGISTER_DRIVER_FEATURES = 0x020, REGISTER_DRIVER_FEATURES_SELECT = 0x024,
	REGISTER_LEGACY_PAGE_SIZE = 0x028, REGISTER_QUEUE_SELECT = 0x030, REGISTER_QUEUE_MAX = 0x034, REGISTER_QUEUE_SIZE = 0x038,
	REGISTER_LEGACY_ALIGN = 0x03c, REGISTER_LEGACY_PAGE = 0x040, REGISTER_QUEUE_READY = 0x044, REGISTER_NOTIFY = 0x050,
	REGISTER_INTERRUPT_STATUS = 0x060, REGISTER_INTERRUPT_ACK = 0x064, REGISTER_STATUS = 0x070,
	REGISTER_QUEUE_DESCRIPTORS = 0x080, REGISTER_QUEUE_DRIVER = 0x090, REGISTER_QUEUE_DEVICE = 0x0a0,
	REGISTER_GENERATION = 0x0fc, REGISTER_CONFIG = 0x100,
};
enum { MAGIC = 0x74726976, REGISTERS_LEN = 0x200 };
enum { INTERRUPT_QUEUE = 1, INTERRUPT_CONFIG = 2 };

static uint32_t read_register(const struct virtio_device *device, unsigned offset)
{
	return *(volatile uint32_t *)(device->registers + offset);
}

static void write_register(struct virtio_device *device, unsigned offset, uint32_t value)
{
	*(volatile uint32_t *)(device->registers + offset) = value;
}

static uint32_t mmio_status(struct virtio_device *device)
{
	return read_register(device, REGISTER_STATUS);
}

static void mmio_set_status(struct virtio_device *device, uint32_t status)
{
	write_register(device, REGISTER_STATUS, status);
	if (!status && device->is_legacy)
		write_register(device, REGISTER_LEGACY_PAGE_SIZE, PAGE_SIZE);
}

static uint64_t mmio_features(struct virtio_device *device)
{
	uint64_t features;

	write_register(device, REGISTER_FEATURES_SELECT, 0);
	features = read_register(device, REGISTER_FEATURES);
	write_register(device, REGISTER_FEATURES_SELECT, 1);
	return features | (uint64_t)read_register(device, REGISTER_FEATURES) << 32;
}

static void mmio_set_features(struct virtio_device *device, uint64_t features)
{
	write_register(device, REGISTER_DRIVER_FEATURES_SELECT, 0);
	write_register(device, REGISTER_DRIVER_FEATURES, (uint32_t)features);
	write_register(device, REGISTER_DRIVER_FEATURES_SELECT, 1);
	write_register(device, REGISTER_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

static unsigned mmio_queue_max(struct virtio_device *device, unsigned index)
{
	write_register(device, REGISTER_QUEUE_SELECT, index);
	return read_register(device, REGISTER_QUEUE_MAX);
}

static void write_address(struct virtio_device *device, unsigned offset, uint64_t address)
{
	write_register(device, offset, (uint32_t)address);
	write_register(device, offset + 4, (uint32_t)(address >> 32));
}

static int mmio_queue_enable(struct virtio_device *device, struct virtio_queue *queue, uint64_t ring)
{
	unsigned size = queue->ring.size;

	write_register(device, REGISTER_QUEUE_SELECT, queue->index);
	write_register(device, REGISTER_QUEUE_SIZE, size);
	if (device->is_legacy) {
		write_register(device, REGISTER_LEGACY_ALIGN, PAGE_SIZE);
		write_register(device, REGISTER_LEGACY_PAGE, (uint32_t)(ring >> PAGE_SHIFT));
		return ring >> PAGE_SHIFT >> 32 ? -ENODEV : 0;
	}
	write_address(device, REGISTER_QUEUE_DESCRIPTORS, ring);
	write_address(device, REGISTER_QUEUE_DRIVER, ring + virtqueue_avail_offset(size));
	write_address(device, REGISTER_QUEUE_DEVICE, ring + virtqueue_used_offset(size, 4));
	write_register(device, REGISTER_QUEUE_READY, 1);
	return 0;
}

static void mmio_notify(struct virtio_queue *queue)
{
	write_register(queue->device, REGISTER_NOTIFY, queue->index);
}

static uint8_t mmio_config_byte(struct virtio_device *device, unsigned offset)
{
	return device->registers[REGISTER_CONFIG + offset];
}

static uint32_t mmio_config_generation(struct virtio_device *device)
{
	return device->is_legacy ? 0 : read_register(device, REGISTER_GENERATION);
}

static void mmio_interrupt(void *argument)
{
	struct virtio_device *device = argument;
	uint32_t status = read_register(device, REGISTER_INTERRUPT_STATUS);

	if (!status)
		return;
	write_register(device, REGISTER_INTERRUPT_ACK, status);
	virtio_interrupt_queues(device);
	if ((status & INTERRUPT_CONFIG) && device->config_changed)
		device->config_changed(device);
}

static int mmio_connect(struct virtio_device *device)
{
	return interrupt_request_line(device->device->line, true, mmio_interrupt, device);
}

static const struct virtio_transport mmio_transport = {
    .status = mmio_status,
    .set_status = mmio_set_status,
    .features = mmio_features,
    .set_features = mmio_set_features,
    .queue_max = mmio_queue_max,
    .queue_enable = mmio_queue_enable,
    .notify = mmio_notify,
    .config_byte = mmio_config_byte,
    .config_generation = mmio_config_generation,
    .connect = mmio_connect,
};

int virtio_mmio_open(struct virtio_device *device, enum virtio_type type)
{
	uint32_t version;

	if (device->device->bus != BUS_VIRTIO_MMIO || device->device->id != type)
		return -ENODEV;
	device->registers = map_device(device->device->base, REGISTERS_LEN);
	if (!device->registers)
		return -ENOMEM;
	version = read_register(device, REGISTER_VERSION);
	if (read_register(device, REGISTER_MAGIC) != MAGIC || version < 1 || version > 2)
		return -ENODEV;
	device->is_legacy = version == 1;
	device->transport = &mmio_transport;
	return 0;
}
