/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that the kernel opens for the first program. /dev is made when somebody walks to it, and many programs never do: so these files begin
 * without a place. They find it as soon as /dev is there, before anybody can change what is in it.
 */
#include "kernel/file/dentry.h"
#include "kernel/file/device.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

enum { EARLY_MAX = 4, NAME_MAX = 64 };

static struct file *early[EARLY_MAX]; /* not counted; guarded by the lock */
static struct spinlock lock;

/* ---- Opening. ---- */

static const struct character_device *find_device(const char *name)
{
	const struct character_device *device = NULL;

	do
		device = character_device_next(device);
	while (device && strcmp(device->name, name));
	return device;
}

static bool enter(struct file *file)
{
	unsigned i = 0;

	spin_lock(&lock);
	while (i < EARLY_MAX && early[i])
		i++;
	if (i < EARLY_MAX)
		early[i] = file;
	spin_unlock(&lock);
	return i < EARLY_MAX;
}

void early_file_forget(struct file *file)
{
	spin_lock(&lock);
	for (unsigned i = 0; i < EARLY_MAX; i++)
		if (early[i] == file)
			early[i] = NULL;
	spin_unlock(&lock);
}

static int open_without_place(const struct character_device *device, int flags, struct file **file)
{
	struct file *made = file_new(device->ops, flags, device->private_data);
	int ret = made && enter(made) ? 0 : -ENOMEM;

	if (!ret && device->open)
		ret = device->open(made);
	if (ret) {
		if (made)
			early_file_forget(made);
		heap_free(made);
		return ret;
	}
	made->early_name = device->name;
	*file = made;
	return 0;
}

int early_file_open(const char *name, int flags, struct file **file)
{
	const struct character_device *device = find_device(name);
	char path[NAME_MAX];

	if (!device)
		return -ENOENT;
	if (mount_is_lazy("/dev"))
		return open_without_place(device, flags, file);
	if (format_text(path, sizeof(path), "/dev/%s", name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return path_open(NULL, path, flags, 0, 0, file);
}

/* ---- The place. ---- */

/* From `at`, which is counted, to its child, which is counted instead. */
static int step(struct dentry **at, const char *name, size_t len)
{
	struct inode *directory = (*at)->inode;
	struct dentry *child;
	struct path old = {.dentry = *at};
	struct dead_names dead = {0};
	int ret;

	mutex_lock(&directory->lock);
	ret = dentry_lookup(*at, name, len, &child);
	mutex_unlock(&directory->lock);
	if (ret)
		return ret;
	*at = child;
	spin_lock(&name_lock);
	dentry_put_locked(old.dentry, &dead);
	spin_unlock(&name_lock);
	names_bury(&dead);
	return child->inode ? 0 : -ENOENT;
}

static int find(struct mount *mount, const char *name, struct path *place)
{
	const char *slash = strchr(name, '/');
	int ret = 0;

	*place = (struct path){.mount = mount, .dentry = mount->root};
	path_get(place);
	if (slash)
		ret = step(&place->dentry, name, (size_t)(slash - name));
	name = slash ? slash + 1 : name;
	if (!ret)
		ret = step(&place->dentry, name, strlen(name));
	if (ret)
		path_put(place);
	return ret;
}

/* The inode is seen by all that see the place, and both by all that see the name gone. */
static void give_place(struct file *file, const struct path *place)
{
	file->inode = place->dentry->inode;
	file->path.mount = place->mount;
	__atomic_store_n(&file->path.dentry, place->dentry, __ATOMIC_RELEASE);
	__atomic_store_n(&file->early_name, NULL, __ATOMIC_RELEASE);
}

static bool try_get(struct file *file)
{
	uint32_t old = __atomic_load_n(&file->references, __ATOMIC_RELAXED);

	while (old && !__atomic_compare_exchange_n(&file->references, &old, old + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		;
	return old;
}

/* Takes it out of the table; with a reference, unless it is being closed. */
static struct file *take(unsigned i)
{
	struct file *file;

	spin_lock(&lock);
	file = early[i];
	early[i] = NULL;
	if (file && !try_get(file))
		file = NULL;
	spin_unlock(&lock);
	return file;
}

void early_files_place(struct mount *mount)
{
	for (unsigned i = 0; i < EARLY_MAX; i++) {
		struct file *file = take(i);
		struct path place;

		if (!file)
			continue;
		if (!find(mount, file->early_name, &place))
			give_place(file, &place);
		file_put(file);
	}
}

void file_find_place(struct file *file)
{
	struct path root, dev;

	fs_context_get_first_root(&root);
	if (!path_walk(&root, "dev", WALK_FOLLOW, &dev))
		path_put(&dev);
	path_put(&root);
}
