/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing disks. */
#include "dory/disk/transfer.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "dory/disk/disk.h"

enum { UUID_OFFSET = 1024 + 0x68 /* ext4 disk layout, "Super Block": s_uuid */ };

static _Thread_local struct {
	disk_progress_fn *tell;
	void *context;
} progress;

void disk_set_progress(disk_progress_fn *tell, void *context)
{
	progress.tell = tell;
	progress.context = context;
}

void disk_tell_progress(uint64_t done)
{
	if (progress.tell)
		progress.tell(progress.context, done);
}

int disk_put(int fd, uint64_t at, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	while (length > 0) {
		ssize_t n = pwrite(fd, from, length, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		from += n;
		at += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}

int disk_get(int fd, uint64_t at, void *bytes, size_t length)
{
	uint8_t *to = bytes;

	while (length > 0) {
		ssize_t n = pread(fd, to, length, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0) {
			memset(to, 0, length);
			return 0;
		}
		to += n;
		at += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}

bool disk_is_zero(const void *bytes, size_t length)
{
	const uint8_t *b = bytes;

	return length == 0 || (b[0] == 0 && memcmp(b, b + 1, length - 1) == 0);
}

void disk_identifier(int fd, uint8_t salt, uint8_t identifier[16])
{
	if (disk_get(fd, UUID_OFFSET, identifier, 16) < 0)
		memset(identifier, 0, 16);
	identifier[0] ^= salt;
}

int disk_reader_init(struct disk_reader *reader, int fd, uint64_t size, uint64_t block)
{
	*reader = (struct disk_reader){.fd = fd, .size = size, .block = block, .bytes = malloc(block)};
	return reader->bytes ? 0 : -1;
}

void disk_reader_fini(struct disk_reader *reader)
{
	free(reader->bytes);
}

int disk_reader_next(struct disk_reader *reader)
{
	while (reader->next < reader->size) {
		off_t data = lseek(reader->fd, (off_t)reader->next, SEEK_DATA);
		uint64_t length;

		if (data < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		if (data < 0)
			data = (off_t)reader->next; /* no file system that knows of holes */
		reader->at = (uint64_t)data / reader->block * reader->block;
		if (reader->at >= reader->size)
			break;
		length = min_u64(reader->block, reader->size - reader->at);
		disk_tell_progress(reader->at);
		reader->next = reader->at + reader->block;
		if (disk_get(reader->fd, reader->at, reader->bytes, length) < 0)
			return -1;
		memset(reader->bytes + length, 0, reader->block - length);
		if (!disk_is_zero(reader->bytes, length))
			return 1;
	}
	return 0;
}

int raw_write(int from, uint64_t size, int to)
{
	struct disk_reader reader;
	int found;

	if (disk_reader_init(&reader, from, size, 1 << 16) < 0)
		return -1;
	found = ftruncate(to, (off_t)size);
	while (found == 0 && (found = disk_reader_next(&reader)) > 0)
		found = disk_put(to, reader.at, reader.bytes, min_u64(reader.block, size - reader.at)) < 0 ? -1 : 0;
	disk_reader_fini(&reader);
	return found;
}
