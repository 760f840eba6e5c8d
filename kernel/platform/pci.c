/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI (PCI Local Bus 3.0 chapter 6): finds functions behind all bridges that the firmware numbered, and reads and writes their configuration, by
 * the ports of mechanism 1, or in memory where there are none (MCFG).
 */
#include "kernel/arch/page_table.h"
#include "kernel/arch/spinlock.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/platform/acpi.h"
#include "kernel/platform/device.h"
#include "kernel/platform/memory_map.h"
#include "kernel/uapi/errno.h"

enum {
	PCI_ID = 0, PCI_COMMAND = 4, PCI_CLASS = 8, PCI_HEADER = 0xe, PCI_BAR = 0x10, PCI_BUSES = 0x18, PCI_SUBSYSTEM = 0x2e, PCI_LINE = 0x3c,
};
#define PORT_ADDRESS	0xcf8
#define PORT_DATA	0xcfc
#define COMMAND_MEMORY	2u
#define COMMAND_MASTER	4u
#define NR_BARS		6u
#define CLASS_BRIDGE	0x0604
#define MULTIFUNCTION	0x80
#define BAR_IS_PORTS	1u
#define BAR_IS_64	4u
#define WINDOW_END	0xfe000000ull /* interrupt controllers are above */

static struct spinlock lock; /* guards the address port, and next_bar */
static volatile uint8_t *config; /* NULL: ports */
static uint8_t config_last_bus;
static uint64_t next_bar;

static uint32_t config_read(unsigned address, unsigned offset)
{
	uint32_t value;

	if (config)
		return *(volatile uint32_t *)(config + ((uint64_t)address << 12) + (offset & ~3u));
	spin_lock(&lock);
	port_write_32(PORT_ADDRESS, 0x80000000 | address << 8 | (offset & 0xfc));
	value = port_read_32(PORT_DATA);
	spin_unlock(&lock);
	return value;
}

static void config_write(unsigned address, unsigned offset, uint32_t value)
{
	if (config) {
		*(volatile uint32_t *)(config + ((uint64_t)address << 12) + (offset & ~3u)) = value;
		return;
	}
	spin_lock(&lock);
	port_write_32(PORT_ADDRESS, 0x80000000 | address << 8 | (offset & 0xfc));
	port_write_32(PORT_DATA, value);
	spin_unlock(&lock);
}

static uint32_t field_mask(unsigned bytes)
{
	return bytes >= 4 ? ~0u : (1u << 8 * bytes) - 1;
}

uint32_t pci_read(const struct device *device, unsigned offset, unsigned bytes)
{
	return config_read(device->address, offset) >> 8 * (offset & 3) & field_mask(bytes);
}

void pci_write(const struct device *device, unsigned offset, unsigned bytes, uint32_t value)
{
	unsigned shift = 8 * (offset & 3);
	uint32_t old = bytes < 4 ? config_read(device->address, offset) : 0;

	/* The status half beside the command clears on ones: write zeros there. */
	if ((offset & ~3u) == PCI_COMMAND)
		old &= 0xffff;
	config_write(device->address, offset, (old & ~(field_mask(bytes) << shift)) | (value & field_mask(bytes)) << shift);
}

/* A place for a BAR that the firmware left out: between memory and the interrupt controllers. 0: none. */
static uint64_t assign(uint64_t len)
{
	uint64_t at;

	spin_lock(&lock);
	if (!next_bar)
		next_bar = max_u64(0xe0000000, memory_map_end_below_4g());
	at = align_up(next_bar, len);
	if (at + len > WINDOW_END)
		at = 0;
	else
		next_bar = at + len;
	spin_unlock(&lock);
	return at;
}

/* All ones are written, and the bits that stay 0 tell the size (§6.2.5.1); decoding is off meanwhile. */
static uint64_t bar_size(const struct device *device, unsigned offset, uint32_t low, bool is_64)
{
	uint32_t command = pci_read(device, PCI_COMMAND, 2), high = is_64 ? pci_read(device, offset + 4, 4) : 0;
	uint64_t mask;

	pci_write(device, PCI_COMMAND, 2, command & ~COMMAND_MEMORY);
	pci_write(device, offset, 4, ~0u);
	mask = pci_read(device, offset, 4) & ~15u;
	if (is_64) {
		pci_write(device, offset + 4, 4, ~0u);
		mask |= (uint64_t)pci_read(device, offset + 4, 4) << 32;
		pci_write(device, offset + 4, 4, high);
	} else {
		mask |= 0xffffffffull << 32;
	}
	pci_write(device, offset, 4, low);
	pci_write(device, PCI_COMMAND, 2, command);
	return mask & ~15ull ? ~mask + 1 : 0;
}

/* Whether the next BAR is the upper half of this one. */
static bool find_window(struct device *device, unsigned bar)
{
	unsigned offset = PCI_BAR + 4 * bar;
	uint32_t low = pci_read(device, offset, 4);
	bool is_64 = (low & 6) == BAR_IS_64;
	uint64_t size, address;

	if ((low & BAR_IS_PORTS) || (is_64 && bar == NR_BARS - 1))
		return false;
	size = bar_size(device, offset, low, is_64);
	if (!size || (uint32_t)size == 0)
		return is_64;
	address = (low & ~15ull) | (is_64 ? (uint64_t)pci_read(device, offset + 4, 4) << 32 : 0);
	if (!address) {
		address = assign(size);
		if (!address)
			return is_64;
		pci_write(device, offset, 4, (uint32_t)address);
		if (is_64)
			pci_write(device, offset + 4, 4, 0);
	}
	device->windows[bar] = (struct device_window){.phys = address, .len = size};
	return is_64;
}

/*
 * All that changes what is where in memory is done now, by the one CPU that runs, though drivers may come later: QEMU 7.2 looks up accesses of
 * other CPUs to any device in tables that are just being replaced, and writes to the wrong device, or crashes.
 */
static void open_windows(struct device *device)
{
	for (unsigned bar = 0; bar < NR_BARS; bar++)
		bar += find_window(device, bar);
	pci_write(device, PCI_COMMAND, 2, pci_read(device, PCI_COMMAND, 2) | COMMAND_MEMORY | COMMAND_MASTER);
}

int pci_bar(const struct device *device, unsigned bar, uint64_t *phys, uint64_t *len)
{
	if (bar >= NR_BARS || !device->windows[bar].len)
		return -ENODEV;
	*phys = device->windows[bar].phys;
	*len = device->windows[bar].len;
	return 0;
}

static void scan_function(unsigned address, uint64_t buses[4])
{
	uint32_t id = config_read(address, PCI_ID), class_code = config_read(address, PCI_CLASS) >> 8;
	struct device device;

	if (class_code >> 8 == CLASS_BRIDGE) {
		uint8_t secondary = (uint8_t)(config_read(address, PCI_BUSES) >> 8);

		/* Each bus is walked once, whatever the bridges say. */
		if (secondary)
			buses[secondary / 64] |= 1ull << secondary % 64;
		return;
	}
	device = (struct device){
	    .bus = BUS_PCI, .vendor = (uint16_t)id, .id = (uint16_t)(id >> 16), .subsystem = (uint16_t)(config_read(address, PCI_SUBSYSTEM) >> 16),
	    .class_code = class_code, .line = config_read(address, PCI_LINE) & 0xff, .address = (uint16_t)address,
	};
	if (device.vendor == PCI_VENDOR_VIRTIO) /* there are drivers for no others; who is reset does nothing by itself */
		open_windows(&device);
	device_found(&device);
}

static void scan_bus(unsigned bus, uint64_t buses[4])
{
	for (unsigned slot = 0; slot < 32; slot++) {
		unsigned address = bus << 8 | slot << 3, functions;

		if ((config_read(address, PCI_ID) & 0xffff) == 0xffff)
			continue;
		functions = config_read(address, PCI_HEADER) >> 16 & MULTIFUNCTION ? 8 : 1;
		for (unsigned i = 0; i < functions; i++)
			if (!i || (config_read(address + i, PCI_ID) & 0xffff) != 0xffff)
				scan_function(address + i, buses);
	}
}

static bool has_ports(void)
{
	port_write_32(PORT_ADDRESS, 0x80000000);
	return port_read_32(PORT_ADDRESS) == 0x80000000;
}

/* Configuration in memory, a MiB a bus; the first 16 will do. */
static bool has_memory(void)
{
	uint64_t base = acpi_pci_config(&config_last_bus);

	if (config_last_bus > 15)
		config_last_bus = 15;
	config = base ? map_device(base, (config_last_bus + 1ull) << 20) : NULL;
	return config != NULL;
}

void pci_discover(void)
{
	uint64_t buses[4] = {1};

	if (has_ports())
		config_last_bus = 255;
	else if (!has_memory())
		return;
	/* A bridge's bus has a larger number than the one that it is on. */
	for (unsigned bus = 0; bus <= config_last_bus; bus++)
		if (buses[bus / 64] >> bus % 64 & 1)
			scan_bus(bus, buses);
}
