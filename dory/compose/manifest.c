/* SPDX-License-Identifier: BSD-3-Clause */
/* The manifest's file: header | records | texts, in this machine's byte order, mapped to be read. */
#include "dory/compose/manifest.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/compose/checksum.h"

#define MANIFEST_MAGIC "dory-manifest-2"

struct manifest_header {
	char magic[16];
	uint64_t image[6];                    /* the image's identity */
	uint64_t count, texts_size, checksum; /* of records and texts */
	uint8_t digest[32];
};

static int identify(int image, uint64_t identity[6])
{
	struct stat st;

	if (fstat(image, &st) < 0)
		return -1;
	identity[0] = st.st_dev;
	identity[1] = st.st_ino;
	identity[2] = (uint64_t)st.st_size;
	identity[3] = (uint64_t)st.st_mtim.tv_sec;
	identity[4] = (uint64_t)st.st_mtim.tv_nsec;
	identity[5] = 0;
	return 0;
}

static uint64_t checksum_all(const void *records, size_t count, const char *texts, size_t texts_size)
{
	return checksum64(checksum64(count, records, count * sizeof(struct manifest_record)), texts, texts_size);
}

static bool check_header(const struct manifest_header *header, size_t size, int image)
{
	uint64_t identity[6];

	if (size < sizeof(*header) || memcmp(header->magic, MANIFEST_MAGIC, sizeof(header->magic)) != 0)
		return false;
	if (identify(image, identity) < 0 || memcmp(identity, header->image, sizeof(identity)) != 0)
		return false;
	size -= sizeof(*header);
	if (header->count == 0 || header->count > size / sizeof(struct manifest_record))
		return false;
	return header->texts_size > 0 && header->texts_size == size - header->count * sizeof(struct manifest_record);
}

static bool check_records(const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_record *record = &manifest->records[i];

		if ((i > 0 && record->parent >= i) || record->name >= manifest->texts_size ||
			record->link >= manifest->texts_size)
			return false;
	}
	return manifest->texts[manifest->texts_size - 1] == '\0';
}

static bool check(struct manifest *manifest, int image)
{
	const struct manifest_header *header = manifest->map;

	if (!check_header(header, manifest->map_size, image))
		return false;
	manifest->digest = header->digest;
	manifest->records = (const struct manifest_record *)(header + 1);
	manifest->count = header->count;
	manifest->texts = (const char *)(manifest->records + header->count);
	manifest->texts_size = header->texts_size;
	if (checksum_all(manifest->records, manifest->count, manifest->texts, manifest->texts_size) != header->checksum)
		return false;
	return check_records(manifest);
}

bool manifest_open(const char *path, int image, struct manifest *manifest)
{
	struct manifest m = {0};
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		m.map_size = (size_t)st.st_size;
		m.map = mmap(NULL, m.map_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
		if (m.map == MAP_FAILED)
			m.map = NULL;
	}
	close(fd);
	if (!m.map)
		return false;
	if (!check(&m, image)) {
		manifest_close(&m);
		return false;
	}
	*manifest = m;
	return true;
}

void manifest_close(struct manifest *manifest)
{
	if (manifest->map)
		munmap(manifest->map, manifest->map_size);
	*manifest = (struct manifest){0};
}

const char *manifest_text(const struct manifest *manifest, uint32_t offset)
{
	return manifest->texts + offset;
}

static uint32_t put_text(struct text_buffer *texts, const char *text, size_t length)
{
	size_t at = texts->length;

	if (length == 0)
		return 0;
	text_append(texts, text, length + 1);
	return (uint32_t)at;
}

static struct manifest_record make_record(const struct tree_node *node, uint32_t parent, struct text_buffer *texts)
{
	const struct tree_inode *inode = node->inode;
	struct manifest_record record = {.parent = parent,
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.number = inode->number,
		.names = inode->names,
		.source = inode->source == SIZE_MAX ? 0 : (uint32_t)inode->source + 1,
		.mtime = inode->mtime,
		.size = inode->size};

	memcpy(record.stamp, inode->stamp, sizeof(record.stamp));
	record.name = put_text(texts, node->name, node->name_length);
	if (inode->link)
		record.link = put_text(texts, inode->link, strlen(inode->link));
	return record;
}

/* The tree's nodes in order of the walk; tells each record's index by the position of its parent on the way down. */
static struct manifest_record *make_records(const struct tree *tree, size_t *count, struct text_buffer *texts)
{
	struct manifest_record *records = calloc(tree_count(tree), sizeof(*records));
	const struct tree_node **nodes = calloc(tree_count(tree), sizeof(*nodes));
	uint32_t parent = 0;

	if (!records || !nodes)
		abort();
	*count = 0;
	for (const struct tree_node *node = tree_root(tree); node; node = tree_next(node)) {
		if (node->parent && nodes[parent] != node->parent) /* one level down, or any number up */
			parent = nodes[*count - 1] == node->parent ? (uint32_t)*count - 1 : parent;
		while (nodes[parent] != node->parent && parent > 0)
			parent = records[parent].parent;
		nodes[*count] = node;
		records[*count] = make_record(node, parent, texts);
		(*count)++;
	}
	free(nodes);
	return records;
}

static int write_file(const char *path, const struct manifest_header *header, const struct manifest_record *records,
	const char *texts)
{
	FILE *file = fopen(path, "we");
	bool is_good;

	if (!file)
		return -1;
	is_good = fwrite(header, sizeof(*header), 1, file) == 1 &&
		  fwrite(records, sizeof(*records), header->count, file) == header->count &&
		  fwrite(texts, 1, header->texts_size, file) == header->texts_size;
	return fclose(file) == 0 && is_good ? 0 : -1;
}

int manifest_write(
	const char *path, int image, const struct tree *tree, const uint8_t digest[32], struct dory_error *err)
{
	struct manifest_header header = {.magic = MANIFEST_MAGIC};
	char *temporary = text_format("%s.new", path);
	struct text_buffer texts = {0};
	struct manifest_record *records;
	size_t count;
	int result = 0;

	text_append(&texts, "", 1); /* offset 0 is the empty text */
	records = make_records(tree, &count, &texts);
	header.count = count;
	header.texts_size = texts.length;
	header.checksum = checksum_all(records, count, texts.text, texts.length);
	memcpy(header.digest, digest, sizeof(header.digest));
	if (identify(image, header.image) < 0 || write_file(temporary, &header, records, texts.text) < 0 ||
		rename(temporary, path) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
		unlink(temporary);
	}
	free(records);
	free(texts.text);
	free(temporary);
	return result;
}
