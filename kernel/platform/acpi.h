/* SPDX-License-Identifier: BSD-3-Clause */
/* What the firmware's ACPI tables (ACPI 6.5 chapter 5) say about the machine. */
#pragma once
#include "lib/attr.h"

void acpi_init(uint64_t rsdp); /* physical address, 0: there is no ACPI */

/* APIC ids of the CPUs that may be started, the boot CPU's included: how many, at most max. Without tables: what fw_cfg tells. */
size_t acpi_cpus(uint32_t *ids, size_t max);

struct acpi_io_apic {
	uint64_t base;
	uint32_t first_line;
};
/* The i-th IO-APIC; false: there are no more. */
bool acpi_io_apic(unsigned i, struct acpi_io_apic *io_apic);
/* Where an ISA interrupt arrives, if not on the line of its number. */
struct acpi_override {
	uint32_t line;
	bool active_low, level;
};
bool acpi_override(unsigned isa_line, struct acpi_override *override);

/* How to switch the machine off and to reset it. Zero: not known. */
struct acpi_power {
	bool is_hardware_reduced;
	uint16_t pm1a_control, pm1b_control, sleep_type;
	uint64_t sleep_control;	/* register in memory */
	uint8_t sleep_control_value;
	uint64_t reset_register;
	bool reset_in_memory;
	uint8_t reset_value;
};
void acpi_power(struct acpi_power *power);
/* Base of memory-mapped PCI configuration of segment 0 (MCFG); 0: none. */
uint64_t acpi_pci_config(uint8_t *last_bus);

/* The i-th virtio-mmio device that the tables describe (hardware id LNRO0005): QEMU's microvm with ACPI. */
struct acpi_virtio {
	uint32_t base, size, line;
};
bool acpi_virtio(unsigned i, struct acpi_virtio *found);
