/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing a core file: ELF header, program headers, notes, then the memory, with holes where it was never touched. */
#include "kernel/coredump/coredump.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/elf.h"
#include "lib/string.h"

#define CORE_NAME_MAX 256
#define ELF_TYPE_CORE 4
#define SEGMENTS_MAX  65535 /* what a header can count */

struct output {
	struct file *file;
	uint64_t position; /* behind what there is, holes with it */
	uint64_t limit;	   /* RLIMIT_CORE */
	bool ends_in_hole;
};

static int put(struct output *out, const void *from, size_t len)
{
	struct io_vector io;
	long written;

	if (out->position + len > out->limit)
		return -EFBIG;
	while (len) {
		io_vector_init_kernel(&io, (void *)(uintptr_t)from, len);
		written = file_write(out->file, &io, &out->position);
		if (written <= 0)
			return written ? (int)written : -EIO;
		from = (const char *)from + written;
		len -= (size_t)written;
	}
	out->ends_in_hole = false;
	return 0;
}

static int skip(struct output *out, uint64_t len)
{
	if (out->position + len > out->limit)
		return -EFBIG;
	out->position += len;
	out->ends_in_hole = len != 0;
	return 0;
}

static int put_header(struct output *out, size_t nr_segments)
{
	const struct elf_header header = {
	    .ident = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little-endian */, 1 /* version */},
	    .type = ELF_TYPE_CORE,
	    .machine = ELF_MACHINE_X86_64,
	    .version = 1,
	    .program_offset = sizeof(header),
	    .header_size = sizeof(header),
	    .program_size = sizeof(struct elf_segment),
	    .program_count = (uint16_t)nr_segments,
	};

	return put(out, &header, sizeof(header));
}

static int put_segments(struct output *out, const struct core_regions *regions, size_t notes_len)
{
	uint64_t notes_at = sizeof(struct elf_header) + (regions->count + 1) * sizeof(struct elf_segment);
	uint64_t at = align_up(notes_at + notes_len, PAGE_SIZE);
	struct elf_segment segment = {.type = ELF_SEGMENT_NOTE, .offset = notes_at, .file_size = notes_len, .alignment = 4};
	int ret = put(out, &segment, sizeof(segment));

	for (size_t i = 0; i < regions->count && !ret; i++) {
		const struct core_region *region = &regions->regions[i];

		segment = (struct elf_segment){
		    .type = ELF_SEGMENT_LOAD,
		    .flags = (region->flags & REGION_READ ? ELF_SEGMENT_R : 0u) | (region->flags & REGION_WRITE ? ELF_SEGMENT_W : 0u) |
			     (region->flags & REGION_EXEC ? ELF_SEGMENT_X : 0u),
		    .offset = at,
		    .address = region->start,
		    .file_size = region->dump_end - region->start,
		    .memory_size = region->end - region->start,
		    .alignment = PAGE_SIZE,
		};
		at += segment.file_size;
		ret = put(out, &segment, sizeof(segment));
	}
	return ret;
}

/* Ends early when the process is killed meanwhile. */
static int put_memory(struct output *out, struct task *task, const struct core_region *region, char *page)
{
	struct address_space *space = task->process->space;
	int ret = 0;

	for (uint64_t at = region->start; at < region->dump_end && !ret; at += PAGE_SIZE) {
		if (task->thread.killed)
			return -EINTR;
		cpu_poll();
		if (!region->is_file && !address_space_has_page(space, at))
			ret = skip(out, PAGE_SIZE);
		else if (address_space_peek(space, at, page, PAGE_SIZE) == (long)PAGE_SIZE)
			ret = put(out, page, PAGE_SIZE);
		else
			ret = skip(out, PAGE_SIZE);
	}
	return ret;
}

static int put_all(struct output *out, struct task *task, const struct core_notes *notes, const struct core_regions *regions)
{
	char *page = heap_alloc(PAGE_SIZE);
	int ret = page ? put_header(out, regions->count + 1) : -ENOMEM;

	if (!ret)
		ret = put_segments(out, regions, notes->len);
	if (!ret)
		ret = put(out, notes->bytes, notes->len);
	if (!ret)
		ret = skip(out, align_up(out->position, PAGE_SIZE) - out->position);
	for (size_t i = 0; i < regions->count && !ret; i++)
		ret = put_memory(out, task, &regions->regions[i], page);
	if (!ret && out->ends_in_hole)
		ret = file_truncate(out->file, out->position);
	heap_free(page);
	return ret;
}

/* A file of the user's own that has no other name: nobody else reads or gets what is written. */
static int open_file(const struct task *task, int signal, struct file **file)
{
	char name[CORE_NAME_MAX];
	const struct inode *inode;
	int ret = core_name(task, signal, name, sizeof(name));

	if (!ret)
		ret = path_open(NULL, name, O_CREAT | O_RDWR | O_NOFOLLOW | O_LARGEFILE, 0600, 0, file);
	if (ret)
		return ret;
	inode = (*file)->inode;
	if ((inode->mode & S_IFMT) != S_IFREG || inode->links > 1 || inode->uid != task->credentials->fsuid)
		ret = -EPERM;
	else
		ret = file_truncate(*file, 0);
	if (ret)
		file_put(*file);
	return ret;
}

static bool dump(struct task *task, const struct linux_siginfo *info)
{
	struct output out = {.limit = task->process->limits[LINUX_RLIMIT_CORE].soft};
	struct core_regions regions = {0};
	struct core_notes notes = {0};
	int ret = core_regions_collect(task, &regions);

	if (!ret && regions.count >= SEGMENTS_MAX)
		ret = -EFBIG;
	if (!ret)
		core_notes_build(&notes, task, info, &regions);
	if (!ret && notes.is_short)
		ret = -ENOMEM;
	if (!ret)
		ret = open_file(task, info->signo, &out.file);
	if (!ret) {
		(void)put_all(&out, task, &notes, &regions); /* cut short, by the limit or a full disk, it is one all the same */
		file_put(out.file);
	}
	core_regions_free(&regions);
	heap_free(notes.bytes);
	return !ret;
}

static void set_hook(void)
{
	core_set_dump_hook(dump);
}
INITCALL(coredump, INIT_CORE, set_hook);
