/* SPDX-License-Identifier: BSD-3-Clause */
/* Disks written in each format, and read back where we can; damaged files. */
#include "dory/disk/disk.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/disk/transfer.h"
#include "tests/unit/test.h"

enum { SIZE = 600 << 20 };
static struct dory_error err;

static int new_file(void)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

/* Some bytes at the beginning, around the end of an L2 table's reach, and at the very end. */
static int new_disk(void)
{
	static const uint64_t places[] = {0, 1024 + 0x68, 70000, 512 << 20, (512 << 20) - 1, SIZE - 5};
	int fd = new_file();

	CHECK_EQ(ftruncate(fd, SIZE), 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		CHECK_EQ(disk_put(fd, places[i], "bytes", 5), 0);
	return fd;
}

static bool is_same(int a, int b)
{
	enum { PIECE = 1 << 20 };
	static char x[PIECE], y[PIECE];
	struct stat p, q;

	if (fstat(a, &p) < 0 || fstat(b, &q) < 0 || p.st_size != q.st_size)
		return false;
	for (off_t at = 0; at < p.st_size; at += PIECE) {
		if (disk_get(a, (uint64_t)at, x, PIECE) < 0 || disk_get(b, (uint64_t)at, y, PIECE) < 0 || memcmp(x, y, PIECE) != 0)
			return false;
	}
	return true;
}

TEST(recognized)
{
	int disk = new_disk();

	for (const struct disk_format *format = disk_formats; format->name; format++) {
		int fd = new_file();

		CHECK_EQ(disk_export(format, disk, fd, &err), 0);
		CHECK_EQ(strcmp(disk_format_recognize(fd), format->name), 0);
		CHECK(disk_format_find(format->name) == format);
		close(fd);
	}
	CHECK(disk_format_find("qcow") == NULL);
	close(disk);
}

TEST(qcow2_and_back)
{
	int disk = new_disk(), packed = new_file(), back = new_file();
	struct stat st;

	CHECK_EQ(disk_export(disk_format_find("qcow2"), disk, packed, &err), 0);
	CHECK_EQ(disk_import_qcow2(packed, back, &err), 0);
	CHECK(is_same(disk, back));
	CHECK_EQ(fstat(packed, &st), 0);
	CHECK(st.st_size < 2 << 20);
	close(disk);
	close(packed);
	close(back);
}

TEST(raw_stays_sparse)
{
	int disk = new_disk(), back = new_file();
	struct stat st;

	CHECK_EQ(disk_import_raw(disk, back, &err), 0);
	CHECK(is_same(disk, back));
	CHECK_EQ(fstat(back, &st), 0);
	CHECK(st.st_blocks * 512 < 1 << 20);
	close(disk);
	close(back);
}

TEST(same_bytes_every_time)
{
	int disk = new_disk();

	for (const struct disk_format *format = disk_formats; format->name; format++) {
		int a = new_file(), b = new_file();

		CHECK_EQ(disk_export(format, disk, a, &err), 0);
		CHECK_EQ(disk_export(format, disk, b, &err), 0);
		CHECK(is_same(a, b));
		close(a);
		close(b);
	}
	close(disk);
}

/* A small qcow2 file, whose header is changed as told. */
static void check_refused(unsigned at, uint32_t value, const char *says)
{
	int disk = new_file(), packed = new_file(), back = new_file();
	uint8_t bytes[4];

	CHECK_EQ(ftruncate(disk, 1 << 20), 0);
	CHECK_EQ(disk_put(disk, 5000, "x", 1), 0);
	CHECK_EQ(disk_export(disk_format_find("qcow2"), disk, packed, &err), 0);
	put_be32(bytes, value);
	CHECK_EQ(disk_put(packed, at, bytes, sizeof(bytes)), 0);
	CHECK_EQ(disk_import_qcow2(packed, back, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	CHECK(strstr(err.message, says) != NULL);
	close(disk);
	close(packed);
	close(back);
}

TEST(refused)
{
	check_refused(12, 104, "backing file");
	check_refused(32, 1, "encrypted");
	check_refused(76, 4, "another file");
	check_refused(76, 2, "corrupt");
	check_refused(76, 16, "features");
	check_refused(20, 30, "clusters");
	check_refused(24, 0x7fffffff, "size");
	check_refused(36, 0x7fffffff, "L1 table");
	check_refused(40, 0x7fffffff, "L1 table");
	check_refused(4, 9, "header");
}

TEST(damaged)
{
	enum { ROUNDS = 4000, FILE_MAX = 1 << 20 };
	static uint8_t bytes[FILE_MAX];
	int disk = new_file(), packed = new_file();
	struct stat st;
	size_t size;

	CHECK_EQ(ftruncate(disk, 1 << 20), 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(disk_put(disk, i * 200000, "x", 1), 0);
	CHECK_EQ(disk_export(disk_format_find("qcow2"), disk, packed, &err), 0);
	CHECK_EQ(fstat(packed, &st), 0);
	size = (size_t)st.st_size;
	CHECK(size <= FILE_MAX);
	CHECK_EQ(disk_get(packed, 0, bytes, size), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		int damaged = new_file(), back = new_file();
		size_t length = test_random() % 4 ? size : test_random() % size;

		CHECK_EQ(disk_put(damaged, 0, bytes, length), 0);
		for (unsigned i = 0; i < 3; i++) { /* in the header, or in the tables' entries that are used */
			uint8_t byte = (uint8_t)test_random();
			uint64_t at = test_random() % 2 ? test_random() % 104 : (test_random() % (size >> 16)) * 65536 + test_random() % 64;

			CHECK_EQ(disk_put(damaged, at, &byte, 1), 0);
		}
		if (disk_import_qcow2(damaged, back, &err) < 0)
			CHECK(err.message[0] != 0);
		close(damaged);
		close(back);
	}
	close(disk);
	close(packed);
}

TEST_MAIN()
