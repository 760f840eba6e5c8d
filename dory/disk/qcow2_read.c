/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading qcow2 (QEMU: docs/interop/qcow2.txt), which may come from anywhere: every number is checked against the file, and
 * a file that asks for another one is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "dory/disk/disk.h"
#include "dory/disk/transfer.h"

#define OFFSET_MASK    0x00fffffffffffe00ull
#define L2_COMPRESSED  (1ull << 62)
#define L2_ZERO        1ull
#define SIZE_MAX_BYTES (16ull << 40)

struct qcow2_file {
	int from, to;
	uint64_t file_size, size, l1_at;
	uint32_t l1_entries, cluster_bits;
	uint64_t cluster;
	uint8_t *l2, *bytes, *packed;
};

static int damaged(const char *why, struct dory_error *err)
{
	return error_set(err, DORY_ERROR_FORMAT, "the qcow2 image is damaged: %s", why);
}

static int check_features(const uint8_t *h, uint32_t version, struct dory_error *err)
{
	uint64_t incompatible = version >= 3 ? get_be64(h + 72) : 0;

	if (get_be64(h + 8) != 0)
		return error_set(err, DORY_ERROR_FORMAT, "the qcow2 image needs a backing file");
	if (get_be32(h + 32) != 0)
		return error_set(err, DORY_ERROR_FORMAT, "the qcow2 image is encrypted");
	if (incompatible & 4)
		return error_set(err, DORY_ERROR_FORMAT, "the qcow2 image has its data in another file");
	if (incompatible & 2)
		return damaged("it is marked as corrupt", err);
	if (incompatible & ~1ull)
		return error_set(err, DORY_ERROR_FORMAT, "the qcow2 image has features that are not supported here");
	return 0;
}

static int read_header(struct qcow2_file *q, struct dory_error *err)
{
	uint8_t h[104];
	uint64_t covered;
	uint32_t version;
	struct stat st;

	if (fstat(q->from, &st) < 0 || disk_get(q->from, 0, h, sizeof(h)) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading the qcow2 image");
	q->file_size = (uint64_t)st.st_size;
	version = get_be32(h + 4);
	if (memcmp(h, "QFI\xfb", 4) != 0 || version < 2 || version > 3)
		return damaged("its header is none", err);
	if (check_features(h, version, err) < 0)
		return -1;
	q->cluster_bits = get_be32(h + 20);
	q->size = get_be64(h + 24);
	q->l1_entries = get_be32(h + 36);
	q->l1_at = get_be64(h + 40);
	if (q->cluster_bits < 9 || q->cluster_bits > 21)
		return damaged("its clusters have no sensible size", err);
	q->cluster = 1ull << q->cluster_bits;
	covered = q->cluster * (q->cluster / 8);
	if (q->size == 0 || q->size > SIZE_MAX_BYTES || q->size % SECTOR)
		return damaged("its disk has no sensible size", err);
	if (q->l1_entries < (q->size + covered - 1) / covered || q->l1_at > q->file_size || (uint64_t)q->l1_entries * 8 > q->file_size - q->l1_at)
		return damaged("its L1 table is not within the file", err);
	return 0;
}

/* A cluster packed by deflate without a header; its place and length are in the entry. */
static int unpack(struct qcow2_file *q, uint64_t entry, struct dory_error *err)
{
	unsigned shift = 62 - (q->cluster_bits - 8);
	uint64_t at = entry & ((1ull << shift) - 1), sectors = (entry & (L2_COMPRESSED - 1)) >> shift;
	uint64_t length = (sectors + 1) * SECTOR - at % SECTOR;
	z_stream stream = {0};
	int status;

	if (at >= q->file_size || length > 2 * q->cluster)
		return damaged("a packed cluster is not within the file", err);
	length = min_u64(length, q->file_size - at);
	if (disk_get(q->from, at, q->packed, length) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading the qcow2 image");
	if (inflateInit2(&stream, -12) != Z_OK)
		abort();
	stream.next_in = q->packed;
	stream.avail_in = (unsigned)length;
	stream.next_out = q->bytes;
	stream.avail_out = (unsigned)q->cluster;
	status = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	if ((status != Z_STREAM_END && status != Z_BUF_ERROR) || stream.avail_out)
		return damaged("a packed cluster cannot be unpacked", err);
	return 0;
}

static int copy_cluster(struct qcow2_file *q, uint64_t guest_at, uint64_t entry, struct dory_error *err)
{
	uint64_t at = entry & OFFSET_MASK, length = min_u64(q->cluster, q->size - guest_at);

	if (entry & L2_COMPRESSED) {
		if (unpack(q, entry, err) < 0)
			return -1;
	} else if (at == 0 || entry & L2_ZERO) {
		return 0;
	} else if (at % q->cluster || at >= q->file_size) {
		return damaged("a cluster is not within the file", err);
	} else if (disk_get(q->from, at, q->bytes, q->cluster) < 0) {
		return error_set_errno(err, DORY_ERROR_IO, "reading the qcow2 image");
	}
	if (!disk_is_zero(q->bytes, length) && disk_put(q->to, guest_at, q->bytes, length) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "writing the disk");
	return 0;
}

static int copy_table(struct qcow2_file *q, uint64_t index, struct dory_error *err)
{
	uint64_t entries = q->cluster / 8, guest_at = index * entries * q->cluster, at;
	uint8_t l1[8];

	if (disk_get(q->from, q->l1_at + index * 8, l1, sizeof(l1)) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading the qcow2 image");
	at = get_be64(l1) & OFFSET_MASK;
	if (at == 0)
		return 0;
	if (at % q->cluster || at >= q->file_size)
		return damaged("an L2 table is not within the file", err);
	if (disk_get(q->from, at, q->l2, q->cluster) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading the qcow2 image");
	for (uint64_t i = 0; i < entries && guest_at < q->size; i++, guest_at += q->cluster) {
		disk_tell_progress(guest_at);
		if (copy_cluster(q, guest_at, get_be64(q->l2 + i * 8), err) < 0)
			return -1;
	}
	return 0;
}

static int copy_all(struct qcow2_file *q, struct dory_error *err)
{
	uint64_t covered = q->cluster * (q->cluster / 8);

	if (ftruncate(q->to, (off_t)q->size) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making the disk's file");
	for (uint64_t i = 0; i * covered < q->size; i++) {
		if (copy_table(q, i, err) < 0)
			return -1;
	}
	return 0;
}

int disk_import_qcow2(int from, int to, struct dory_error *err)
{
	struct qcow2_file q = {.from = from, .to = to};
	int result = -1;

	if (read_header(&q, err) < 0)
		return -1;
	q.l2 = malloc(q.cluster);
	q.bytes = malloc(q.cluster);
	q.packed = malloc(2 * q.cluster + SECTOR);
	if (!q.l2 || !q.bytes || !q.packed)
		error_set(err, DORY_ERROR_MEMORY, "reading the qcow2 image");
	else
		result = copy_all(&q, err);
	free(q.l2);
	free(q.bytes);
	free(q.packed);
	return result;
}
