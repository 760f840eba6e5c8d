/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes an empty qcow2 image, version 3 (QEMU's docs/interop/qcow2.txt). Clusters of 64 KiB:
 *
 *   0   header: magic, version, sizes, where the tables are (big-endian)
 *   1   refcount table: its only entry names the block in cluster 2
 *   2   refcount block: 1 for each of the clusters that there are
 *   3.. L1 table, all zeros: every block is the backing file's
 */
#include "dory/hypervisor/overlay.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

enum {
	CLUSTER_BITS = 16,
	CLUSTER = 1 << CLUSTER_BITS,
	L1_SHIFT = CLUSTER_BITS + CLUSTER_BITS - 3, /* bytes of the disk that one L1 entry is for */
	REFCOUNT_TABLE = 1,
	REFCOUNT_BLOCK = 2,
	L1_TABLE = 3,
	REFCOUNT_ORDER = 4, /* 16 bits each */
	LAZY_REFCOUNTS = 1, /* a compatible feature: refcounts may be wrong after a crash, which nobody will see */
};

struct qcow2_header {
	uint32_t magic, version;
	uint64_t backing_file_offset;
	uint32_t backing_file_size, cluster_bits;
	uint64_t size;
	uint32_t crypt_method, l1_size;
	uint64_t l1_table_offset, refcount_table_offset;
	uint32_t refcount_table_clusters, nb_snapshots;
	uint64_t snapshots_offset, incompatible_features, compatible_features, autoclear_features;
	uint32_t refcount_order, header_length;
} packed;

static int open_nameless(void)
{
	const char *directory = getenv("TMPDIR");
	char *name;
	int fd;

	if (!directory || !*directory)
		directory = "/var/tmp";
	fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	/* A file system that has no O_TMPFILE. */
	name = text_format("%s/dory-XXXXXX", directory);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

static bool write_at(int fd, uint64_t cluster, const void *bytes, size_t length)
{
	return pwrite(fd, bytes, length, (off_t)(cluster << CLUSTER_BITS)) == (ssize_t)length;
}

static bool write_tables(int fd, uint64_t size, bool is_kept)
{
	uint64_t l1_size = (size + (1ull << L1_SHIFT) - 1) >> L1_SHIFT;
	uint64_t clusters = L1_TABLE + (l1_size * sizeof(uint64_t) + CLUSTER - 1) / CLUSTER;
	uint64_t block_offset = htobe64((uint64_t)REFCOUNT_BLOCK << CLUSTER_BITS);
	struct qcow2_header header = {
		.magic = htobe32(0x514649fb), /* "QFI\xfb" */
		.version = htobe32(3),
		.cluster_bits = htobe32(CLUSTER_BITS),
		.size = htobe64(size),
		.l1_size = htobe32((uint32_t)l1_size),
		.l1_table_offset = htobe64((uint64_t)L1_TABLE << CLUSTER_BITS),
		.refcount_table_offset = htobe64((uint64_t)REFCOUNT_TABLE << CLUSTER_BITS),
		.refcount_table_clusters = htobe32(1),
		.compatible_features = htobe64(is_kept ? 0 : LAZY_REFCOUNTS),
		.refcount_order = htobe32(REFCOUNT_ORDER),
		.header_length = htobe32(sizeof(header)),
	};
	uint16_t counts[64];

	if (clusters > ARRAY_SIZE(counts)) { /* a disk of 250 TB */
		errno = EFBIG;
		return false;
	}
	for (uint64_t i = 0; i < clusters; i++)
		counts[i] = htobe16(1);
	return ftruncate(fd, (off_t)(clusters << CLUSTER_BITS)) == 0 && write_at(fd, 0, &header, sizeof(header)) &&
	       write_at(fd, REFCOUNT_TABLE, &block_offset, sizeof(block_offset)) &&
	       write_at(fd, REFCOUNT_BLOCK, counts, clusters * sizeof(*counts));
}

int overlay_open(uint64_t size, struct dory_error *err)
{
	int fd = open_nameless();

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a temporary file for what the program writes");
	if (!write_tables(fd, size, false)) {
		error_set_errno(err, DORY_ERROR_IO, "writing a temporary file for what the program writes");
		close(fd);
		return -1;
	}
	return fd;
}

int overlay_make(const char *path, uint64_t size, struct dory_error *err)
{
	char *draft = text_format("%s.new", path);
	int fd = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), result = 0;

	if (fd < 0 || !write_tables(fd, size, true) || fsync(fd) < 0 || rename(draft, path) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "making a file for what the program writes");
		unlink(draft);
	}
	if (fd >= 0)
		close(fd);
	free(draft);
	return result;
}
