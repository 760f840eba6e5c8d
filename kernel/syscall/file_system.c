/* SPDX-License-Identifier: BSD-3-Clause */
/* File systems as such: sysfs(2), ustat(2), and what of a file is in memory (cachestat(2)). */
#include "kernel/file/device.h"
#include "kernel/syscall/arguments.h"
#include "kernel/vm/page_cache.h"
#include "lib/string.h"

LINKER_SET_DECLARE(file_system, struct file_system_type);

/* ---- sysfs(2): the kinds that there are, by number ---- */

enum { SYSFS_INDEX_OF = 1, SYSFS_NAME_OF, SYSFS_COUNT };

static int64_t index_of(uint64_t address)
{
	char name[64];
	long len = user_copy_string(name, address, sizeof(name));
	const struct file_system_type *const *first = LINKER_SET_BEGIN(file_system);

	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	for (const struct file_system_type *const *p = first; p < LINKER_SET_END(file_system); p++)
		if (!strcmp((*p)->name, name))
			return p - first;
	return -EINVAL;
}

SYSCALL(sysfs, 3, "dxx")
{
	const struct file_system_type *const *first = LINKER_SET_BEGIN(file_system);
	uint64_t nr = (uint64_t)(LINKER_SET_END(file_system) - first);

	switch ((int)a->v[0]) {
	case SYSFS_INDEX_OF:
		return index_of(a->v[1]);
	case SYSFS_NAME_OF:
		return a->v[1] >= nr ? -EINVAL : copy_to_user(a->v[2], first[a->v[1]]->name, strlen(first[a->v[1]]->name) + 1);
	case SYSFS_COUNT:
		return (int64_t)nr;
	default:
		return -EINVAL;
	}
}

/* ---- ustat(2) ---- */

struct linux_ustat {
	int32_t free_blocks, pad;
	uint64_t free_inodes;
	char name[6], pack[6];
	uint32_t pad2;
};

/* A device number as stat(2) gives it, cut to 32 bits, and what is mounted of it. */
struct search {
	uint32_t device;
	bool found;
	int ret;
	struct linux_statfs status;
};

static void look_at(void *context, const struct mount *mount)
{
	struct search *search = context;
	struct file_system *fs = mount_file_system(mount);

	if (search->found || !fs || (uint32_t)fs->device != search->device)
		return;
	search->found = true;
	search->ret = fs->statfs ? fs->statfs(fs, &search->status) : -ENOSYS;
}

SYSCALL(ustat, 2, "xp")
{
	struct search search = {.device = (uint32_t)a->v[0]};
	struct linux_ustat status = {0};

	mount_walk(look_at, &search);
	if (!search.found)
		return -EINVAL;
	if (search.ret)
		return search.ret;
	status.free_blocks = (int32_t)search.status.bfree;
	status.free_inodes = (uint64_t)search.status.ffree;
	return copy_to_user(a->v[1], &status, sizeof(status));
}

/* ---- cachestat(2) ---- */

struct linux_cachestat_range {
	uint64_t offset, len;
};

struct linux_cachestat {
	uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

static void count_pages(struct page_cache *cache, uint64_t first, uint64_t last, struct linux_cachestat *counts)
{
	enum { BATCH = 32 };
	struct page *pages[BATCH];

	for (uint64_t at = first; at <= last; at += BATCH) {
		size_t nr = min_u64(BATCH, last - at + 1);

		page_cache_find_range(cache, at, nr, pages);
		for (size_t i = 0; i < nr; i++) {
			if (!pages[i])
				continue;
			counts->cached++;
			counts->dirty += (pages[i]->flags & PAGE_IS_DIRTY) != 0;
			counts->writeback += (pages[i]->flags & PAGE_IS_WRITEBACK) != 0;
			page_put(pages[i]);
		}
		if (at > UINT64_MAX - BATCH)
			break;
		cpu_poll();
	}
}

/* The program's right to know what others read: whoever may write the file, or owns it. */
static bool may_ask(const struct file *file)
{
	return (file->mode & MAY_WRITE) || credentials_current()->fsuid == file->inode->uid || credentials_have(credentials_current(), CAPABILITY_FOWNER) ||
	       !inode_permission(file->inode, MAY_WRITE);
}

static int64_t cachestat(struct file *file, const struct syscall_arguments *a)
{
	struct linux_cachestat counts = {0};
	struct linux_cachestat_range range;
	uint64_t end, pages;

	if (copy_from_user(&range, a->v[1], sizeof(range)))
		return -EFAULT;
	if (file->inode && (file->inode->mode & S_IFMT) == S_IFREG && !may_ask(file))
		return -EPERM;
	if ((unsigned)a->v[3])
		return -EINVAL;
	if (file->inode && file->ops == &data_file_ops) {
		pages = (file->inode->size + PAGE_SIZE - 1) / PAGE_SIZE;
		end = range.len && range.offset + range.len >= range.offset ? (range.offset + range.len - 1) / PAGE_SIZE : UINT64_MAX;
		if (pages && range.offset / PAGE_SIZE < pages)
			count_pages(&file->inode->cache, range.offset / PAGE_SIZE, min_u64(end, pages - 1), &counts);
	}
	return copy_to_user(a->v[2], &counts, sizeof(counts));
}

SYSCALL_PARTIAL(cachestat, "pages that were evicted are not remembered: both counts of them are 0");
SYSCALL(cachestat, 4, "dppx")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = cachestat(file, a);
	file_put(file);
	return ret;
}
