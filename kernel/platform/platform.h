/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine: what kernel code above asks of it. */
#pragma once
#include "lib/attr.h"
#include "lib/linkerset.h"

/* ---- Start: initcalls run on the boot CPU in order of level, after memory, interrupts and clock work. ---- */
enum init_level {
	INIT_LOG,	/* sinks of the log, before all else: no memory, no options */
	INIT_SCHEDULER, /* sched: from here threads exist and the boot context is one */
	INIT_CORE,	/* caches, tables of higher layers */
	INIT_DRIVER,	/* device_discover has run: drivers bind */
	INIT_FILE,	/* mounts */
	INIT_PROCESS,	/* starts init */
};
struct initcall {
	enum init_level level;
	void (*run)(void);
};
#define INITCALL(name, lvl, fn) LINKER_SET_MEMBER(initcall, struct initcall, name) = {.level = (lvl), .run = (fn)}

/* What the boot thread does when all initcalls have returned: end itself. The scheduler sets it. */
void start_set_finish(void (*finish)(void));

/* ---- Boot options: words of the command line. ---- */
/* The text behind `key` ("log=") up to the next blank, copied to `to`; or for a plain word, an empty text. False if absent. */
bool boot_option(const char *key, char *to, size_t size);
const char *boot_option_all(void); /* the whole line */

/* ---- Interrupts ---- */
typedef void interrupt_handler(void *argument);
uint64_t interrupt_count(void); /* taken since the start, on all CPUs */
/* Takes a free vector for message-signalled interrupts to `cpu`: *address and *data are what the device is to write. -ENOSPC. */
int interrupt_request_message(interrupt_handler *handler, void *argument, unsigned cpu, uint64_t *address, uint32_t *data) must_check;
/* Connects a global interrupt line (IO-APIC input); level-triggered lines may be shared: each handler looks at its device. */
int interrupt_request_line(unsigned line, bool level_triggered, interrupt_handler *handler, void *argument) must_check;

/* ---- Clock: no calibration wait; the rate is found lazily. ---- */
uint64_t clock_monotonic_ns(void);  /* since the machine started */
uint64_t clock_realtime_ns(void);   /* since 1970 */
void clock_set_realtime_ns(uint64_t ns);
/* One-shot timer interrupt on this CPU at the monotonic time, or none (UINT64_MAX). The handler is clock_set_timer_handler's. */
void clock_program(uint64_t deadline_ns);
void clock_set_timer_handler(void (*handler)(void));
/* For the vDSO: monotonic ns = (cycles - base_cycles) * multiplier >> shift + base_ns; realtime = monotonic + offset. */
struct clock_parameters {
	uint64_t base_cycles, base_ns, realtime_offset_ns;
	uint32_t multiplier, shift;
	uint32_t sequence; /* odd while being changed */
};
const struct clock_parameters *clock_parameters(void); /* page-aligned, one page, mapped read-only into programs */

/* ---- Devices found. ---- */
enum device_bus { BUS_VIRTIO_MMIO, BUS_PCI };
struct device {
	enum device_bus bus;
	uint16_t vendor, id, subsystem; /* PCI ids; virtio-mmio: id = virtio device type (virtio 1.2 §5) */
	uint32_t class_code;	/* PCI */
	uint64_t base;		/* virtio-mmio: physical address of the registers */
	unsigned line;		/* interrupt line */
	uint16_t address;	/* PCI bus/device/function */
	struct device_window {
		uint64_t phys, len; /* 0: none */
	} windows[6]; /* PCI: of memory, by BAR */
	void *driver_data;
};
/* A driver says which devices it takes: `probe` returns 0, or -ENODEV to let others look. Called in INIT_DRIVER order of discovery. */
struct driver {
	const char *name;
	int (*probe)(struct device *device);
	bool (*may_wait)(void); /* true: its devices are not needed for the start of the first program; NULL: they are */
};
#define DRIVER(name_) LINKER_SET_MEMBER(driver, struct driver, name_)
void device_discover(void);
/* Offers the devices that could wait to their drivers: called by who needs one, and a moment after the start. Any context. On return all are bound. */
extern bool devices_wait;
void device_bind_waiting(void);
static inline void device_need_all(void)
{
	if (unlikely(__atomic_load_n(&devices_wait, __ATOMIC_ACQUIRE)))
		device_bind_waiting();
}
/* What can wait as these devices can, and is done with them. Any context, too. */
struct late_work {
	void (*work)(void);
	struct late_work *next;
};
void late_work_add(struct late_work *work); /* before the first program; kept */
uint32_t pci_read(const struct device *device, unsigned offset, unsigned bytes);
void pci_write(const struct device *device, unsigned offset, unsigned bytes, uint32_t value);
enum { PCI_VENDOR_VIRTIO = 0x1af4 };
/* Physical address and length of a memory BAR of a virtio device; -ENODEV. */
int pci_bar(const struct device *device, unsigned bar, uint64_t *phys, uint64_t *len) must_check;

/* ---- fw_cfg ---- */
/* Reads a file of QEMU's fw_cfg whole into memory from the heap; NULL and *len 0 if there is none. Returns owned. */
char *fw_cfg_read(const char *name, size_t *len);

/* ---- Power ---- */
noreturn_fn void power_off(void);
noreturn_fn void power_reset(void);
