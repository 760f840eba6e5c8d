/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACPI tables (ACPI 6.5 chapter 5), only as far as tables go: no AML is run, but for the one constant of the soft-off state that a scan
 * finds. Tables come from the firmware, which can do with the machine what it likes; lengths are checked all the same.
 */
#include "kernel/platform/acpi.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/platform/fw_cfg.h"
#include "lib/string.h"

#define TABLE_MAX (1u << 20)

struct rsdp { /* §5.2.5.3 */
	char signature[8];
	uint8_t checksum, oem[6], revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
} packed_struct;

struct header { /* §5.2.6 */
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} packed_struct;

struct register_address { /* §5.2.3.2 */
	uint8_t space, width, offset, access; /* space 0: memory, 1: ports */
	uint64_t address;
} packed_struct;

struct fadt { /* §5.2.9 */
	struct header header;
	uint32_t facs, dsdt;
	uint8_t before_control[20];
	uint32_t pm1a_control, pm1b_control;
	uint8_t before_flags[40];
	uint32_t flags;
	struct register_address reset;
	uint8_t reset_value, before_sleep[115];
	struct register_address sleep_control, sleep_status;
} packed_struct;
_Static_assert(offsetof(struct fadt, pm1a_control) == 64 && offsetof(struct fadt, flags) == 112 && offsetof(struct fadt, sleep_control) == 244, "ACPI §5.2.9");

#define FADT_RESET_SUPPORTED  (1u << 10)
#define FADT_HARDWARE_REDUCED (1u << 20)

enum { MADT_LOCAL_APIC = 0, MADT_IO_APIC = 1, MADT_OVERRIDE = 2, MADT_X2APIC = 9 }; /* §5.2.12 */

union madt_entry {
	struct {
		uint8_t type, length;
	} packed_struct;
	struct {
		uint8_t type_, length_, processor, id;
		uint32_t flags;
	} packed_struct local;
	struct {
		uint8_t type_, length_, id, reserved;
		uint32_t address, first_line;
	} packed_struct io_apic;
	struct {
		uint8_t type_, length_, bus, source;
		uint32_t line;
		uint16_t flags;
	} packed_struct override;
	struct {
		uint8_t type_, length_, reserved[2];
		uint32_t id, flags;
	} packed_struct x2apic;
};

#define CPU_ENABLED 1u

static const struct header *root; /* XSDT or RSDT */
static bool root_is_64;
static const struct header *madt;

/* A table at a physical address, whole; NULL if its length makes no sense. */
static const struct header *map_table(uint64_t phys)
{
	const struct header *header = map_device(phys, sizeof(*header));
	uint32_t length = header ? header->length : 0;

	if (length < sizeof(*header) || length > TABLE_MAX)
		return NULL;
	/* Most lie within the page that is mapped already. */
	return phys % PAGE_SIZE + length <= PAGE_SIZE ? header : map_device(phys, length);
}

static uint64_t root_entry(unsigned i)
{
	const char *entries = (const char *)(root + 1);
	uint64_t address = 0;

	memcpy(&address, entries + (root_is_64 ? 8 : 4) * i, root_is_64 ? 8 : 4);
	return address;
}

static const struct header *find_table(const char signature[4])
{
	unsigned count = root ? (unsigned)(root->length - sizeof(*root)) / (root_is_64 ? 8 : 4) : 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t phys = root_entry(i);
		const struct header *header = phys ? map_device(phys, sizeof(*header)) : NULL;

		if (header && !memcmp(header->signature, signature, 4))
			return map_table(phys);
	}
	return NULL;
}

static bool is_rsdp(const struct rsdp *rsdp)
{
	uint8_t sum = 0;

	if (memcmp(rsdp->signature, "RSD PTR ", 8))
		return false;
	for (unsigned i = 0; i < 20; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)rsdp)[i]);
	return sum == 0;
}

void acpi_init(uint64_t rsdp_phys)
{
	const struct rsdp *rsdp = rsdp_phys ? map_device(rsdp_phys, sizeof(*rsdp)) : NULL;

	if (!rsdp || !is_rsdp(rsdp))
		return;
	root_is_64 = rsdp->revision >= 2 && rsdp->xsdt;
	root = map_table(root_is_64 ? rsdp->xsdt : rsdp->rsdt);
	madt = find_table("APIC");
}

/* The MADT's entry behind `entry` (NULL: the first); NULL: no more. */
static const union madt_entry *madt_next(const union madt_entry *entry)
{
	const char *end = madt ? (const char *)madt + madt->length : NULL;
	const char *next = entry ? (const char *)entry + entry->length : (const char *)madt + sizeof(struct header) + 8;

	if (!madt || end - next < 2 || ((const union madt_entry *)next)->length < 2 || end - next < ((const union madt_entry *)next)->length)
		return NULL;
	return (const union madt_entry *)next;
}

static bool cpu_of_entry(const union madt_entry *entry, uint32_t *id)
{
	uint32_t flags;

	if (entry->type == MADT_LOCAL_APIC && entry->length >= sizeof(entry->local)) {
		*id = entry->local.id;
		flags = entry->local.flags;
	} else if (entry->type == MADT_X2APIC && entry->length >= sizeof(entry->x2apic)) {
		*id = entry->x2apic.id;
		flags = entry->x2apic.flags;
	} else {
		return false;
	}
	return flags & CPU_ENABLED;
}

size_t acpi_cpus(uint32_t *ids, size_t max)
{
	size_t count = 0;

	for (const union madt_entry *entry = madt_next(NULL); entry && count < max; entry = madt_next(entry))
		if (cpu_of_entry(entry, &ids[count]))
			count++;
	if (!madt)
		for (unsigned n = fw_cfg_cpu_count(); count < n && count < max; count++)
			ids[count] = (uint32_t)count;
	return count;
}

bool acpi_io_apic(unsigned i, struct acpi_io_apic *io_apic)
{
	for (const union madt_entry *entry = madt_next(NULL); entry; entry = madt_next(entry)) {
		if (entry->type != MADT_IO_APIC || entry->length < sizeof(entry->io_apic) || i--)
			continue;
		io_apic->base = entry->io_apic.address;
		io_apic->first_line = entry->io_apic.first_line;
		return true;
	}
	return false;
}

bool acpi_override(unsigned isa_line, struct acpi_override *override)
{
	for (const union madt_entry *entry = madt_next(NULL); entry; entry = madt_next(entry)) {
		if (entry->type != MADT_OVERRIDE || entry->length < sizeof(entry->override) || entry->override.source != isa_line)
			continue;
		override->line = entry->override.line;
		override->active_low = (entry->override.flags & 3) == 3; /* §5.2.12.5: 0 as the bus, 1 high or edge, 3 low or level */
		override->level = (entry->override.flags >> 2 & 3) == 3;
		return true;
	}
	return false;
}

/* Name(_S5, Package{type, ...}) in the DSDT's AML (§20.2): name, package, length, count, then the integer. */
static uint16_t soft_off_type(const struct header *table)
{
	const uint8_t *text = (const uint8_t *)table;

	for (uint32_t i = sizeof(*table); table && i + 9 <= table->length; i++) {
		uint32_t at;

		if (memcmp(text + i, "_S5_\x12", 5))
			continue;
		at = i + 5 + 1 + (text[i + 5] >> 6) + 1;
		if (at + 1 >= table->length)
			return 0;
		return text[at] == 0x0a ? text[at + 1] : text[at] <= 1 ? text[at] : 0;
	}
	return 0;
}

static const struct header *dsdt(const struct fadt *fadt)
{
	return fadt && fadt->header.length >= offsetof(struct fadt, before_control) && fadt->dsdt ? map_table(fadt->dsdt) : NULL;
}

/*
 * A resource template's memory and interrupt descriptors (§6.4.3.4, §6.4.3.6), in the bytes behind a device's hardware id. The emulators that
 * describe virtio devices like this write nothing else between.
 */
static bool read_resources(const uint8_t *text, const uint8_t *end, struct acpi_virtio *found)
{
	found->size = 0;
	for (; end - text > 12; text++) {
		if (!memcmp(text, "\x86\x09\x00", 3)) {
			memcpy(&found->base, text + 4, 4);
			memcpy(&found->size, text + 8, 4);
			text += 11;
		} else if (found->size && text[0] == 0x89 && text[2] == 0 && text[4] == 1) {
			memcpy(&found->line, text + 5, 4);
			return true;
		}
	}
	return false;
}

bool acpi_virtio(unsigned i, struct acpi_virtio *found)
{
	static const struct header *table;
	const uint8_t *text, *end;

	if (!table)
		table = dsdt((const struct fadt *)find_table("FACP"));
	if (!table)
		return false;
	text = (const uint8_t *)(table + 1);
	end = (const uint8_t *)table + table->length;
	for (; end - text > 8; text++)
		if (text[0] == 'L' && !memcmp(text, "LNRO0005", 8) && !i--)
			return read_resources(text + 8, end - text > 100 ? text + 100 : end, found);
	return false;
}

void acpi_power(struct acpi_power *power)
{
	const struct fadt *fadt = (const struct fadt *)find_table("FACP");

	*power = (struct acpi_power){0};
	if (!fadt || fadt->header.length < offsetof(struct fadt, reset))
		return;
	power->sleep_type = soft_off_type(dsdt(fadt));
	power->pm1a_control = (uint16_t)fadt->pm1a_control;
	power->pm1b_control = (uint16_t)fadt->pm1b_control;
	if ((fadt->flags & FADT_RESET_SUPPORTED) && fadt->header.length >= offsetof(struct fadt, before_sleep)) {
		power->reset_register = fadt->reset.address;
		power->reset_in_memory = fadt->reset.space == 0;
		power->reset_value = fadt->reset_value;
	}
	power->is_hardware_reduced = fadt->flags & FADT_HARDWARE_REDUCED;
	if (power->is_hardware_reduced && fadt->header.length >= sizeof(*fadt) && fadt->sleep_control.space == 0) {
		power->sleep_control = fadt->sleep_control.address;
		power->sleep_control_value = (uint8_t)(power->sleep_type << 2 | 1 << 5); /* §4.8.3.7: type, enable */
	}
}

uint64_t acpi_pci_config(uint8_t *last_bus)
{
	const struct header *mcfg = find_table("MCFG");
	struct {
		uint64_t base;
		uint16_t segment;
		uint8_t first_bus, last_bus;
		uint32_t reserved;
	} packed_struct row;

	if (!mcfg || mcfg->length < sizeof(*mcfg) + 8 + sizeof(row))
		return 0;
	memcpy(&row, (const char *)(mcfg + 1) + 8, sizeof(row));
	if (row.segment || row.first_bus)
		return 0;
	*last_bus = row.last_bus;
	return row.base;
}
