/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices and their drivers: all are found first, then each is offered to the drivers that were linked in. Those that are not needed for the start of
 * the first program wait for a later turn.
 */
#include "kernel/platform/device.h"
#include "kernel/arch/cpu.h"
#include "kernel/arch/spinlock.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"

LINKER_SET_DECLARE(driver, struct driver);

struct found {
	struct device device;
	bool is_taken;
	struct found *next;
};

#define NOBODY UINT32_MAX

static struct found *first, **last = &first;
static uint32_t binder = NOBODY; /* the CPU that gives those that wait their turn; atomic */
bool devices_wait;		 /* atomic */
static struct late_work *late_works;

void device_found(const struct device *device)
{
	struct found *found = heap_alloc(sizeof(*found));

	if (!found) {
		log_line(LOG_ERROR, "no memory for a device");
		return;
	}
	found->device = *device;
	found->is_taken = false;
	found->next = NULL;
	*last = found;
	last = &found->next;
}

/* Offers it to the drivers that can wait, or to the others; whether one took it, for good or ill. */
static bool bind(struct device *device, bool can_wait)
{
	for (const struct driver *const *p = LINKER_SET_BEGIN(driver); p < LINKER_SET_END(driver); p++) {
		int ret;

		if (((*p)->may_wait && (*p)->may_wait()) != can_wait)
			continue;
		ret = (*p)->probe(device);
		if (ret == -ENODEV)
			continue;
		if (ret)
			log_line(LOG_ERROR, "%s: a device does not start, error %d", (*p)->name, ret);
		return true;
	}
	return false;
}

static void bind_all(void)
{
	for (struct found *found = first; found; found = found->next) {
		found->is_taken = bind(&found->device, false);
		devices_wait |= !found->is_taken;
	}
}

void late_work_add(struct late_work *work)
{
	work->next = late_works;
	late_works = work;
	devices_wait = true;
}

static void bind_rest(void)
{
	for (struct found *found = first; found; found = found->next) {
		struct device *device = &found->device;

		if (!found->is_taken && !bind(device, true))
			log_line(LOG_INFO, "no driver for device %04x:%04x class %06x", device->vendor, device->id, device->class_code);
	}
	for (struct late_work *work = late_works; work; work = work->next)
		work->work();
}

void device_bind_waiting(void)
{
	uint32_t nobody = NOBODY, me = cpu_id();

	if (__atomic_load_n(&binder, __ATOMIC_RELAXED) == me)
		return; /* a driver that is being bound needs them itself */
	if (__atomic_compare_exchange_n(&binder, &nobody, me, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		bind_rest();
		__atomic_store_n(&devices_wait, false, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&devices_wait, __ATOMIC_ACQUIRE))
		cpu_relax();
}
INITCALL(bind_drivers, INIT_DRIVER, bind_all);

void device_discover(void)
{
	virtio_mmio_discover();
	pci_discover();
}
