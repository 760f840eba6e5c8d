/* SPDX-License-Identifier: BSD-3-Clause */
/* The tests' disk. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kernel/fs/ext4/disk.h"
#include "kernel/hosted/hosted.h"
#include "kernel/log/log.h"
#include "kernel/mem/page.h"
#include "lib/string.h"

enum { MEMORY = 64 << 20 };

char *disk_memory;
char disk_path[64];
unsigned disk_fail_after;
static bool is_mapped;

static void submit(struct block_device *device, struct block_request *request)
{
	uint64_t at = request->offset;

	if (disk_fail_after && !--disk_fail_after) {
		disk_fail_after = 1;
		request->done(request, -5 /* EIO */);
		return;
	}
	for (size_t i = 0; i < request->count; at += request->segments[i++].len) {
		if (at > device->size || request->segments[i].len > device->size - at)
			panic("a request beyond the end of the disk");
		if (request->operation == BLOCK_READ)
			memcpy(request->segments[i].data, disk_memory + at, request->segments[i].len);
		else if (request->operation == BLOCK_WRITE)
			memcpy(disk_memory + at, request->segments[i].data, request->segments[i].len);
	}
	request->done(request, 0);
}

static void poll_nothing(struct block_device *device)
{
}

struct block_device disk_device = {.name = "vda", .max_segments = 16, .submit = submit, .poll = poll_nothing};

static void start_machine(void)
{
	static bool is_started;

	if (is_started)
		return;
	is_started = true;
	hosted_memory(MEMORY);
	page_add_range(0x1000, MEMORY);
	page_init();
	hosted_start();
	hosted_pass_time(1700000000123456789ull);
	block_device_register(&disk_device);
}

static void unmap(void)
{
	if (is_mapped)
		munmap(disk_memory, disk_device.size);
	is_mapped = false;
}

void disk_create(void)
{
	int fd;

	start_machine();
	if (!*disk_path)
		snprintf(disk_path, sizeof(disk_path), "%s/ext4-XXXXXX", getenv("TMPDIR") && strlen(getenv("TMPDIR")) < 40 ? getenv("TMPDIR") : "/tmp");
	else
		snprintf(disk_path + strlen(disk_path) - 6, 7, "XXXXXX");
	fd = mkstemp(disk_path);
	if (fd < 0)
		panic("no temporary file");
	close(fd);
}

void disk_open(void)
{
	int fd = open(disk_path, O_RDWR);
	off_t size = lseek(fd, 0, 2);

	unmap();
	disk_device.size = (uint64_t)size;
	disk_memory = mmap(NULL, disk_device.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (disk_memory == MAP_FAILED)
		panic("the disk cannot be mapped");
	is_mapped = true;
	close(fd);
}

void disk_use(const void *content, size_t len)
{
	start_machine();
	unmap();
	disk_memory = (char *)(uintptr_t)content;
	disk_device.size = len;
}

void disk_sync(void)
{
	msync(disk_memory, disk_device.size, MS_SYNC);
}

void disk_close(void)
{
	char log[80];

	unmap();
	unlink(disk_path);
	snprintf(log, sizeof(log), "%s.log", disk_path);
	unlink(log);
}
