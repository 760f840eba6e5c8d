/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysfs: the few files that C libraries, the JVM and node read: which CPUs there are, how large pages are used; and what others register (SYSFS_FOLDER).
 * It is a tmpfs that is filled when it is first looked at; folders of others are filled when these are.
 */
#include "kernel/fs/sys/sysfs.h"
#include "kernel/fs/sys/topology.h"
#include "kernel/fs/tmpfs/tmpfs.h"
#include "kernel/file/file.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mount.h"
#include "lib/format.h"
#include "lib/string.h"

LINKER_SET_DECLARE(sysfs_folder, struct sysfs_folder);

/* A file's text; NULL: a folder. "%u" in it: the number of the last CPU. */
static const struct {
	const char *path, *text;
} entries[] = {
    {"devices/system/cpu/online", "0-%u\n"},
    {"devices/system/cpu/possible", "0-%u\n"},
    {"devices/system/cpu/present", "0-%u\n"},
    {"devices/system/cpu/kernel_max", "63\n"},
    {"devices/system/node/online", "0\n"},
    {"devices/system/node/possible", "0\n"},
    {"devices/system/node/has_cpu", "0\n"},
    {"devices/system/node/has_memory", "0\n"},
    {"devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"},
    {"kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
    {"kernel/mm/transparent_hugepage/shmem_enabled", "always within_size advise [never] deny force\n"},
    {"kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n"},
    {"kernel/mm/hugepages", NULL},
    {"kernel/security", NULL},
    {"fs/cgroup", NULL},
    {"block", NULL},
    {"class/net", NULL},
    {"bus", NULL},
    {"module", NULL},
};

/* The folder `name` of `parent`, made if it is not there. */
static int folder_in(struct inode *parent, const char *name, size_t len, struct inode **folder)
{
	char text[64];

	*folder = tmpfs_find(parent, name, len);
	if (*folder)
		return 0;
	if (len >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, name, len);
	text[len] = '\0';
	return tmpfs_add(parent, text, S_IFDIR | 0555, 0, NULL, folder);
}

static int fill_file(struct inode *file, const char *text)
{
	struct page *page;
	int ret = page_cache_get_for_overwrite(&file->cache, 0, &page), len;

	if (ret)
		return ret;
	if (cpu_count() == 1 && !strcmp(text, "0-%u\n"))
		text = "0\n";
	memset(page_virt(page), 0, PAGE_SIZE);
	len = strchr(text, '%') ? format_text(page_virt(page), PAGE_SIZE, "0-%u\n", cpu_count() - 1) : format_text(page_virt(page), PAGE_SIZE, "%s", text);
	page_cache_mark_dirty(&file->cache, page);
	page_put(page);
	file->size = (uint64_t)len;
	return 0;
}

/* CPUs may still be on their way when this is mounted: the number is looked up at each open. */
static struct inode_ops cpu_file_ops;

static int open_cpu_file(struct inode *inode, struct file *file)
{
	return fill_file(inode, "0-%u\n");
}

static int add_entry(struct inode *root, const char *path, const char *text)
{
	struct inode *folder = root, *file;
	const char *slash;
	int ret = 0;

	while (!ret && (slash = strchr(path, '/'))) {
		ret = folder_in(folder, path, (size_t)(slash - path), &folder);
		path = slash + 1;
	}
	if (!ret && !text)
		return folder_in(folder, path, strlen(path), &folder);
	if (!ret)
		ret = tmpfs_add(folder, path, S_IFREG | 0444, 0, NULL, &file);
	if (!ret && strchr(text, '%')) {
		cpu_file_ops = *file->ops;
		cpu_file_ops.open = open_cpu_file;
		file->ops = &cpu_file_ops;
	}
	return ret ? ret : fill_file(file, text);
}

/* ---- Files whose text is made when they are opened ---- */

struct made_file {
	const struct sysfs_file *file;
	void *subject;
};

static struct inode_ops made_file_ops;
static void (*tmpfs_release)(struct inode *inode);

static int set_text(struct inode *file, const char *text, size_t len)
{
	struct page *page;
	int ret = page_cache_get_for_overwrite(&file->cache, 0, &page);

	if (ret)
		return ret;
	memset(page_virt(page), 0, PAGE_SIZE);
	memcpy(page_virt(page), text, len);
	page_cache_mark_dirty(&file->cache, page);
	page_put(page);
	file->size = len;
	return 0;
}

static int open_made_file(struct inode *inode, struct file *file)
{
	const struct made_file *made = inode->private_data;
	char text[128];
	long len = made->file->show(made->file, made->subject, text, sizeof(text));

	return len < 0 ? (int)len : set_text(inode, text, (size_t)len);
}

static void release_made_file(struct inode *inode)
{
	heap_free(inode->private_data);
	tmpfs_release(inode);
}

int sysfs_add_file(struct inode *folder, const struct sysfs_file *file, void *subject)
{
	struct made_file *made = heap_alloc(sizeof(*made));
	struct inode *inode;
	int ret = made ? tmpfs_add(folder, file->name, S_IFREG | 0444, 0, NULL, &inode) : -ENOMEM;

	if (ret) {
		heap_free(made);
		return ret;
	}
	*made = (struct made_file){.file = file, .subject = subject};
	if (!tmpfs_release) {
		made_file_ops = *inode->ops;
		tmpfs_release = made_file_ops.release;
		made_file_ops.open = open_made_file;
		made_file_ops.release = release_made_file;
	}
	inode->private_data = made;
	inode->ops = &made_file_ops;
	return 0;
}

int sysfs_add_folder(struct inode *parent, const char *name, struct inode **folder)
{
	return folder_in(parent, name, strlen(name), folder);
}

int sysfs_add_text(struct inode *folder, const char *name, const char *text)
{
	struct inode *file;
	int ret = tmpfs_add(folder, name, S_IFREG | 0444, 0, NULL, &file);

	return ret ? ret : set_text(file, text, strlen(text));
}

/* ---- Folders of others ---- */

static struct inode_ops late_folder_ops;
static const struct inode_ops *tmpfs_folder_ops;

/* Its private data is who fills it, until it is filled. */
static int fill_late_folder(struct inode *folder)
{
	const struct sysfs_folder *late = folder->private_data;

	folder->private_data = NULL;
	return late ? late->fill(late, folder) : 0;
}

static int lookup_late(struct inode *folder, const char *name, size_t len, struct inode **found)
{
	int ret = fill_late_folder(folder);

	return ret ? ret : tmpfs_folder_ops->lookup(folder, name, len, found);
}

static int read_late(struct inode *folder, uint64_t *position, struct directory_sink *sink)
{
	int ret = fill_late_folder(folder);

	return ret ? ret : tmpfs_folder_ops->read_directory(folder, position, sink);
}

int sysfs_add_late_folder(struct inode *root, const struct sysfs_folder *late)
{
	struct inode *folder = root;
	const char *path = late->path;
	int ret = 0;

	for (size_t len; !ret && *path; path += len + (path[len] == '/')) {
		len = strchr(path, '/') ? (size_t)(strchr(path, '/') - path) : strlen(path);
		ret = folder_in(folder, path, len, &folder);
	}
	if (ret)
		return ret;
	if (!tmpfs_folder_ops) {
		tmpfs_folder_ops = folder->ops;
		late_folder_ops = *folder->ops;
		late_folder_ops.lookup = lookup_late;
		late_folder_ops.read_directory = read_late;
	}
	folder->private_data = (void *)(uintptr_t)late;
	folder->ops = &late_folder_ops;
	return 0;
}

static int add_late_folders(struct inode *root)
{
	int ret = 0;

	for (const struct sysfs_folder *const *p = LINKER_SET_BEGIN(sysfs_folder); p < LINKER_SET_END(sysfs_folder) && !ret; p++)
		ret = sysfs_add_late_folder(root, *p);
	return ret;
}

static int fill_all(struct inode *root)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(entries); i++)
		ret = add_entry(root, entries[i].path, entries[i].text);
	if (!ret)
		ret = sysfs_add_cpus(root);
	if (!ret)
		ret = add_late_folders(root);
	if (!ret)
		tmpfs_set_filler(root->fs, NULL);
	return ret;
}

static int fill_one(struct inode *root, const char *name, size_t len)
{
	int ret = fill_all(root);

	return ret ? ret : tmpfs_find(root, name, len) ? 0 : -ENOENT;
}

static const struct tmpfs_filler filler = {.one = fill_one, .all = fill_all};

static int sysfs_statfs(struct file_system *fs, struct linux_statfs *to)
{
	memset(to, 0, sizeof(*to));
	to->type = SYSFS_MAGIC;
	to->bsize = to->frsize = (int64_t)PAGE_SIZE;
	to->namelen = 255;
	return 0;
}

static int sysfs_mount(const char *source, const char *options, bool read_only, struct file_system **fs)
{
	int ret = tmpfs_new("mode=555", false, fs);

	if (!ret) {
		tmpfs_set_filler(*fs, &filler);
		(*fs)->statfs = sysfs_statfs;
	}
	return ret;
}

FILE_SYSTEM(sysfs) = {.name = "sysfs", .mount = sysfs_mount};
