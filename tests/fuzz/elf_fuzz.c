/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged ELF files: the parsers of lib/elf.c stay inside the bytes they were given, and what they find does. LLVMFuzzerTestOneInput takes a
 * whole file (build with -fsanitize=fuzzer to search on); the tests here damage this test's own program and a small made one at random, by a seed.
 */
#include <string.h>
#include "lib/elf.h"
#include "tests/unit/test.h"

enum { OWN_ROUNDS = 3000, MADE_ROUNDS = 60000, OWN_MAX = 64 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
static volatile unsigned sink; /* what is found is read */

static void read_text(const char *text)
{
	for (; *text; text++)
		sink += (unsigned char)*text;
}

static void exercise_segments(const uint8_t *bytes, size_t len, const struct elf_header *header)
{
	struct elf_segment segment;

	if (header->program_offset > len)
		return;
	for (unsigned i = 0; i < 70000 && i <= header->program_count; i++) {
		if (elf_parse_segment(bytes + header->program_offset, len - header->program_offset, header, i, &segment))
			break;
		if ((segment.type == ELF_SEGMENT_LOAD && segment.file_size > segment.memory_size) || segment.address + segment.memory_size < segment.address)
			abort(); /* what the header promises */
	}
	if (elf_find_segment(bytes, len, header, ELF_SEGMENT_NOTE, &segment) && segment.file_size)
		sink += bytes[segment.offset] + bytes[segment.offset + segment.file_size - 1];
}

static void exercise_dynamic(const uint8_t *bytes, size_t len, const struct elf_header *header)
{
	static const uint64_t tags[] = {ELF_DYNAMIC_NEEDED, ELF_DYNAMIC_SONAME, ELF_DYNAMIC_RPATH, ELF_DYNAMIC_RUNPATH};
	struct elf_dynamic_table table;
	uint64_t value;

	if (elf_dynamic_open(bytes, len, header, &table))
		return;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		const char *text;
		size_t index = 0;

		while ((text = elf_dynamic_next_string(&table, tags[i], &index)))
			read_text(text);
	}
	for (size_t index = 0; elf_dynamic_next(&table, ELF_DYNAMIC_FLAGS_1, &index, &value);)
		sink += (unsigned)value;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1); /* of the exact size: the sanitizer sees a byte too many */
	struct elf_header header;

	memcpy(copy, bytes, len);
	sink += elf_has_magic(copy, len);
	if (!elf_parse_header(copy, len, &header)) {
		const char *interpreter = elf_interpreter(copy, len, &header);

		if (interpreter)
			read_text(interpreter);
		exercise_segments(copy, len, &header);
		exercise_dynamic(copy, len, &header);
	}
	free(copy);
	return 0;
}

/* ---- Random damage ---- */

static void damage(uint8_t *bytes, size_t len, size_t headers)
{
	static const uint64_t words[] = {0, 1, 8, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, UINT64_MAX, UINT64_MAX - 7, 1ull << 63, 1ull << 32};

	for (unsigned count = 1 + test_below(5); count--;) {
		size_t at = test_below(4) ? test_below(headers) : test_below(len);
		uint64_t word = test_below(2) ? words[test_below(sizeof(words) / sizeof(words[0]))] : len - test_below(64);

		if (test_below(2))
			bytes[at] = (uint8_t)test_random();
		else if (at - at % 8 + 8 <= len)
			memcpy(bytes + at - at % 8, &word, sizeof(word));
	}
}

static void run_damaged(const uint8_t *pristine, size_t len, size_t headers, unsigned rounds)
{
	uint8_t *bytes = malloc(len);

	while (rounds--) {
		memcpy(bytes, pristine, len);
		damage(bytes, len, headers);
		LLVMFuzzerTestOneInput(bytes, test_below(3) ? len : test_below(len));
	}
	free(bytes);
}

/* A program with a dynamic section of two libraries, all within some hundred bytes. */
static size_t make_file(uint8_t *bytes)
{
	const struct elf_header header = {.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1}, .type = ELF_TYPE_SHARED, .machine = ELF_MACHINE_X86_64, .version = 1,
	    .program_offset = 64, .header_size = 64, .program_size = sizeof(struct elf_segment), .program_count = 4};
	const struct elf_segment segments[] = {
	    {ELF_SEGMENT_LOAD, ELF_SEGMENT_R, 0, 0, 0, 480, 480, 4096},
	    {ELF_SEGMENT_INTERPRETER, ELF_SEGMENT_R, 288, 288, 0, 16, 16, 1},
	    {ELF_SEGMENT_DYNAMIC, ELF_SEGMENT_R, 304, 304, 0, 112, 112, 8},
	    {ELF_SEGMENT_NOTE, ELF_SEGMENT_R, 448, 448, 0, 16, 16, 4},
	};
	const struct elf_dynamic entries[] = {{ELF_DYNAMIC_NEEDED, 1}, {ELF_DYNAMIC_NEEDED, 7}, {ELF_DYNAMIC_RUNPATH, 13}, {ELF_DYNAMIC_STRING_TABLE, 416},
	    {ELF_DYNAMIC_STRING_SIZE, 32}, {ELF_DYNAMIC_FLAGS_1, ELF_FLAGS_1_PIE}, {ELF_DYNAMIC_NULL, 0}};

	memset(bytes, 0, 480);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + 64, segments, sizeof(segments));
	memcpy(bytes + 288, "/lib/ld-small.so", 15);
	memcpy(bytes + 304, entries, sizeof(entries));
	memcpy(bytes + 416, "\0a.so\0\0b.so.1\0/usr/lib\0", 23);
	return 480;
}

TEST(damaged_small_file)
{
	uint8_t bytes[480];
	size_t len = make_file(bytes);
	struct elf_header header;
	struct elf_dynamic_table table;

	CHECK_EQ(elf_parse_header(bytes, len, &header), 0);
	CHECK_EQ(elf_dynamic_open(bytes, len, &header, &table), 0); /* else the damage below would be to nothing */
	CHECK(elf_interpreter(bytes, len, &header));
	run_damaged(bytes, len, len, MADE_ROUNDS);
}

TEST(damaged_own_program)
{
	uint8_t *bytes = malloc(OWN_MAX);
	FILE *file = fopen("/proc/self/exe", "r");
	size_t len = file ? fread(bytes, 1, OWN_MAX, file) : 0;

	CHECK(len > 4096);
	fclose(file);
	run_damaged(bytes, len, 64 + 16 * sizeof(struct elf_segment), OWN_ROUNDS);
	free(bytes);
}

TEST(cut_short)
{
	uint8_t bytes[480];
	size_t len = make_file(bytes);

	while (len--)
		LLVMFuzzerTestOneInput(bytes, len);
}

TEST_MAIN()
