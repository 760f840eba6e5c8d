/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening blobs. A blob that is not whole, or was changed, is as good as none: it is made again. */
#include "dory/compose/blob.h"
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/compose/checksum.h"

static bool read_footer(int fd, uint64_t *size, struct blob_footer *footer)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size < sizeof(*footer) + BLOB_MAGIC_LENGTH)
		return false;
	*size = (uint64_t)st.st_size - sizeof(*footer);
	if (pread(fd, footer, sizeof(*footer), (off_t)*size) != (ssize_t)sizeof(*footer))
		return false;
	if (memcmp(footer->magic, BLOB_MAGIC, BLOB_MAGIC_LENGTH) != 0 || footer->records % 4096 ||
		footer->records > *size)
		return false;
	if (footer->record_count > (*size - footer->records) / sizeof(struct blob_record))
		return false;
	return footer->texts == footer->records + footer->record_count * sizeof(struct blob_record) &&
	       footer->texts_size > 0 && footer->texts_size == *size - footer->texts;
}

static bool check_records(const struct blob *blob, uint64_t contents)
{
	for (size_t i = 0; i < blob->record_count; i++) {
		const struct blob_record *record = &blob->records[i];

		if (record->path >= blob->texts_size || record->link >= blob->texts_size)
			return false;
		if (record->offset > contents || record->size > contents - record->offset)
			return false;
	}
	return blob->texts[blob->texts_size - 1] == '\0';
}

bool blob_open(int fd, struct blob *blob)
{
	struct blob b = {.fd = fd};
	struct blob_footer footer;
	uint64_t size, records_size;

	if (!read_footer(fd, &size, &footer)) {
		close(fd);
		return false;
	}
	b.map_size = size - footer.records;
	b.map = mmap(NULL, b.map_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, (off_t)footer.records);
	if (b.map == MAP_FAILED) {
		close(fd);
		return false;
	}
	records_size = footer.texts - footer.records;
	b.records = b.map;
	b.record_count = footer.record_count;
	b.texts = (const char *)b.map + records_size;
	b.texts_size = footer.texts_size;
	if (checksum64(checksum64(0, b.records, records_size), b.texts, b.texts_size) != footer.checksum ||
		!check_records(&b, footer.records)) {
		blob_close(&b);
		return false;
	}
	*blob = b;
	return true;
}

void blob_close(struct blob *blob)
{
	if (blob->map)
		munmap(blob->map, blob->map_size);
	if (blob->fd >= 0)
		close(blob->fd);
	*blob = (struct blob){.fd = -1};
}

const char *blob_text(const struct blob *blob, uint32_t offset)
{
	return offset < blob->texts_size ? blob->texts + offset : "";
}
