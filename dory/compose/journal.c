/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing and applying redo journals. */
#include "dory/compose/journal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/compose/checksum.h"

#define JOURNAL_MAGIC "dory-redo-1\n"

static int write_run(int fd, const struct iovec *parts, int count, uint64_t block)
{
	ssize_t want = (ssize_t)count * DISK_BLOCK, n;

	do
		n = pwritev(fd, parts, count, (off_t)(block * DISK_BLOCK));
	while (n < 0 && errno == EINTR);
	if (n == want)
		return 0;
	if (n >= 0)
		errno = ENOSPC; /* a short write to a file is a disk that is full */
	return -1;
}

/* Neighbours go with one call. */
int disk_blocks_write(int fd, const struct disk_block *blocks, size_t count)
{
	enum { RUN_MAX = 256 };
	struct iovec parts[RUN_MAX];

	for (size_t i = 0; i < count;) {
		int n = 0;

		while (i + (size_t)n < count && n < RUN_MAX &&
			blocks[i + (size_t)n].number == blocks[i].number + (unsigned)n) {
			parts[n].iov_base = blocks[i + (size_t)n].bytes;
			parts[n].iov_len = DISK_BLOCK;
			n++;
		}
		if (write_run(fd, parts, n, blocks[i].number) < 0)
			return -1;
		i += (size_t)n;
	}
	return 0;
}

struct journal_header {
	char magic[16];
	uint64_t count, checksum; /* of the block numbers and contents */
};

static uint64_t checksum_blocks(const uint64_t *numbers, const struct disk_block *blocks, size_t count)
{
	uint64_t sum = checksum64(count, numbers, count * sizeof(*numbers));

	for (size_t i = 0; i < count; i++)
		sum = checksum64(sum, blocks[i].bytes, DISK_BLOCK);
	return sum;
}

static int write_stream(FILE *file, const uint64_t *numbers, const struct disk_block *blocks, size_t count)
{
	struct journal_header header = {
		.magic = JOURNAL_MAGIC, .count = count, .checksum = checksum_blocks(numbers, blocks, count)};

	if (fwrite(&header, sizeof(header), 1, file) != 1 || fwrite(numbers, sizeof(*numbers), count, file) != count)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (fwrite(blocks[i].bytes, DISK_BLOCK, 1, file) != 1)
			return -1;
	return fflush(file) ? -1 : 0;
}

int journal_commit(const char *path, const struct disk_block *blocks, size_t count, struct dory_error *err)
{
	char *temporary = text_format("%s.new", path); /* the image's lock is held: one writer */
	uint64_t *numbers = calloc(count + 1, sizeof(*numbers));
	FILE *file = fopen(temporary, "we");
	int result = -1;

	if (!numbers)
		abort();
	for (size_t i = 0; i < count; i++)
		numbers[i] = blocks[i].number;
	if (file && write_stream(file, numbers, blocks, count) == 0)
		result = 0;
	if (file && fclose(file) != 0)
		result = -1;
	if (result == 0 && rename(temporary, path) < 0)
		result = -1;
	if (result < 0) {
		error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
		unlink(temporary);
	}
	free(numbers);
	free(temporary);
	return result;
}

/* Applies a journal of `size` bytes in memory. */
static int apply(uint8_t *bytes, size_t size, int fd)
{
	const struct journal_header *header = (const struct journal_header *)bytes;
	const uint64_t *numbers = (const uint64_t *)(bytes + sizeof(*header));
	struct disk_block *blocks;
	uint8_t *contents;
	int result = -1;

	errno = EILSEQ;
	if (size < sizeof(*header) || memcmp(header->magic, JOURNAL_MAGIC, sizeof(JOURNAL_MAGIC)) != 0)
		return -1;
	if (header->count != (size - sizeof(*header)) / (sizeof(*numbers) + DISK_BLOCK))
		return -1;
	blocks = calloc(header->count + 1, sizeof(*blocks));
	if (!blocks)
		abort();
	contents = bytes + sizeof(*header) + header->count * sizeof(*numbers);
	for (size_t i = 0; i < header->count; i++)
		blocks[i] = (struct disk_block){.number = numbers[i], .bytes = contents + i * DISK_BLOCK};
	errno = EILSEQ;
	if (checksum_blocks(numbers, blocks, header->count) == header->checksum)
		result = disk_blocks_write(fd, blocks, header->count);
	free(blocks);
	return result;
}

int journal_apply(const char *path, int fd, bool *was_there, struct dory_error *err)
{
	int journal = open(path, O_RDONLY | O_CLOEXEC), result = -1;
	struct stat st;
	void *bytes;

	*was_there = journal >= 0;
	if (journal < 0)
		return errno == ENOENT ? 0 : error_set_errno(err, DORY_ERROR_IO, "opening %s", path);
	if (fstat(journal, &st) == 0) {
		bytes = mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_PRIVATE, journal, 0);
		if (bytes != MAP_FAILED) {
			result = apply(bytes, (size_t)st.st_size, fd);
			munmap(bytes, (size_t)st.st_size + 1);
		}
	}
	if (result < 0 && errno == EILSEQ)
		error_set(err, DORY_ERROR_FORMAT, "%s is damaged", path);
	else if (result < 0)
		error_set_errno(err, DORY_ERROR_IO, "applying %s", path);
	close(journal);
	return result;
}
