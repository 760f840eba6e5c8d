/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF for x86-64 and AArch64 (System V gABI chapters 4 and 5; man 5 elf): 64-bit, little-endian, programs and shared
 * objects. Parsers are pure functions over (buffer, length): they trust nothing that the bytes say. Used by the
 * kernel's exec and by the host's search for libraries.
 */
#pragma once
#include "lib/attr.h"

enum elf_type { ELF_TYPE_EXECUTABLE = 2, ELF_TYPE_SHARED = 3 };          /* e_type: ET_EXEC, ET_DYN */
enum elf_machine { ELF_MACHINE_X86_64 = 62, ELF_MACHINE_AARCH64 = 183 }; /* e_machine */

enum elf_segment_type { /* p_type */
	ELF_SEGMENT_LOAD = 1,
	ELF_SEGMENT_DYNAMIC = 2,
	ELF_SEGMENT_INTERPRETER = 3,
	ELF_SEGMENT_NOTE = 4,
	ELF_SEGMENT_TABLE = 6, /* PT_PHDR */
	ELF_SEGMENT_TLS = 7,
	ELF_SEGMENT_STACK = 0x6474e551, /* PT_GNU_STACK */
	ELF_SEGMENT_RELRO = 0x6474e552, /* PT_GNU_RELRO */
};

enum elf_segment_flags { ELF_SEGMENT_X = 1, ELF_SEGMENT_W = 2, ELF_SEGMENT_R = 4 }; /* p_flags */

enum elf_dynamic_tag { /* d_tag */
	ELF_DYNAMIC_NULL = 0,
	ELF_DYNAMIC_NEEDED = 1,
	ELF_DYNAMIC_STRING_TABLE = 5,
	ELF_DYNAMIC_STRING_SIZE = 10,
	ELF_DYNAMIC_SONAME = 14,
	ELF_DYNAMIC_RPATH = 15,
	ELF_DYNAMIC_RUNPATH = 29,
	ELF_DYNAMIC_FLAGS_1 = 0x6ffffffb,
};
#define ELF_FLAGS_1_PIE 0x08000000 /* a DT_FLAGS_1 bit: a program, not a library */

struct elf_header { /* Elf64_Ehdr */
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_offset, section_offset;
	uint32_t flags;
	uint16_t header_size, program_size, program_count, section_size, section_count, section_names;
};

struct elf_segment { /* Elf64_Phdr */
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, alignment;
};

struct elf_dynamic { /* Elf64_Dyn */
	uint64_t tag, value;
};

/* A file is an ELF if its first bytes say so, whatever follows. */
bool elf_has_magic(const void *bytes, size_t length);

/*
 * Copies and checks the header at the start of `bytes`: 64-bit, little-endian, a program or shared object, with a table
 * of program headers of the right entry size. Returns 0, or -ENOEXEC (-8).
 */
int elf_parse_header(const void *bytes, size_t length, struct elf_header *header) must_check;

/* Where the table of program headers lies in the file; it may end behind what `bytes` of the first page hold. */
static inline uint64_t elf_table_size(const struct elf_header *header)
{
	return (uint64_t)header->program_count * sizeof(struct elf_segment);
}

/*
 * Copies program header `index` from `table`, the bytes of the file from header->program_offset on. Returns 0; -ENOEXEC
 * if it is not whole within `length`, or if the segment wraps around, is to be loaded and larger in the file than in memory, or has an
 * alignment that is not a power of two.
 */
int elf_parse_segment(const void *table, size_t length, const struct elf_header *header, unsigned index,
	struct elf_segment *segment) must_check;

/* The following want the whole file in (bytes, length). */

/* Finds the first segment of `type`: true and a copy of it if there is one whose bytes are inside the file. */
bool elf_find_segment(
	const void *bytes, size_t length, const struct elf_header *header, uint32_t type, struct elf_segment *segment);

/* PT_INTERP's path, pointing into `bytes`; NULL if there is none or it has no NUL. */
const char *elf_interpreter(const void *bytes, size_t length, const struct elf_header *header);

/* The dynamic section as a sequence of strings. */
struct elf_dynamic_table {
	const uint8_t *entries; /* unaligned struct elf_dynamic */
	size_t count;
	const char *strings;
	size_t strings_length;
};

/* Finds the dynamic section and its string table. Returns 0, -ENOENT (-2) if the file has none, -ENOEXEC if it is
 * malformed. */
int elf_dynamic_open(
	const void *bytes, size_t length, const struct elf_header *header, struct elf_dynamic_table *table) must_check;

/* The value of the first entry with `tag` at or behind *index; false at the end. Sets *index behind it. */
bool elf_dynamic_next(const struct elf_dynamic_table *table, uint64_t tag, size_t *index, uint64_t *value);

/* As elf_dynamic_next, for entries whose value is a string; NULL at the end. Strings that are not whole are passed
 * over. */
const char *elf_dynamic_next_string(const struct elf_dynamic_table *table, uint64_t tag, size_t *index);
