/* SPDX-License-Identifier: BSD-3-Clause */
/* Block devices as files: bytes over a page cache of their own, written back by fsync(2) and in time like any file's. */
#include "kernel/block/block.h"
#include "kernel/file/device.h"
#include "kernel/fs/dev/dev.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

enum { BLOCK_MAJOR = 254, RUN_MAX = 32, READ_AHEAD_DEFAULT = 256 };

/* ioctl(2)s of block devices */
#define BLKROSET     0x125du
#define BLKROGET     0x125eu
#define BLKGETSIZE   0x1260u
#define BLKFLSBUF    0x1261u
#define BLKRASET     0x1262u
#define BLKRAGET     0x1263u
#define BLKSECTGET   0x1267u
#define BLKSSZGET    0x1268u
#define BLKIOMIN     0x1278u
#define BLKIOOPT     0x1279u
#define BLKALIGNOFF  0x127au
#define BLKPBSZGET   0x127bu
#define BLKROTATIONAL 0x127eu
#define BLKBSZGET    0x80081270u
#define BLKGETSIZE64 0x80081272u

struct block_inode {
	struct inode inode;
	struct block_device *device;
	uint64_t read_ahead; /* sectors, as it was set: the page cache finds its own measure */
	bool is_born_read_only; /* BLKROSET makes it no more than that */
	struct block_inode *next;
};

static struct mutex lock; /* guards inodes */
static struct block_inode *inodes;

uint64_t block_device_number(const struct block_device *device)
{
	struct block_device *other = NULL;
	uint32_t minor = 0;

	while ((other = block_device_next(other)) && other != device)
		minor++;
	return device_number(BLOCK_MAJOR, minor * 16);
}

static struct block_device *device_by_number(uint64_t number)
{
	struct block_device *device = NULL;

	while ((device = block_device_next(device)))
		if (block_device_number(device) == number)
			return device;
	return NULL;
}

static int transfer(struct page_cache *cache, struct page **pages, size_t nr, enum block_operation operation)
{
	struct block_inode *inode = container_of(container_of(cache, struct inode, cache), struct block_inode, inode);
	struct block_segment segments[RUN_MAX];
	int ret = 0;

	for (size_t done = 0; done < nr && !ret;) {
		size_t max = min_u64(RUN_MAX, inode->device->max_segments ? inode->device->max_segments : 1), count = 0;
		uint64_t offset = pages[done]->index * PAGE_SIZE;

		for (; count < max && done + count < nr; count++) {
			uint64_t at = offset + count * PAGE_SIZE;

			if (at >= inode->device->size)
				break;
			segments[count] = (struct block_segment){.data = page_virt(pages[done + count]), .len = (uint32_t)min_u64(PAGE_SIZE, inode->device->size - at)};
		}
		if (!count)
			return -EIO;
		ret = block_transfer(inode->device, operation, offset, segments, count);
		done += count;
	}
	return ret;
}

static int read_pages(struct page_cache *cache, struct page **pages, size_t nr)
{
	return transfer(cache, pages, nr, BLOCK_READ);
}

static int write_pages(struct page_cache *cache, struct page **pages, size_t nr)
{
	return transfer(cache, pages, nr, BLOCK_WRITE);
}

static int prepare_write(struct inode *inode, uint64_t offset, uint64_t len)
{
	return offset + len > inode->size ? -ENOSPC : 0;
}

static int sync_device(struct inode *inode, bool data_only)
{
	return block_flush(container_of(inode, struct block_inode, inode)->device);
}

static void never_released(struct inode *inode)
{
}

static const struct page_cache_ops cache_ops = {.read_pages = read_pages, .write_pages = write_pages};
static const struct inode_ops block_inode_ops = {.prepare_write = prepare_write, .sync = sync_device, .release = never_released};

static struct block_inode *inode_for(struct block_device *device)
{
	struct block_inode *inode;

	mutex_lock(&lock);
	for (inode = inodes; inode && inode->device != device; inode = inode->next)
		continue;
	if (!inode && (inode = heap_alloc_zero(sizeof(*inode)))) {
		inode_init(&inode->inode, NULL, &block_inode_ops, &cache_ops);
		inode->inode.mode = S_IFBLK | 0660;
		inode->inode.device = block_device_number(device);
		inode->inode.size = device->size;
		inode->device = device;
		inode->read_ahead = READ_AHEAD_DEFAULT;
		inode->is_born_read_only = device->is_read_only;
		inode->next = inodes;
		inodes = inode;
	}
	mutex_unlock(&lock);
	return inode;
}

static long put_u64(uint64_t argument, uint64_t value, size_t size)
{
	return copy_to_user(argument, &value, size);
}

static long set_read_only(struct block_inode *inode, uint64_t argument)
{
	int value;

	if (!credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
		return -EACCES;
	if (copy_from_user(&value, argument, sizeof(value)))
		return -EFAULT;
	inode->device->is_read_only = value || inode->is_born_read_only;
	return 0;
}

static long block_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	struct block_inode *inode = container_of(file->inode, struct block_inode, inode);
	struct block_device *device = inode->device;

	switch (command) {
	case BLKGETSIZE64:
		return put_u64(argument, device->size, 8);
	case BLKGETSIZE:
		return put_u64(argument, device->size / 512, 8);
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_u64(argument, 512, 4);
	case BLKIOOPT:
	case BLKALIGNOFF:
		return put_u64(argument, 0, 4);
	case BLKROTATIONAL:
		return put_u64(argument, 0, 2);
	case BLKSECTGET:
		return put_u64(argument, RUN_MAX * PAGE_SIZE / 512, 2);
	case BLKRAGET:
		return put_u64(argument, inode->read_ahead, 8);
	case BLKRASET:
		if (!credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
			return -EACCES;
		inode->read_ahead = argument;
		return 0;
	case BLKROSET:
		return set_read_only(inode, argument);
	case BLKBSZGET:
		return put_u64(argument, PAGE_SIZE, 4);
	case BLKROGET:
		return put_u64(argument, device->is_read_only, 4);
	case BLKFLSBUF:
		return page_cache_flush(&file->inode->cache, 0, UINT64_MAX);
	default:
		return -ENOTTY;
	}
}

static struct file_ops block_ops;

static int open_block(struct inode *node, struct file *file)
{
	struct block_device *device = device_by_number(node->device);
	struct block_inode *inode;

	if (!device)
		return -ENXIO;
	if ((file->mode & MAY_WRITE) && device->is_read_only)
		return -EROFS;
	inode = inode_for(device);
	if (!inode)
		return -ENOMEM;
	file->inode = &inode->inode;
	file->ops = &block_ops;
	return 0;
}

static void block_start(void)
{
	mutex_init(&lock);
	block_ops = data_file_ops;
	block_ops.ioctl = block_ioctl;
	block_device_set_open_hook(open_block);
}
INITCALL(block_file, INIT_CORE, block_start);
