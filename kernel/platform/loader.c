/* SPDX-License-Identifier: BSD-3-Clause */
/* The loader's information, copied before memory is mapped: physical addresses of the first GiB are still addresses. */
#include "kernel/platform/loader.h"
#include "kernel/log/log.h"
#include "kernel/platform/fw_cfg.h"
#include "lib/string.h"

#define START_INFO_MAGIC  0x336ec578
#define ENTRIES_MAX	  128 /* what Linux takes */
#define COMMAND_LINE_SIZE 4096

struct start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modules, command_line, rsdp;
	uint64_t memory_map; /* from version 1 */
	uint32_t nr_memory, reserved;
};

struct e820_entry { /* QEMU: the file etc/e820 */
	uint64_t start, size;
	uint32_t type;
} packed_struct;

static struct memory_entry entries[ENTRIES_MAX];
static char command_line[COMMAND_LINE_SIZE];

static void check_counts(size_t nr_entries, size_t command_line_len)
{
	if (!nr_entries || nr_entries > ENTRIES_MAX)
		panic("the loader's memory map has %zu entries, not 1 to %u", nr_entries, ENTRIES_MAX);
	if (command_line_len >= COMMAND_LINE_SIZE)
		panic("the command line is longer than %u bytes", COMMAND_LINE_SIZE - 1);
}

static void read_start_info(const struct start_info *info, struct loader_table *table)
{
	size_t len = info->command_line ? strlen((const char *)info->command_line) : 0;

	if (info->magic != START_INFO_MAGIC || info->version < 1 || !info->memory_map)
		panic("the loader's start information has no memory map");
	check_counts(info->nr_memory, len);
	memcpy(entries, (const void *)info->memory_map, info->nr_memory * sizeof(entries[0]));
	memcpy(command_line, (const void *)info->command_line, len);
	table->nr_entries = info->nr_memory;
	table->rsdp = info->rsdp;
}

static void read_fw_cfg(struct loader_table *table)
{
	struct e820_entry found[ENTRIES_MAX];
	size_t map_len = fw_cfg_read_early(FW_CFG_E820, found, sizeof(found)), len = fw_cfg_command_line(command_line, sizeof(command_line));

	check_counts(map_len / sizeof(found[0]), len);
	table->nr_entries = (unsigned)(map_len / sizeof(found[0]));
	for (unsigned i = 0; i < table->nr_entries; i++)
		entries[i] = (struct memory_entry){.start = found[i].start, .size = found[i].size, .type = found[i].type};
}

void loader_read(uint64_t start_info, struct loader_table *table)
{
	*table = (struct loader_table){.entries = entries, .command_line = command_line};
	if (start_info)
		read_start_info((const void *)start_info, table);
	else
		read_fw_cfg(table);
}
