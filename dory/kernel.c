/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the guest's kernel is. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/parts.h"
#include "lib/elf.h"

/* Relative to the folder of this program: bin/, libexec/dory/. */
static const char *const places[] = {"../share/dory/kernel.elf", "../../share/dory/kernel.elf"};

static char *beside_program(void)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length <= 0)
		return NULL;
	program[length] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = text_format("%.*s/%s", (int)(strrchr(program, '/') - program), program, places[i]);

		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

int dory_kernel_find(const char *given, char **path, struct dory_error *err)
{
	char *found;

	if (!given)
		given = getenv("DORY_KERNEL");
	if (given && *given) {
		if (access(given, R_OK) < 0)
			return error_set_errno(err, DORY_ERROR_NOT_FOUND, "the kernel %s", given);
		*path = text_copy(given);
		return 0;
	}
	found = beside_program();
	if (!found) {
		error_set(err, DORY_ERROR_NOT_FOUND, "the guest's kernel is not installed");
		return error_hint(err, "Build it with `make kernel`, or name one with --kernel PATH or DORY_KERNEL.");
	}
	*path = found;
	return 0;
}

/* Where the kernel's image ends in the machine's memory; 0 if it is none that we understand (the hypervisor will say
 * so). */
static uint64_t image_end(const char *path)
{
	struct elf_header header;
	struct elf_segment segment;
	uint64_t end = 0;
	char page[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, page, sizeof(page)) : -1;

	if (fd >= 0)
		close(fd);
	if (length < 0 || elf_parse_header(page, (size_t)length, &header) < 0 || header.program_offset > (size_t)length)
		return 0;
	for (unsigned i = 0; i < header.program_count; i++) {
		const char *table = page + header.program_offset;

		if (elf_parse_segment(table, (size_t)length - header.program_offset, &header, i, &segment) < 0)
			return 0;
		if (segment.type == ELF_SEGMENT_LOAD)
			end = max_u64(end, segment.physical + segment.memory_size);
	}
	return end;
}

int kernel_check_memory(const char *kernel, const char *memory, struct dory_error *err)
{
	uint64_t bytes, end = image_end(kernel);

	if (machine_memory_check(memory, &bytes, err) < 0)
		return -1;
	/* A machine where it does not fit would not fail, but spin in silence. */
	if (bytes >= end)
		return 0;
	error_set(err, DORY_ERROR_HYPERVISOR, "%s of memory is too little to boot: the kernel alone ends at %llu KiB",
		memory, (unsigned long long)(end + 1023) / 1024);
	return error_hint(err, "Give the machine more: -m 64M");
}
