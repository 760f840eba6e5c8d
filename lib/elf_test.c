/* SPDX-License-Identifier: BSD-3-Clause */
/* A small hand-made ELF file, then the same with bytes changed at random: no answer may depend on bytes outside the
 * file. */
#include "lib/elf.h"
#include <stdlib.h>
#include <string.h>
#include "tests/unit/test.h"

enum { TABLE = 64, INTERPRETER = 512, DYNAMIC = 544, STRINGS = 640, SIZE = 704, BASE = 0x400000 };

static void put_segment(uint8_t *file, unsigned index, uint32_t type, uint64_t offset, uint64_t size)
{
	struct elf_segment s = {.type = type,
		.flags = ELF_SEGMENT_R,
		.offset = offset,
		.address = BASE + offset,
		.file_size = size,
		.memory_size = size,
		.alignment = 1};

	memcpy(file + TABLE + index * sizeof(s), &s, sizeof(s));
}

static void make_elf(uint8_t file[SIZE])
{
	static const char strings[] = "\0libc.so.6\0libm.so.6\0me.so";
	static const struct elf_dynamic dynamic[] = {{ELF_DYNAMIC_NEEDED, 1}, {ELF_DYNAMIC_NEEDED, 11},
		{ELF_DYNAMIC_SONAME, 21}, {ELF_DYNAMIC_STRING_TABLE, BASE + STRINGS},
		{ELF_DYNAMIC_STRING_SIZE, sizeof(strings)}, {0}};
	struct elf_header header = {.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		.type = ELF_TYPE_SHARED,
		.machine = ELF_MACHINE_X86_64,
		.entry = BASE,
		.program_offset = TABLE,
		.program_size = sizeof(struct elf_segment),
		.program_count = 3};

	memset(file, 0, SIZE);
	memcpy(file, &header, sizeof(header));
	put_segment(file, 0, ELF_SEGMENT_LOAD, 0, SIZE);
	put_segment(file, 1, ELF_SEGMENT_INTERPRETER, INTERPRETER, 8);
	put_segment(file, 2, ELF_SEGMENT_DYNAMIC, DYNAMIC, sizeof(dynamic));
	memcpy(file + INTERPRETER, "/lib/ld", 8);
	memcpy(file + DYNAMIC, dynamic, sizeof(dynamic));
	memcpy(file + STRINGS, strings, sizeof(strings));
}

/* Asks everything; counts the strings that were found. */
static int read_all(const uint8_t *file, size_t length)
{
	struct elf_header header;
	struct elf_dynamic_table table;
	const char *text;
	size_t index = 0;
	int found = 0;

	if (elf_parse_header(file, length, &header) < 0)
		return 0;
	text = elf_interpreter(file, length, &header);
	if (text)
		found += strlen(text) < length;
	if (elf_dynamic_open(file, length, &header, &table) < 0)
		return found;
	while ((text = elf_dynamic_next_string(&table, ELF_DYNAMIC_NEEDED, &index)))
		found += strlen(text) < length;
	return found;
}

TEST(a_good_file_is_read)
{
	uint8_t file[SIZE];
	struct elf_header header;
	struct elf_dynamic_table table;
	size_t index = 0;

	make_elf(file);
	CHECK_EQ(elf_parse_header(file, SIZE, &header), 0);
	CHECK_EQ(header.program_count, 3);
	CHECK(!strcmp(elf_interpreter(file, SIZE, &header), "/lib/ld"));
	CHECK_EQ(elf_dynamic_open(file, SIZE, &header, &table), 0);
	CHECK(!strcmp(elf_dynamic_next_string(&table, ELF_DYNAMIC_NEEDED, &index), "libc.so.6"));
	CHECK(!strcmp(elf_dynamic_next_string(&table, ELF_DYNAMIC_NEEDED, &index), "libm.so.6"));
	CHECK(!elf_dynamic_next_string(&table, ELF_DYNAMIC_NEEDED, &index));
	index = 0;
	CHECK(!strcmp(elf_dynamic_next_string(&table, ELF_DYNAMIC_SONAME, &index), "me.so"));
}

TEST(bad_headers_are_refused)
{
	uint8_t file[SIZE];
	struct elf_header header;
	static const struct {
		unsigned offset;
		uint8_t byte;
	} bad[] = {{0, 0}, {4, 1}, {5, 2}, {6, 0}, {16, 1}, {54, 32}, {56, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		make_elf(file);
		file[bad[i].offset] = bad[i].byte;
		CHECK_EQ(elf_parse_header(file, SIZE, &header), -8);
	}
	make_elf(file);
	CHECK_EQ(elf_parse_header(file, sizeof(header) - 1, &header), -8);
}

TEST(bad_segments_are_refused)
{
	uint8_t file[SIZE];
	struct elf_header header;
	struct elf_segment s = {.type = ELF_SEGMENT_LOAD, .file_size = 2, .memory_size = 1};

	make_elf(file);
	CHECK_EQ(elf_parse_header(file, SIZE, &header), 0);
	CHECK_EQ(elf_parse_segment(&s, sizeof(s), &header, 0, &s), -8);
	s = (struct elf_segment){.type = ELF_SEGMENT_LOAD, .address = UINT64_MAX, .memory_size = 2};
	CHECK_EQ(elf_parse_segment(&s, sizeof(s), &header, 0, &s), -8);
	s = (struct elf_segment){.type = ELF_SEGMENT_LOAD, .alignment = 3};
	CHECK_EQ(elf_parse_segment(&s, sizeof(s), &header, 0, &s), -8);
	s = (struct elf_segment){.type = ELF_SEGMENT_LOAD};
	CHECK_EQ(elf_parse_segment(&s, sizeof(s) - 1, &header, 0, &s), -8);
	CHECK_EQ(elf_parse_segment(&s, sizeof(s), &header, 0, &s), 0);
}

/* The file lies in heap memory of its exact length, so that AddressSanitizer sees any read outside. */
TEST(truncated_and_damaged_files_are_survived)
{
	uint8_t whole[SIZE];

	for (int round = 0; round < 5000; round++) {
		size_t length = round < SIZE ? (size_t)round : SIZE;
		uint8_t *file = malloc(length ? length : 1);

		make_elf(whole);
		for (int i = round < SIZE ? 0 : 4; i > 0; i--)
			whole[test_random() % SIZE] = (uint8_t)(test_random() % 3 ? test_random() : 0xff);
		memcpy(file, whole, length);
		CHECK(read_all(file, length) < 64);
		free(file);
	}
	make_elf(whole);
	CHECK_EQ(read_all(whole, SIZE), 3);
}

TEST_MAIN()
