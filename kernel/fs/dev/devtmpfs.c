/* SPDX-License-Identifier: BSD-3-Clause */
/* devtmpfs: a tmpfs filled at its mount with a node for each device; drivers have found theirs by then. */
#include "kernel/block/block.h"
#include "kernel/file/file.h"
#include "kernel/fs/dev/dev.h"
#include "kernel/fs/tmpfs/tmpfs.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

static const struct {
	const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

static const struct {
	const char *name;
	uint32_t mode;
} folders[] = {{"shm", 01777}, {"pts", 0755}, {"mqueue", 01777}};

/* Adds a node whose name may have one folder before it ("vport/dory.stdin"). */
static int add_node(struct inode *root, const char *name, uint32_t mode, uint64_t device)
{
	const char *slash = strchr(name, '/');
	struct inode *folder;
	char folder_name[32];
	size_t len;
	int ret;

	if (!slash)
		return tmpfs_add(root, name, mode, device, NULL, NULL);
	len = (size_t)(slash - name);
	if (len >= sizeof(folder_name))
		return -ENAMETOOLONG;
	memcpy(folder_name, name, len);
	folder_name[len] = '\0';
	ret = root->ops->lookup(root, folder_name, len, &folder);
	if (ret == -ENOENT) {
		ret = tmpfs_add(root, folder_name, S_IFDIR | 0755, 0, NULL, &folder);
		if (!ret)
			inode_get(folder);
	}
	if (ret)
		return ret;
	ret = tmpfs_add(folder, slash + 1, mode, device, NULL, NULL);
	inode_put(folder);
	return ret;
}

static int fill(struct inode *root)
{
	const struct character_device *device = NULL;
	struct block_device *disk = NULL;
	int ret = 0;

	while (!ret && (device = character_device_next(device)))
		ret = add_node(root, device->name, S_IFCHR | device->mode, device_number(device->major, device->minor));
	while (!ret && (disk = block_device_next(disk)))
		ret = add_node(root, disk->name, S_IFBLK | 0660, block_device_number(disk));
	for (size_t i = 0; !ret && i < ARRAY_SIZE(links); i++)
		ret = tmpfs_add(root, links[i].name, 0, 0, links[i].target, NULL);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(folders); i++)
		ret = tmpfs_add(root, folders[i].name, S_IFDIR | folders[i].mode, 0, NULL, NULL);
	return ret;
}

static int devtmpfs_mount(const char *source, const char *options, bool read_only, struct file_system **fs)
{
	int ret = tmpfs_new("mode=755", read_only, fs);

	if (ret)
		return ret;
	ret = fill((*fs)->root);
	if (ret)
		(*fs)->unmount(*fs);
	return ret;
}

FILE_SYSTEM(devtmpfs) = {.name = "devtmpfs", .mount = devtmpfs_mount};
