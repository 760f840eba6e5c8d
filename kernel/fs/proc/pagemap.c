/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/PID/pagemap: 64 bits for each page of the addresses (proc(5)). Frames are told to the privileged only. */
#include "kernel/fs/proc/proc.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"

#define IS_PRESENT   (1ull << 63)
#define IS_FILE	     (1ull << 61)
#define IS_EXCLUSIVE (1ull << 56)
#define IS_SOFT_DIRTY (1ull << 55) /* nothing clears it here */

static uint64_t word_of(struct address_space *space, uint64_t address, bool tells_frames)
{
	struct page_entry entry;

	if (!address_space_entry(space, address, &entry))
		return IS_SOFT_DIRTY;
	return IS_PRESENT | IS_SOFT_DIRTY | (entry.is_file ? IS_FILE : 0) | (entry.is_exclusive ? IS_EXCLUSIVE : 0) | (tells_frames ? entry.frame / PAGE_SIZE : 0);
}

static long read_words(struct address_space *space, struct io_vector *io, uint64_t *position)
{
	bool tells_frames = credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN);
	long done = 0;

	while (io->left >= sizeof(uint64_t) && *position / sizeof(uint64_t) < USER_END / PAGE_SIZE) {
		uint64_t word = word_of(space, *position / sizeof(word) * PAGE_SIZE, tells_frames);

		if (io_vector_put(io, &word, sizeof(word)) != sizeof(word))
			return done ? done : -EFAULT;
		*position += sizeof(word);
		done += (long)sizeof(word);
		if (thread_current()->interrupted)
			break;
		cpu_poll();
	}
	return done;
}

static long pagemap_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct address_space *space;
	struct proc_subject subject;
	long ret = proc_subject_get(proc_node_of(file->inode), &subject);

	if (ret)
		return ret == -ESRCH ? 0 : ret;
	space = proc_space_get(&subject);
	proc_subject_put(&subject);
	if (!space)
		return 0;
	ret = *position % sizeof(uint64_t) || io->left % sizeof(uint64_t) ? -EINVAL : read_words(space, io, position);
	address_space_put(space);
	return ret;
}

static int64_t pagemap_seek(struct file *file, int64_t offset, int whence)
{
	if (whence != 0 && whence != 1)
		return -EINVAL;
	file->position = (uint64_t)offset + (whence ? file->position : 0);
	return (int64_t)file->position;
}

static const struct file_ops pagemap_ops = {.read = pagemap_read, .seek = pagemap_seek};
PROC_PROCESS_FILE(pagemap) = {.name = "pagemap", .mode = 0400, .is_guarded = true, .ops = &pagemap_ops};
