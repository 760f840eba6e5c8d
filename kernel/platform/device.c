/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices and their drivers: all are found first, then each is offered to the drivers that were linked in. */
#include "kernel/platform/device.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"

LINKER_SET_DECLARE(driver, struct driver);

struct found {
	struct device device;
	struct found *next;
};

static struct found *first, **last = &first;

void device_found(const struct device *device)
{
	struct found *found = heap_alloc(sizeof(*found));

	if (!found) {
		log_line(LOG_ERROR, "no memory for a device");
		return;
	}
	found->device = *device;
	found->next = NULL;
	*last = found;
	last = &found->next;
}

static void bind(struct device *device)
{
	for (const struct driver *const *p = LINKER_SET_BEGIN(driver); p < LINKER_SET_END(driver); p++) {
		int ret = (*p)->probe(device);

		if (ret == -ENODEV)
			continue;
		if (ret)
			log_line(LOG_ERROR, "%s: a device does not start, error %d", (*p)->name, ret);
		return;
	}
	log_line(LOG_INFO, "no driver for device %04x:%04x class %06x", device->vendor, device->id, device->class_code);
}

static void bind_all(void)
{
	for (struct found *found = first; found; found = found->next)
		bind(&found->device);
}
INITCALL(bind_drivers, INIT_DRIVER, bind_all);

void device_discover(void)
{
	virtio_mmio_discover();
	pci_discover();
}
