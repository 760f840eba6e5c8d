/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files, and memory that is kept for good: init frees nothing, it reads a few small files and lives long. */
#include "guest/init/file.h"
#include "guest/init/syscalls.h"
#include "kernel/uapi/mman.h"
#include "lib/attr.h"
#include "lib/string.h"

void *allocate(size_t size)
{
	static char first[65536] aligned_to(16);
	static char *pool = first;
	static size_t left = sizeof(first);

	size = align_up(size, 16);
	if (size > left) {
		size_t chunk = align_up(size, 16384);
		long got = syscall5(SYS_mmap, 0, (long)chunk, LINUX_PROT_READ | LINUX_PROT_WRITE, LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS, -1);

		if (got < 0)
			sys1(exit_group, 125);
		pool = (char *)got;
		left = chunk;
	}
	pool += size;
	left -= size;
	return pool - size;
}

char *file_read(const char *path, size_t *len)
{
	long fd = sys3(open, path, 02000000 /* O_CLOEXEC */, 0), n;
	size_t used = 0, room = 4096;
	char *text;

	if (fd < 0)
		return NULL;
	text = allocate(room);
	while ((n = sys3(read, fd, text + used, room - used - 1)) > 0) {
		used += (size_t)n;
		if (used + 1 < room)
			continue;
		char *larger = allocate(room * 4);
		memcpy(larger, text, used);
		text = larger;
		room *= 4;
	}
	sys1(close, fd);
	text[used] = '\0';
	if (len)
		*len = used;
	return n < 0 ? NULL : text;
}

void file_write(int fd, const char *text, size_t len)
{
	for (long n; len && (n = sys3(write, fd, text, len)) > 0; text += n)
		len -= (size_t)n;
}
