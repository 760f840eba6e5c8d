/* SPDX-License-Identifier: BSD-3-Clause */
/* Character devices: those that the linker found, and those that drivers add. */
#include "kernel/file/device.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"

LINKER_SET_DECLARE(character_device, struct character_device);

struct added_device {
	struct added_device *next;
	const struct character_device *device;
};

static struct added_device *added; /* only grows; set by atomic store */
static struct spinlock added_lock;
static int (*open_block)(struct inode *inode, struct file *file);

void character_device_add(const struct character_device *device)
{
	struct added_device *entry = heap_alloc(sizeof(*entry));

	if (!entry)
		return;
	entry->device = device;
	spin_lock(&added_lock);
	entry->next = added;
	__atomic_store_n(&added, entry, __ATOMIC_RELEASE);
	spin_unlock(&added_lock);
}

const struct character_device *character_device_next(const struct character_device *device)
{
	bool found = !device;

	for (const struct character_device *const *p = LINKER_SET_BEGIN(character_device); p < LINKER_SET_END(character_device); p++) {
		if (found)
			return *p;
		found = *p == device;
	}
	for (struct added_device *entry = __atomic_load_n(&added, __ATOMIC_ACQUIRE); entry; entry = entry->next) {
		if (found)
			return entry->device;
		found = entry->device == device;
	}
	return NULL;
}

static bool has_number(const struct character_device *device, uint32_t major, uint32_t minor)
{
	return device->major == major && device->minor == minor;
}

const struct character_device *character_device_find(uint32_t major, uint32_t minor)
{
	for (const struct character_device *const *p = LINKER_SET_BEGIN(character_device); p < LINKER_SET_END(character_device); p++)
		if (has_number(*p, major, minor))
			return *p;
	for (struct added_device *entry = __atomic_load_n(&added, __ATOMIC_ACQUIRE); entry; entry = entry->next)
		if (has_number(entry->device, major, minor))
			return entry->device;
	return NULL;
}

int character_device_open(struct inode *inode, struct file *file)
{
	const struct character_device *device = character_device_find(device_major(inode->device), device_minor(inode->device));

	if (!device)
		return -ENXIO;
	file->ops = device->ops;
	file->private_data = device->private_data;
	return device->open ? device->open(file) : 0;
}

void block_device_set_open_hook(int (*open)(struct inode *inode, struct file *file))
{
	open_block = open;
}

int block_device_open(struct inode *inode, struct file *file)
{
	return open_block ? open_block(inode, file) : -ENXIO;
}
