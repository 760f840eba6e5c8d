/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio devices in memory (virtio 1.2 §4.2). They cannot be discovered: the command line names them, in Linux's words that QEMU's microvm and
 * others write, virtio_mmio.device=SIZE@BASE:LINE, or else ACPI does.
 */
#include "kernel/arch/page_table.h"
#include "kernel/log/log.h"
#include "kernel/platform/acpi.h"
#include "kernel/platform/boot_option.h"
#include "kernel/platform/device.h"
#include "lib/format.h"

#define MAGIC 0x74726976 /* "virt" */

static void probe(uint64_t base, uint64_t size, unsigned line)
{
	const volatile uint32_t *registers = size >= 0x100 && size <= PAGE_SIZE ? map_device(base, size) : NULL;

	if (!registers || registers[0] != MAGIC || !registers[2])
		return; /* nothing there, or an empty slot: device id 0 */
	device_found(&(struct device){.bus = BUS_VIRTIO_MMIO, .vendor = 0x1af4, .id = (uint16_t)registers[2], .base = base, .line = line});
}

static void discover_by_acpi(void)
{
	struct acpi_virtio found;

	for (unsigned i = 0; acpi_virtio(i, &found); i++)
		probe(found.base, found.size, found.line);
}

void virtio_mmio_discover(void)
{
	const char *text = NULL;

	if (!boot_option_next("virtio_mmio.device=", NULL))
		discover_by_acpi();

	while ((text = boot_option_next("virtio_mmio.device=", text))) {
		uint64_t size, base, line;
		const char *at = text;

		if (format_parse_u64(at, &at, &size) && *at++ == '@' && format_parse_u64(at, &at, &base) && *at++ == ':' &&
		    format_parse_u64(at, &at, &line))
			probe(base, size, (unsigned)line);
		else
			log_line(LOG_WARNING, "virtio_mmio.device=%.40s: not SIZE@BASE:LINE", text);
	}
}
