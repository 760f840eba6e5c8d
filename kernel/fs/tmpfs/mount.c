/* SPDX-License-Identifier: BSD-3-Clause */
/* tmpfs as a file system: options (tmpfs(5)), statfs(2), and nameless files for memfd_create(2). */
#include "kernel/fs/tmpfs/internal.h"
#include "kernel/file/file.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mount.h"
#include "lib/format.h"
#include "lib/string.h"

struct options {
	uint64_t size, nr_inodes;
	uint32_t mode, uid, gid;
};

static int tmpfs_statfs(struct file_system *file_system, struct linux_statfs *to)
{
	struct tmpfs *fs = container_of(file_system, struct tmpfs, fs);

	memset(to, 0, sizeof(*to));
	to->type = TMPFS_MAGIC;
	to->bsize = to->frsize = (int64_t)PAGE_SIZE;
	to->blocks = fs->pages_max;
	to->bfree = to->bavail = fs->pages_max > fs->pages_used ? fs->pages_max - fs->pages_used : 0;
	to->files = fs->inodes_max;
	to->ffree = fs->inodes_max - fs->inodes_used;
	to->namelen = LINUX_NAME_MAX;
	return 0;
}

static int tmpfs_remount(struct file_system *file_system, bool read_only)
{
	return 0;
}

/* Nobody has anything open in it any more. */
static void tmpfs_unmount(struct file_system *file_system)
{
	struct tmpfs *fs = container_of(file_system, struct tmpfs, fs);

	while (!list_empty(&fs->inodes))
		tmpfs_inode_release(container_of(fs->inodes.next, struct inode, fs_node));
	heap_free(fs);
}

/* "key=": the value's text, up to the next comma. */
static const char *option_value(const char *options, const char *key)
{
	size_t len = strlen(key);

	while (options && *options) {
		if (!strncmp(options, key, len))
			return options + len;
		options = strchr(options, ',');
		if (options)
			options++;
	}
	return NULL;
}

static uint64_t number_option(const char *options, const char *key, uint64_t otherwise)
{
	const char *text = option_value(options, key), *end;
	uint64_t value;

	return text && format_parse_u64(text, &end, &value) ? value : otherwise;
}

static uint32_t octal_option(const char *options, const char *key, uint32_t otherwise)
{
	const char *text = option_value(options, key);
	uint32_t value = 0;

	if (!text)
		return otherwise;
	for (; *text >= '0' && *text <= '7'; text++)
		value = value * 8 + (uint32_t)(*text - '0');
	return value & 07777;
}

static uint64_t size_option(const char *options, uint64_t memory)
{
	const char *text = option_value(options, "size="), *end;
	uint64_t value;

	if (!text || !format_parse_u64(text, &end, &value))
		return memory / 2;
	return *end == '%' ? memory / 100 * value : value ? value : UINT64_MAX >> 1;
}

/* Numbers are not given twice. */
static int find_inode(struct file_system *generic, uint64_t number, struct inode **found)
{
	struct tmpfs *fs = container_of(generic, struct tmpfs, fs);
	struct inode *inode;

	*found = NULL;
	spin_lock(&fs->lock);
	list_for_each(inode, &fs->inodes, fs_node) {
		if (inode->number != number)
			continue;
		if (inode->links && inode_try_get(inode))
			*found = inode;
		break;
	}
	spin_unlock(&fs->lock);
	return *found ? 0 : -ESTALE;
}

static int start(struct tmpfs *fs, const struct options *options)
{
	struct tmpfs_inode *root;
	int ret;

	list_init(&fs->inodes);
	fs->pages_max = (options->size + PAGE_SIZE - 1) / PAGE_SIZE;
	fs->inodes_max = options->nr_inodes;
	fs->fs.device = device_number_anonymous();
	fs->fs.max_file_size = INT64_MAX;
	fs->fs.statfs = tmpfs_statfs;
	fs->fs.remount = tmpfs_remount;
	fs->fs.unmount = tmpfs_unmount;
	fs->fs.find_inode = find_inode;
	ret = tmpfs_inode_new(fs, S_IFDIR | options->mode, options->uid, options->gid, 0, &root);
	if (!ret)
		fs->fs.root = &root->inode;
	return ret;
}

int tmpfs_new(const char *text, bool read_only, struct file_system **made)
{
	struct tmpfs *fs = heap_alloc_zero(sizeof(*fs));
	struct page_counts pages;
	struct options options;
	int ret;

	if (!fs)
		return -ENOMEM;
	page_count(&pages);
	options = (struct options){
	    .size = size_option(text, pages.total * PAGE_SIZE),
	    .nr_inodes = number_option(text, "nr_inodes=", max_u64(pages.total / 2, 1024)),
	    .mode = octal_option(text, "mode=", 01777),
	    .uid = (uint32_t)number_option(text, "uid=", 0),
	    .gid = (uint32_t)number_option(text, "gid=", 0),
	};
	ret = start(fs, &options);
	if (ret) {
		heap_free(fs);
		return ret;
	}
	fs->fs.is_read_only = read_only;
	*made = &fs->fs;
	return 0;
}

static int tmpfs_mount(const char *source, const char *options, bool read_only, struct file_system **fs)
{
	return tmpfs_new(options, read_only, fs);
}

FILE_SYSTEM(tmpfs) = {.name = "tmpfs", .mount = tmpfs_mount};

/* ---- memfd_create(2) ---- */

static struct file_system *memory_fs; /* made by the first caller */

static struct file_system *memory_fs_get(void)
{
	struct file_system *fs = __atomic_load_n(&memory_fs, __ATOMIC_ACQUIRE), *none = NULL;

	if (fs || tmpfs_new("size=0", false, &fs))
		return fs;
	if (__atomic_compare_exchange_n(&memory_fs, &none, fs, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return fs;
	fs->unmount(fs);
	return none;
}

static int memory_file_create(const char *name, bool may_seal, struct file **file)
{
	const struct credentials *cred = credentials_current();
	struct file_system *fs = memory_fs_get();
	char text[LINUX_NAME_MAX + 32];
	struct inode *inode;
	struct path path;
	int ret;

	if (!fs)
		return -ENOMEM;
	ret = fs->root->ops->create_unnamed(fs->root, S_IFREG | 0777, cred->fsuid, cred->fsgid, &inode);
	if (ret)
		return ret;
	inode->can_seal = true;
	inode->seals = may_seal ? 0 : F_SEAL_SEAL;
	format_text(text, sizeof(text), "/memfd:%s (deleted)", name);
	ret = path_new_anonymous(inode, text, &path);
	if (ret)
		return ret;
	ret = file_open_path(&path, O_RDWR | O_LARGEFILE, file);
	path_put(&path);
	if (!ret)
		file_uncount_writer(*file);
	return ret;
}

static void tmpfs_start(void)
{
	memory_file_set_hook(memory_file_create);
}
INITCALL(tmpfs, INIT_CORE, tmpfs_start);
