/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * qcow2, version 3 (QEMU: docs/interop/qcow2.txt), written front to back: header, data and L2 tables as they come, then the
 * L1 table and the reference counts, which are all 1.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "dory/disk/transfer.h"

enum {
	CLUSTER_BITS = 16,
	CLUSTER = 1 << CLUSTER_BITS,
	L2_ENTRIES = CLUSTER / 8,
	REFERENCES = CLUSTER / 2, /* counts of 16 bits in a block of them */
	HEADER_LENGTH = 104,
};
#define COPIED (1ull << 63) /* this table is the only one that refers to the cluster */

struct qcow2 {
	int to;
	uint64_t clusters; /* written so far */
	uint8_t *l1, *l2;
	uint64_t l1_entries, l2_index; /* which L2 table is in memory */
	bool has_l2;
};

static int append_cluster(struct qcow2 *q, const uint8_t *bytes, uint64_t *at)
{
	*at = q->clusters++ * CLUSTER;
	return disk_put(q->to, *at, bytes, CLUSTER);
}

static int finish_l2(struct qcow2 *q)
{
	uint64_t at;

	if (!q->has_l2)
		return 0;
	if (append_cluster(q, q->l2, &at) < 0)
		return -1;
	put_be64(q->l1 + q->l2_index * 8, at | COPIED);
	memset(q->l2, 0, CLUSTER);
	q->has_l2 = false;
	return 0;
}

static int put_data(struct qcow2 *q, const struct disk_reader *reader)
{
	uint64_t guest_cluster = reader->at / CLUSTER, at;

	if (guest_cluster / L2_ENTRIES != q->l2_index && finish_l2(q) < 0)
		return -1;
	q->l2_index = guest_cluster / L2_ENTRIES;
	q->has_l2 = true;
	if (append_cluster(q, reader->bytes, &at) < 0)
		return -1;
	put_be64(q->l2 + guest_cluster % L2_ENTRIES * 8, at | COPIED);
	return 0;
}

static int put_all_data(struct qcow2 *q, int from, uint64_t size)
{
	struct disk_reader reader;
	int found;

	if (disk_reader_init(&reader, from, size, CLUSTER) < 0)
		return -1;
	while ((found = disk_reader_next(&reader)) > 0) {
		if (put_data(q, &reader) < 0) {
			found = -1;
			break;
		}
	}
	disk_reader_fini(&reader);
	return found < 0 ? -1 : finish_l2(q);
}

static int put_header(
	struct qcow2 *q, uint64_t size, uint64_t l1_at, uint64_t table_at, uint64_t table_clusters)
{
	uint8_t h[HEADER_LENGTH + 8] = {0}; /* with the end of the list of extensions */

	memcpy(h, "QFI\xfb", 4);
	put_be32(h + 4, 3);
	put_be32(h + 20, CLUSTER_BITS);
	put_be64(h + 24, size);
	put_be32(h + 36, (uint32_t)q->l1_entries);
	put_be64(h + 40, l1_at);
	put_be64(h + 48, table_at);
	put_be32(h + 56, (uint32_t)table_clusters);
	put_be32(h + 96, 4); /* counts of 2^4 bits */
	put_be32(h + 100, HEADER_LENGTH);
	return disk_put(q->to, 0, h, sizeof(h));
}

/* Counts for `total` clusters, from cluster `first` of the file on: the table, then its blocks. */
static int put_references(struct qcow2 *q, uint64_t first, uint64_t table_clusters, uint64_t blocks, uint64_t total)
{
	uint8_t *table = calloc(table_clusters, CLUSTER), *block = calloc(1, CLUSTER);
	int result = table && block ? 0 : -1;

	for (uint64_t i = 0; i < blocks && result == 0; i++) {
		uint64_t at = (first + table_clusters + i) * CLUSTER;

		put_be64(table + i * 8, at);
		for (uint64_t j = 0; j < REFERENCES; j++)
			put_be16(block + j * 2, i * REFERENCES + j < total);
		result = disk_put(q->to, at, block, CLUSTER);
	}
	if (result == 0)
		result = disk_put(q->to, first * CLUSTER, table, table_clusters * CLUSTER);
	free(table);
	free(block);
	return result;
}

static int put_tables(struct qcow2 *q, uint64_t size)
{
	uint64_t l1_clusters = (q->l1_entries * 8 + CLUSTER - 1) / CLUSTER, l1_at = q->clusters * CLUSTER, first;
	uint64_t blocks = 1, table_clusters = 1, total, former;

	first = q->clusters + l1_clusters;
	do { /* the counts count themselves */
		former = blocks + table_clusters;
		total = first + former;
		blocks = (total + REFERENCES - 1) / REFERENCES;
		table_clusters = (blocks * 8 + CLUSTER - 1) / CLUSTER;
	} while (blocks + table_clusters != former);
	if (disk_put(q->to, l1_at, q->l1, l1_clusters * CLUSTER) < 0 ||
		put_references(q, first, table_clusters, blocks, total) < 0)
		return -1;
	return put_header(q, size, l1_at, first * CLUSTER, table_clusters);
}

int qcow2_write(int from, uint64_t size, int to)
{
	struct qcow2 q = {.to = to, .clusters = 1};
	int result;

	q.l1_entries = (size + (uint64_t)CLUSTER * L2_ENTRIES - 1) / ((uint64_t)CLUSTER * L2_ENTRIES);
	if (q.l1_entries > (32 << 20) / 8) {
		errno = EFBIG;
		return -1;
	}
	q.l1 = calloc((q.l1_entries * 8 + CLUSTER - 1) / CLUSTER, CLUSTER);
	q.l2 = calloc(1, CLUSTER);
	result = q.l1 && q.l2 && put_all_data(&q, from, size) == 0 ? put_tables(&q, size) : -1;
	free(q.l1);
	free(q.l2);
	return result;
}
