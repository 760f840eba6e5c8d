/* SPDX-License-Identifier: BSD-3-Clause */
/* The formats, and which one a file has. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/disk/disk.h"
#include "dory/disk/transfer.h"

const struct disk_format disk_formats[] = {
	{"raw", "the bytes of the disk, sparse", raw_write},
	{"qcow2", "QEMU, KVM, OpenStack", qcow2_write},
	{"vmdk", "VMware, stream-optimised", vmdk_write},
	{"vdi", "VirtualBox, dynamic", vdi_write},
	{"vhd", "Virtual PC, Azure, Xen, dynamic", vhd_write},
	{"vhdx", "Hyper-V, dynamic", vhdx_write},
	{0},
};

const struct disk_format *disk_format_find(const char *name)
{
	for (const struct disk_format *format = disk_formats; format->name; format++) {
		if (strcmp(format->name, name) == 0)
			return format;
	}
	return NULL;
}

int disk_export(const struct disk_format *format, int from, int to, struct dory_error *err)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "looking at the disk");
	if (st.st_size == 0 || st.st_size % SECTOR)
		return error_set(err, DORY_ERROR_FORMAT, "the disk's size is not a whole number of sectors");
	if (format->write(from, (uint64_t)st.st_size, to) == 0)
		return 0;
	if (errno == EFBIG)
		return error_set(err, DORY_ERROR_FORMAT, "a disk of %llu bytes is too large for the format %s",
			(unsigned long long)st.st_size, format->name);
	return error_set_errno(err, DORY_ERROR_IO, "writing the %s image", format->name);
}

int disk_import_raw(int from, int to, struct dory_error *err)
{
	return disk_export(&disk_formats[0], from, to, err);
}

/* A superblock's magic number, at its place. */
bool disk_has_ext4(int fd)
{
	unsigned char magic[2];

	return disk_get(fd, 1024 + 0x38, magic, sizeof(magic)) == 0 && magic[0] == 0x53 && magic[1] == 0xef;
}

bool disk_has_partitions(int fd)
{
	unsigned char mark[2];

	return disk_get(fd, 510, mark, sizeof(mark)) == 0 && mark[0] == 0x55 && mark[1] == 0xaa;
}

bool disk_recognize(int fd)
{
	return strcmp(disk_format_recognize(fd), "raw") != 0 || disk_has_ext4(fd) || disk_has_partitions(fd);
}

const char *disk_format_recognize(int fd)
{
	static const struct {
		const char *name;
		uint64_t at;
		const char *magic;
		size_t length;
	} marks[] = {
		{"qcow2", 0, "QFI\xfb", 4},
		{"vmdk", 0, "KDMV", 4},
		{"vmdk", 0, "# Disk DescriptorFile", 21},
		{"vdi", 64, "\x7f\x10\xda\xbe", 4},
		{"vhd", 0, "conectix", 8},
		{"vhdx", 0, "vhdxfile", 8},
	};
	char bytes[32];

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (disk_get(fd, marks[i].at, bytes, marks[i].length) == 0 && memcmp(bytes, marks[i].magic, marks[i].length) == 0)
			return marks[i].name;
	}
	return "raw";
}
