/* SPDX-License-Identifier: BSD-3-Clause */
/* devpts: a folder with a node for each pseudoterminal that is open, made when it is looked at. */
#include "kernel/fs/dev/pty.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mount.h"
#include "lib/format.h"
#include "lib/string.h"

enum { NUMBER_ROOT = 1, NUMBER_PTMX = 2, NUMBER_FIRST = 3 };

static const struct inode_ops slave_ops, ptmx_ops;

static struct inode *node_new(struct file_system *fs, const struct inode_ops *ops, uint64_t number, uint32_t mode, uint64_t device)
{
	struct inode *inode = heap_alloc(sizeof(*inode));

	if (!inode)
		return NULL;
	inode_init(inode, fs, ops, NULL);
	inode->number = number;
	inode->mode = mode;
	inode->device = device;
	inode->atime = inode->mtime = inode->ctime = time_stamp_now();
	return inode;
}

static void node_release(struct inode *inode)
{
	heap_free(inode);
}

static int slave_open(struct inode *inode, struct file *file)
{
	return pty_open_slave((int)(inode->number - NUMBER_FIRST), file);
}

static int slave_set_attributes(struct inode *inode, const struct inode_attributes *attributes)
{
	inode_apply_attributes(inode, attributes);
	pty_set_owner((int)(inode->number - NUMBER_FIRST), attributes);
	return 0;
}

static int parse_number(const char *name, size_t len)
{
	int number = 0;

	if (!len || len > 4 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		number = number * 10 + (name[i] - '0');
	}
	return number;
}

static int root_lookup(struct inode *root, const char *name, size_t len, struct inode **found)
{
	struct pty_information information;
	int number = parse_number(name, len);

	if (len == 4 && !memcmp(name, "ptmx", 4)) {
		*found = node_new(root->fs, &ptmx_ops, NUMBER_PTMX, S_IFCHR | 0666, device_number(5, 2));
		return *found ? 0 : -ENOMEM;
	}
	if (number < 0 || pty_next(number, &information) != number)
		return -ENOENT;
	*found = node_new(root->fs, &slave_ops, (uint64_t)number + NUMBER_FIRST, S_IFCHR | information.mode, device_number(PTY_SLAVE_MAJOR, (uint32_t)number));
	if (!*found)
		return -ENOMEM;
	(*found)->uid = information.uid;
	(*found)->gid = information.gid;
	(*found)->ctime = information.created;
	return 0;
}

static int root_read(struct inode *root, uint64_t *position, struct directory_sink *sink)
{
	static const char *const fixed[] = {".", "..", "ptmx"};
	struct pty_information information;
	char name[8];

	for (; *position < ARRAY_SIZE(fixed); ++*position)
		if (!sink->add(sink, fixed[*position], strlen(fixed[*position]), *position < 2 ? NUMBER_ROOT : NUMBER_PTMX, *position < 2 ? LINUX_DT_DIR : LINUX_DT_CHR, *position + 1))
			return 0;
	for (;;) {
		int number = pty_next((int)(*position - ARRAY_SIZE(fixed)), &information);
		uint64_t next = (uint64_t)number + ARRAY_SIZE(fixed) + 1;

		if (number < 0)
			return 0;
		format_text(name, sizeof(name), "%d", number);
		if (!sink->add(sink, name, strlen(name), (uint64_t)number + NUMBER_FIRST, LINUX_DT_CHR, next))
			return 0;
		*position = next;
	}
}

static const struct inode_ops slave_ops = {.open = slave_open, .set_attributes = slave_set_attributes, .release = node_release};
static const struct inode_ops ptmx_ops = {.release = node_release};
static const struct inode_ops root_ops = {.lookup = root_lookup, .read_directory = root_read, .release = node_release, .revalidate = true};

static int devpts_statfs(struct file_system *fs, struct linux_statfs *to)
{
	memset(to, 0, sizeof(*to));
	to->type = DEVPTS_MAGIC;
	to->bsize = to->frsize = 4096;
	to->namelen = 255;
	return 0;
}

static void devpts_unmount(struct file_system *fs)
{
	inode_put(fs->root);
	heap_free(fs);
}

static int devpts_mount(const char *source, const char *options, bool read_only, struct file_system **made)
{
	struct file_system *fs = heap_alloc_zero(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	fs->device = device_number_anonymous();
	fs->statfs = devpts_statfs;
	fs->unmount = devpts_unmount;
	fs->root = node_new(fs, &root_ops, NUMBER_ROOT, S_IFDIR | 0755, 0);
	if (!fs->root) {
		heap_free(fs);
		return -ENOMEM;
	}
	fs->root->links = 2;
	*made = fs;
	return 0;
}

FILE_SYSTEM(devpts) = {.name = "devpts", .mount = devpts_mount};
