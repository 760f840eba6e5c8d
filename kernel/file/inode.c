/* SPDX-License-Identifier: BSD-3-Clause */
/* Inodes: references, permission checks (path_resolution(7), capabilities(7)), what stat(2) tells. */
#include "kernel/file/inode.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/time.h"
#include "lib/string.h"

static const struct credentials *(*current_credentials)(void);

void credentials_set_current_hook(const struct credentials *(*current)(void))
{
	current_credentials = current;
}

const struct credentials *credentials_current(void)
{
	/* Kernel threads, and the start before there are processes, may do all. */
	static const struct credentials kernel_credentials = {.capabilities_effective = ~0ull};
	const struct credentials *cred = current_credentials ? current_credentials() : NULL;

	return cred ? cred : &kernel_credentials;
}

bool credentials_in_group(const struct credentials *cred, uint32_t gid)
{
	if (cred->fsgid == gid)
		return true;
	for (size_t i = 0; i < cred->nr_groups; i++)
		if (cred->groups[i] == gid)
			return true;
	return false;
}

bool credentials_have(const struct credentials *cred, unsigned capability)
{
	return cred->capabilities_effective >> capability & 1;
}

void inode_init(struct inode *inode, struct file_system *fs, const struct inode_ops *ops, const struct page_cache_ops *cache_ops)
{
	memset(inode, 0, sizeof(*inode));
	inode->ops = ops;
	inode->fs = fs;
	inode->references = 1;
	inode->links = 1;
	mutex_init(&inode->lock);
	list_init(&inode->fs_node);
	if (cache_ops)
		page_cache_init(&inode->cache, cache_ops);
}

void inode_get(struct inode *inode)
{
	__atomic_fetch_add(&inode->references, 1, __ATOMIC_RELAXED);
}

bool inode_try_get(struct inode *inode)
{
	uint32_t old = __atomic_load_n(&inode->references, __ATOMIC_RELAXED);

	do {
		if (!old)
			return false;
	} while (!__atomic_compare_exchange_n(&inode->references, &old, old + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	return true;
}

void inode_put(struct inode *inode)
{
	if (inode && __atomic_sub_fetch(&inode->references, 1, __ATOMIC_ACQ_REL) == 0)
		inode->ops->release(inode);
}

bool inode_is_directory(const struct inode *inode)
{
	return (inode->mode & S_IFMT) == S_IFDIR;
}

static unsigned mode_bits_for(const struct inode *inode, const struct credentials *cred)
{
	if (cred->fsuid == inode->uid)
		return inode->mode >> 6 & 7;
	if (credentials_in_group(cred, inode->gid))
		return inode->mode >> 3 & 7;
	return inode->mode & 7;
}

static bool may_override(const struct inode *inode, const struct credentials *cred, unsigned mask)
{
	bool is_directory = inode_is_directory(inode);

	if (credentials_have(cred, CAPABILITY_DAC_OVERRIDE))
		return is_directory || !(mask & MAY_EXEC) || (inode->mode & 0111);
	if (credentials_have(cred, CAPABILITY_DAC_READ_SEARCH))
		return is_directory ? !(mask & MAY_WRITE) : mask == MAY_READ;
	return false;
}

int inode_permission(const struct inode *inode, unsigned mask)
{
	const struct credentials *cred;
	uint32_t type = inode->mode & S_IFMT;

	if ((mask & MAY_WRITE) && inode->fs && inode->fs->is_read_only && (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
		return -EROFS;
	cred = credentials_current();
	if ((mode_bits_for(inode, cred) & mask) == mask || may_override(inode, cred, mask))
		return 0;
	return -EACCES;
}

static struct linux_timespec to_timespec(struct time_stamp stamp)
{
	return (struct linux_timespec){.seconds = stamp.seconds, .nanoseconds = stamp.nanoseconds};
}

void inode_stat(const struct inode *inode, struct linux_stat *to)
{
	memset(to, 0, sizeof(*to));
	to->dev = inode->fs ? inode->fs->device : 0;
	to->ino = inode->number;
	to->nlink = inode->links;
	to->mode = inode->mode;
	to->uid = inode->uid;
	to->gid = inode->gid;
	to->rdev = inode->device;
	to->size = (int64_t)__atomic_load_n(&inode->size, __ATOMIC_RELAXED);
	to->blksize = 4096;
	to->blocks = (int64_t)inode->blocks_512;
	to->atime = to_timespec(inode->atime);
	to->mtime = to_timespec(inode->mtime);
	to->ctime = to_timespec(inode->ctime);
}

struct time_stamp time_stamp_now(void)
{
	uint64_t ns = clock_realtime_ns();

	return (struct time_stamp){.seconds = (int64_t)(ns / NS_PER_SECOND), .nanoseconds = (uint32_t)(ns % NS_PER_SECOND)};
}

void inode_touch(struct inode *inode, unsigned which)
{
	struct time_stamp now = time_stamp_now();

	if (which & TOUCH_ATIME)
		inode->atime = now;
	if (which & TOUCH_MTIME)
		inode->mtime = now;
	if (which & TOUCH_CTIME)
		inode->ctime = now;
	if (inode->ops->dirty)
		inode->ops->dirty(inode);
}

uint64_t device_number_anonymous(void)
{
	static uint32_t last;

	return device_number(0, __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED));
}

unsigned inode_directory_type(uint32_t mode)
{
	return (mode & S_IFMT) >> 12; /* DT_* are the type's bits */
}

void inode_apply_attributes(struct inode *inode, const struct inode_attributes *attributes)
{
	if (attributes->valid & ATTRIBUTE_MODE)
		inode->mode = (inode->mode & S_IFMT) | (attributes->mode & 07777);
	if (attributes->valid & ATTRIBUTE_UID)
		inode->uid = attributes->uid;
	if (attributes->valid & ATTRIBUTE_GID)
		inode->gid = attributes->gid;
	if (attributes->valid & ATTRIBUTE_ATIME)
		inode->atime = attributes->atime;
	if (attributes->valid & ATTRIBUTE_MTIME)
		inode->mtime = attributes->mtime;
}

/* Counts up for writers, down for those who execute it: never from one side to the other. */
static int count_use(struct inode *inode, int32_t step)
{
	int32_t seen = __atomic_load_n(&inode->writers, __ATOMIC_RELAXED);

	do {
		if (step > 0 ? seen < 0 : seen > 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&inode->writers, &seen, seen + step, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return 0;
}

int inode_begin_write(struct inode *inode)
{
	int ret;

	if ((inode->mode & S_IFMT) != S_IFREG)
		return 0;
	ret = count_use(inode, 1);
	if (!ret && inode->fs)
		__atomic_fetch_add(&inode->fs->nr_writers, 1, __ATOMIC_RELAXED);
	return ret;
}

void inode_end_write(struct inode *inode)
{
	if ((inode->mode & S_IFMT) != S_IFREG)
		return;
	__atomic_sub_fetch(&inode->writers, 1, __ATOMIC_RELEASE);
	if (inode->fs)
		__atomic_fetch_sub(&inode->fs->nr_writers, 1, __ATOMIC_RELAXED);
}

int inode_begin_execute(struct inode *inode)
{
	return count_use(inode, -1);
}

void inode_end_execute(struct inode *inode)
{
	__atomic_add_fetch(&inode->writers, 1, __ATOMIC_RELEASE);
}
