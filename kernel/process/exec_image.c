/* SPDX-License-Identifier: BSD-3-Clause */
/* ELF programs into memory (elf(5)): segments are mapped from the file, what is larger in memory than in the file is zeros. */
#include "kernel/mem/heap.h"
#include "kernel/process/exec.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "lib/string.h"

#define TABLE_MAX	65536
#define INTERPRETER_MAX 4096 /* PATH_MAX */

long exec_read(const struct exec_source *source, void *to, size_t len, uint64_t offset)
{
	if (source->file)
		return file_read_kernel(source->file, to, len, offset);
	if (offset >= source->memory_len)
		return 0;
	len = min_u64(len, source->memory_len - offset);
	memcpy(to, source->memory + offset, len);
	return (long)len;
}

static int get_segment(const struct exec_image *image, unsigned i, struct elf_segment *segment)
{
	return elf_parse_segment(image->table, elf_table_size(&image->header), &image->header, i, segment);
}

static int read_table(struct exec_image *image, const struct exec_source *source, const char *first_bytes, size_t len)
{
	uint64_t size = elf_table_size(&image->header), offset = image->header.program_offset;

	if (!size || size > TABLE_MAX)
		return -ENOEXEC;
	image->table = heap_alloc(size);
	if (!image->table)
		return -ENOMEM;
	if (offset <= len && size <= len - offset) {
		memcpy(image->table, first_bytes + offset, size);
		return 0;
	}
	return exec_read(source, image->table, size, offset) == (long)size ? 0 : -ENOEXEC;
}

static int read_interpreter(struct exec_image *image, const struct exec_source *source, const struct elf_segment *segment)
{
	if (image->interpreter || segment->file_size < 2 || segment->file_size > INTERPRETER_MAX)
		return -ENOEXEC;
	image->interpreter = heap_alloc(segment->file_size);
	if (!image->interpreter)
		return -ENOMEM;
	if (exec_read(source, image->interpreter, segment->file_size, segment->offset) != (long)segment->file_size)
		return -ENOEXEC;
	return image->interpreter[segment->file_size - 1] ? -ENOEXEC : 0;
}

static int note_load(struct exec_image *image, const struct elf_segment *segment)
{
	const struct elf_header *header = &image->header;
	uint64_t end = segment->address + segment->memory_size;

	if ((segment->address - segment->offset) % PAGE_SIZE || end > USER_END)
		return -ENOEXEC;
	if (!segment->memory_size)
		return 0;
	image->start = min_u64(image->start, align_down(segment->address, PAGE_SIZE));
	image->end = max_u64(image->end, align_up(end, PAGE_SIZE));
	image->alignment = max_u64(image->alignment, segment->alignment);
	if (header->program_offset >= segment->offset && header->program_offset - segment->offset < segment->file_size)
		image->headers = header->program_offset - segment->offset + segment->address;
	return 0;
}

static int note_segment(struct exec_image *image, const struct exec_source *source, const struct elf_segment *segment)
{
	switch (segment->type) {
	case ELF_SEGMENT_LOAD:
		return note_load(image, segment);
	case ELF_SEGMENT_INTERPRETER:
		return read_interpreter(image, source, segment);
	case ELF_SEGMENT_STACK:
		image->is_stack_executable = segment->flags & ELF_SEGMENT_X;
		return 0;
	default:
		return 0;
	}
}

int exec_image_read(struct exec_image *image, const struct exec_source *source, const char *first_bytes, size_t len)
{
	int ret = elf_parse_header(first_bytes, len, &image->header);

	if (ret || image->header.machine != ELF_MACHINE_X86_64)
		return -ENOEXEC;
	ret = read_table(image, source, first_bytes, len);
	if (ret)
		return ret;
	image->start = UINT64_MAX;
	image->alignment = PAGE_SIZE;
	for (unsigned i = 0; i < image->header.program_count; i++) {
		struct elf_segment segment;

		ret = get_segment(image, i, &segment);
		if (!ret)
			ret = note_segment(image, source, &segment);
		if (ret)
			return ret;
	}
	return image->start < image->end ? 0 : -ENOEXEC;
}

void exec_image_free(struct exec_image *image)
{
	heap_free(image->table);
	heap_free(image->interpreter);
	image->table = image->interpreter = NULL;
}

/* ---- Into memory. ---- */

static int protection(uint32_t flags)
{
	return (flags & ELF_SEGMENT_R ? LINUX_PROT_READ : 0) | (flags & ELF_SEGMENT_W ? LINUX_PROT_WRITE : 0) | (flags & ELF_SEGMENT_X ? LINUX_PROT_EXEC : 0);
}

static int map(struct address_space *space, uint64_t start, uint64_t end, int prot, const struct mapped_file *file, uint64_t offset)
{
	int flags = LINUX_MAP_PRIVATE | LINUX_MAP_FIXED | (file ? 0 : LINUX_MAP_ANONYMOUS);
	int64_t ret = address_space_map(space, start, end - start, prot, flags, file, offset);

	return ret < 0 ? (int)ret : 0;
}

/* The rest of the file's last page is zeros to the program. */
static int clear_tail(struct address_space *space, uint64_t from, uint64_t to)
{
	static const char zeros[256];

	while (from < to) {
		size_t len = min_u64(to - from, sizeof(zeros));

		if (address_space_write(space, from, zeros, len) != (long)len)
			return -ENOMEM;
		from += len;
	}
	return 0;
}

static int map_from_file(struct address_space *space, const struct exec_source *source, const struct elf_segment *segment, uint64_t address)
{
	uint64_t start = align_down(address, PAGE_SIZE), file_end = align_up(address + segment->file_size, PAGE_SIZE);
	struct mapped_file mapped;
	uint64_t offset = align_down(segment->offset, PAGE_SIZE);
	int ret = file_map(source->file, &offset, &mapped);

	if (!ret)
		ret = map(space, start, file_end, protection(segment->flags), &mapped, offset);
	if (!ret && segment->memory_size > segment->file_size && (segment->flags & ELF_SEGMENT_W))
		ret = clear_tail(space, address + segment->file_size, file_end);
	return ret;
}

/* init's image lies on page boundaries of the kernel's: what is not written is shown as it is, the rest is copied. */
static int map_from_memory(struct address_space *space, const struct exec_source *source, const struct elf_segment *segment, uint64_t address)
{
	uint64_t start = align_down(address, PAGE_SIZE), end = align_up(address + segment->file_size, PAGE_SIZE);
	const char *from = source->memory + segment->offset;
	int ret;

	if (segment->offset > source->memory_len || segment->file_size > source->memory_len - segment->offset)
		return -ENOEXEC;
	if (!(segment->flags & ELF_SEGMENT_W))
		return address_space_map_frames(space, start, virt_to_phys(from - (address - start)), end - start, protection(segment->flags), "[init]");
	ret = map(space, start, end, protection(segment->flags), NULL, 0);
	if (!ret && address_space_write(space, address, from, segment->file_size) != (long)segment->file_size)
		ret = -ENOMEM;
	return ret;
}

static int map_segment(struct exec_image *image, const struct exec_source *source, struct address_space *space, const struct elf_segment *segment)
{
	uint64_t address = segment->address + image->bias;
	uint64_t start = align_down(address, PAGE_SIZE), end = align_up(address + segment->memory_size, PAGE_SIZE);
	int ret = 0;

	if (segment->file_size) {
		ret = source->file ? map_from_file(space, source, segment, address) : map_from_memory(space, source, segment, address);
		start = align_up(address + segment->file_size, PAGE_SIZE);
	}
	if (!ret && start < end)
		ret = map(space, start, end, protection(segment->flags), NULL, 0);
	image->break_end = max_u64(image->break_end, end);
	return ret;
}

int exec_image_map(struct exec_image *image, const struct exec_source *source, struct address_space *space)
{
	for (unsigned i = 0; i < image->header.program_count; i++) {
		struct elf_segment segment;
		int ret = get_segment(image, i, &segment);

		if (!ret && segment.type == ELF_SEGMENT_LOAD && segment.memory_size)
			ret = map_segment(image, source, space, &segment);
		if (ret)
			return ret;
	}
	return 0;
}
