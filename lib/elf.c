/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading ELF files without trusting them. */
#include "lib/elf.h"
#include "lib/string.h"

enum { ERROR_NOT_FOUND = -2, ERROR_FORMAT = -8 }; /* -ENOENT, -ENOEXEC */

enum { IDENT_CLASS = 4, IDENT_DATA = 5, IDENT_VERSION = 6 };
enum { CLASS_64 = 2, DATA_LITTLE = 1, VERSION_CURRENT = 1 };

/* Do `size` bytes at `offset` lie within `length`? */
static bool is_inside(uint64_t offset, uint64_t size, uint64_t length)
{
	return offset <= length && size <= length - offset;
}

bool elf_has_magic(const void *bytes, size_t length)
{
	return length >= 4 && memcmp(bytes, "\177ELF", 4) == 0;
}

int elf_parse_header(const void *bytes, size_t length, struct elf_header *header)
{
	struct elf_header h;

	if (length < sizeof(h) || !elf_has_magic(bytes, length))
		return ERROR_FORMAT;
	memcpy(&h, bytes, sizeof(h));
	if (h.ident[IDENT_CLASS] != CLASS_64 || h.ident[IDENT_DATA] != DATA_LITTLE ||
		h.ident[IDENT_VERSION] != VERSION_CURRENT)
		return ERROR_FORMAT;
	if (h.type != ELF_TYPE_EXECUTABLE && h.type != ELF_TYPE_SHARED)
		return ERROR_FORMAT;
	if (h.program_size != sizeof(struct elf_segment) || h.program_count == 0)
		return ERROR_FORMAT;
	if (h.program_offset > UINT64_MAX - elf_table_size(&h))
		return ERROR_FORMAT;
	*header = h;
	return 0;
}

int elf_parse_segment(
	const void *table, size_t length, const struct elf_header *header, unsigned index, struct elf_segment *segment)
{
	struct elf_segment s;

	if (index >= header->program_count || !is_inside((uint64_t)index * sizeof(s), sizeof(s), length))
		return ERROR_FORMAT;
	memcpy(&s, (const uint8_t *)table + index * sizeof(s), sizeof(s));
	if (s.offset + s.file_size < s.offset || s.address + s.memory_size < s.address)
		return ERROR_FORMAT;
	if (s.type == ELF_SEGMENT_LOAD && s.file_size > s.memory_size)
		return ERROR_FORMAT;
	if (s.alignment & (s.alignment - 1))
		return ERROR_FORMAT;
	*segment = s;
	return 0;
}

/* Program header `index` of a whole file. */
static int segment_at(const uint8_t *bytes, size_t length, const struct elf_header *header, unsigned index,
	struct elf_segment *segment)
{
	if (header->program_offset > length)
		return ERROR_FORMAT;
	return elf_parse_segment(
		bytes + header->program_offset, length - header->program_offset, header, index, segment);
}

bool elf_find_segment(
	const void *bytes, size_t length, const struct elf_header *header, uint32_t type, struct elf_segment *segment)
{
	struct elf_segment s;

	for (unsigned i = 0; i < header->program_count; i++) {
		if (segment_at(bytes, length, header, i, &s) < 0)
			return false;
		if (s.type == type && is_inside(s.offset, s.file_size, length)) {
			*segment = s;
			return true;
		}
	}
	return false;
}

const char *elf_interpreter(const void *bytes, size_t length, const struct elf_header *header)
{
	struct elf_segment segment;
	const char *path;

	if (!elf_find_segment(bytes, length, header, ELF_SEGMENT_INTERPRETER, &segment) || segment.file_size == 0)
		return NULL;
	path = (const char *)bytes + segment.offset;
	return memchr(path, '\0', segment.file_size) ? path : NULL;
}

/* The bytes of the file that are loaded from `address` on; NULL if no segment holds it. */
static const uint8_t *at_address(
	const uint8_t *bytes, size_t length, const struct elf_header *header, uint64_t address, size_t *available)
{
	struct elf_segment s;

	for (unsigned i = 0; i < header->program_count; i++) {
		if (segment_at(bytes, length, header, i, &s) < 0)
			return NULL;
		if (s.type != ELF_SEGMENT_LOAD || address < s.address || address - s.address >= s.file_size)
			continue;
		if (!is_inside(s.offset, s.file_size, length))
			return NULL;
		*available = s.file_size - (address - s.address);
		return bytes + s.offset + (address - s.address);
	}
	return NULL;
}

int elf_dynamic_open(const void *bytes, size_t length, const struct elf_header *header, struct elf_dynamic_table *table)
{
	struct elf_dynamic_table t = {0};
	struct elf_segment segment;
	uint64_t address, size;
	size_t index = 0;

	if (!elf_find_segment(bytes, length, header, ELF_SEGMENT_DYNAMIC, &segment))
		return ERROR_NOT_FOUND;
	t.entries = (const uint8_t *)bytes + segment.offset;
	t.count = segment.file_size / sizeof(struct elf_dynamic);
	if (elf_dynamic_next(&t, ELF_DYNAMIC_STRING_TABLE, &index, &address)) {
		t.strings = (const char *)at_address(bytes, length, header, address, &t.strings_length);
		if (!t.strings)
			return ERROR_FORMAT;
		index = 0;
		if (elf_dynamic_next(&t, ELF_DYNAMIC_STRING_SIZE, &index, &size) && size < t.strings_length)
			t.strings_length = size;
	}
	*table = t;
	return 0;
}

bool elf_dynamic_next(const struct elf_dynamic_table *table, uint64_t tag, size_t *index, uint64_t *value)
{
	struct elf_dynamic entry;

	for (size_t i = *index; i < table->count; i++) {
		memcpy(&entry, table->entries + i * sizeof(entry), sizeof(entry));
		if (entry.tag == ELF_DYNAMIC_NULL)
			return false;
		if (entry.tag != tag)
			continue;
		*index = i + 1;
		*value = entry.value;
		return true;
	}
	return false;
}

const char *elf_dynamic_next_string(const struct elf_dynamic_table *table, uint64_t tag, size_t *index)
{
	uint64_t offset;

	while (elf_dynamic_next(table, tag, index, &offset))
		if (offset < table->strings_length &&
			memchr(table->strings + offset, '\0', table->strings_length - offset))
			return table->strings + offset;
	return NULL;
}
