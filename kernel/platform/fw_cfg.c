/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's firmware configuration device (qemu, docs/specs/fw_cfg): small files from the command line of QEMU, by ports and DMA. */
#include "kernel/platform/fw_cfg.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "lib/string.h"

enum { KEY_SIGNATURE = 0, KEY_ID = 1, KEY_NR_CPUS = 5, KEY_COMMAND_LINE_SIZE = 0x14, KEY_COMMAND_LINE = 0x15, KEY_DIRECTORY = 0x19 };
enum { PORT_SELECT = 0x510, PORT_DATA = 0x511, PORT_DMA_HIGH = 0x514, PORT_DMA_LOW = 0x518 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8 };
#define ID_HAS_DMA 2
#define FILE_MAX   (64u << 20)

struct dma { /* all big-endian */
	uint32_t control, length;
	uint64_t address;
};

struct entry {
	uint32_t size; /* big-endian */
	uint16_t key;  /* big-endian */
	uint16_t reserved;
	char name[56];
};

static enum { UNKNOWN, ABSENT, BY_PORTS, BY_DMA } way;

static void select_key(uint16_t key)
{
	port_write_16(PORT_SELECT, key);
}

static void read_by_ports(void *to, size_t len)
{
	for (char *c = to; len--; c++)
		*c = (char)port_read_8(PORT_DATA);
}

static void find_way(void)
{
	char signature[4];
	uint32_t id;

	select_key(KEY_SIGNATURE);
	read_by_ports(signature, 4);
	if (memcmp(signature, "QEMU", 4)) {
		way = ABSENT;
		return;
	}
	select_key(KEY_ID);
	read_by_ports(&id, 4);
	way = id & ID_HAS_DMA ? BY_DMA : BY_PORTS;
}

static bool is_there(void)
{
	if (way == UNKNOWN)
		find_way();
	return way != ABSENT;
}

/* Continues where the last read of the selected key ended. `to` is contiguous memory: of the heap, or a stack. */
static bool read_selected(void *to, size_t len)
{
	volatile struct dma dma = {__builtin_bswap32(DMA_READ), __builtin_bswap32((uint32_t)len), __builtin_bswap64(virt_to_phys(to))};
	uint64_t phys = virt_to_phys((const void *)&dma);

	if (way == BY_PORTS) {
		read_by_ports(to, len);
		return true;
	}
	port_write_32(PORT_DMA_HIGH, __builtin_bswap32((uint32_t)(phys >> 32)));
	port_write_32(PORT_DMA_LOW, __builtin_bswap32((uint32_t)phys));
	while (__builtin_bswap32(dma.control) & ~DMA_ERROR)
		__builtin_ia32_pause();
	__asm__ volatile("" : : : "memory");
	return !dma.control;
}

unsigned fw_cfg_cpu_count(void)
{
	uint16_t count = 0;

	if (!is_there())
		return 0;
	select_key(KEY_NR_CPUS);
	return read_selected(&count, sizeof(count)) ? count : 0;
}

static bool find_file(const char *name, struct entry *found)
{
	uint32_t count;

	select_key(KEY_DIRECTORY);
	if (!read_selected(&count, sizeof(count)))
		return false;
	for (count = __builtin_bswap32(count); count > 0; count--) {
		if (!read_selected(found, sizeof(*found)))
			return false;
		if (!strncmp(found->name, name, sizeof(found->name)))
			return true;
	}
	return false;
}

size_t fw_cfg_read_early(const char *name, void *to, size_t size)
{
	struct entry entry;
	size_t len;

	if (!is_there() || !find_file(name, &entry))
		return 0;
	len = __builtin_bswap32(entry.size);
	select_key(__builtin_bswap16(entry.key));
	return read_selected(to, min_u64(len, size)) ? len : 0;
}

size_t fw_cfg_command_line(char *to, size_t size)
{
	uint32_t len;

	*to = '\0';
	if (!is_there())
		return 0;
	select_key(KEY_COMMAND_LINE_SIZE);
	if (!read_selected(&len, sizeof(len)) || !len)
		return 0;
	select_key(KEY_COMMAND_LINE);
	return read_selected(to, min_u64(len, size)) ? len - 1 : 0;
}

char *fw_cfg_read(const char *name, size_t *len)
{
	struct entry entry;
	size_t size;
	char *text;

	*len = 0;
	if (!is_there() || !find_file(name, &entry))
		return NULL;
	size = __builtin_bswap32(entry.size);
	text = size <= FILE_MAX ? heap_alloc(size + 1) : NULL;
	if (!text)
		return NULL;
	select_key(__builtin_bswap16(entry.key));
	if (size && !read_selected(text, size)) {
		heap_free(text);
		return NULL;
	}
	text[size] = '\0';
	*len = size;
	return text;
}
