/* SPDX-License-Identifier: BSD-3-Clause */
/* devtmpfs: a tmpfs with a node for each device, made when it is first asked for; drivers have found theirs by then. */
#include "kernel/block/block.h"
#include "kernel/file/file.h"
#include "kernel/file/terminal.h"
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

/* The folder before the slash of a device's name ("vport/dory.stdin"). */
static int folder_for(struct inode *root, const char *name, size_t len, struct inode **folder)
{
	char text[32];

	*folder = tmpfs_find(root, name, len);
	if (*folder)
		return 0;
	if (len >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, name, len);
	text[len] = '\0';
	return tmpfs_add(root, text, S_IFDIR | 0755, 0, NULL, folder);
}

static int add_node(struct inode *root, const char *name, uint32_t mode, uint64_t device)
{
	const char *slash = strchr(name, '/');
	struct inode *folder = root;
	int ret = slash ? folder_for(root, name, (size_t)(slash - name), &folder) : 0;

	if (!ret)
		ret = tmpfs_add(folder, slash ? slash + 1 : name, mode, device, NULL, NULL);
	return ret == -EEXIST ? 0 : ret;
}

/* Whether an entry belongs to what is asked for: the first part of its path; wanted NULL: all. */
static bool is_wanted(const char *name, const char *wanted, size_t len)
{
	return !wanted || (!strncmp(name, wanted, len) && (!name[len] || name[len] == '/'));
}

static int add_wanted(struct inode *root, const char *wanted, size_t len)
{
	const struct character_device *device = NULL;
	struct block_device *disk = NULL;
	int ret = 0;

	while (!ret && (device = character_device_next(device)))
		if (is_wanted(device->name, wanted, len))
			ret = add_node(root, device->name, S_IFCHR | device->mode, device_number(device->major, device->minor));
	while (!ret && (disk = block_device_next(disk)))
		if (is_wanted(disk->name, wanted, len))
			ret = add_node(root, disk->name, S_IFBLK | 0660, block_device_number(disk));
	for (size_t i = 0; !ret && i < ARRAY_SIZE(links); i++)
		if (is_wanted(links[i].name, wanted, len) && !tmpfs_find(root, links[i].name, strlen(links[i].name)))
			ret = tmpfs_add(root, links[i].name, 0, 0, links[i].target, NULL);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(folders); i++)
		if (is_wanted(folders[i].name, wanted, len))
			ret = add_node(root, folders[i].name, S_IFDIR | folders[i].mode, 0);
	return ret;
}

static int fill_one(struct inode *root, const char *name, size_t len)
{
	int ret = add_wanted(root, name, len);

	return ret ? ret : tmpfs_find(root, name, len) ? 0 : -ENOENT;
}

static int fill_all(struct inode *root)
{
	return add_wanted(root, NULL, 0);
}

static const struct tmpfs_filler filler = {.one = fill_one, .all = fill_all};

static int devtmpfs_mount(const char *source, const char *options, bool read_only, struct file_system **fs)
{
	int ret = tmpfs_new("mode=755", read_only, fs);

	(void)terminal_console(); /* one that is made when it is needed has a node, too */
	if (!ret)
		tmpfs_set_filler(*fs, &filler);
	return ret;
}

FILE_SYSTEM(devtmpfs) = {.name = "devtmpfs", .mount = devtmpfs_mount};
