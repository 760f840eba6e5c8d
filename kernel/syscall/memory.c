/* SPDX-License-Identifier: BSD-3-Clause */
/* mmap(2) and its family. */
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mman.h"
#include "kernel/mem/heap.h"

static struct address_space *space(void)
{
	return process_current()->space;
}

static bool is_shared(int flags)
{
	int type = flags & LINUX_MAP_TYPE;

	return type == LINUX_MAP_SHARED || type == LINUX_MAP_SHARED_VALIDATE;
}

/* mmap's access rules for a file: EACCES unless it was opened for what the mapping needs. */
static int check_file_access(const struct file *file, int prot, int flags)
{
	int type = flags & LINUX_MAP_TYPE;

	if (type == LINUX_MAP_SHARED_VALIDATE && flags & ~LINUX_MAP_KNOWN)
		return -EOPNOTSUPP;
	if (!(file->mode & MAY_READ))
		return -EACCES;
	if (is_shared(flags) && (prot & LINUX_PROT_WRITE) && !(file->mode & MAY_WRITE))
		return -EACCES;
	if (is_shared(flags) && (prot & LINUX_PROT_WRITE) && file->inode && (file->inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPERM;
	return 0;
}

static int64_t map_file(uint64_t address, uint64_t len, int prot, int flags, int fd, uint64_t offset)
{
	struct file *file = descriptor_get(fd);
	struct mapped_file mapped = {.cache = NULL};
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = !len || (flags & LINUX_MAP_TYPE) == 0 ? -EINVAL : check_file_access(file, prot, flags);
	if (!ret)
		ret = file_map(file, &offset, &mapped);
	if (!ret)
		ret = address_space_map(space(), address, len, prot, flags, mapped.cache ? &mapped : NULL, offset);
	if (ret > 0 && is_shared(flags) && !mapped.cache && mapped.is_read_only)
		address_space_keep_read_only(space(), (uint64_t)ret, len);
	if (ret > 0 && is_shared(flags) && file->inode && (file->inode->mode & S_IFMT) == S_IFREG)
		file_touch_access(file); /* of a program and its libraries, which are mapped privately, what reads them first has done that */
	file_put(file);
	return ret;
}

SYSCALL_PARTIAL(mmap, "without MAP_HUGETLB and MAP_SYNC");
SYSCALL(mmap, 6, "puPMdx")
{
	uint64_t address = a->v[0], len = a->v[1], offset = a->v[5];
	int prot = (int)a->v[2], flags = (int)a->v[3];

	if (offset % PAGE_SIZE)
		return -EINVAL;
	if (flags & LINUX_MAP_ANONYMOUS)
		return (flags & LINUX_MAP_TYPE) == 0 ? -EINVAL : address_space_map(space(), address, len, prot, flags, NULL, 0);
	return map_file(address, len, prot, flags, (int)a->v[4], offset);
}

SYSCALL(munmap, 2, "pu")
{
	return address_space_unmap(space(), a->v[0], a->v[1]);
}

SYSCALL(mprotect, 3, "puP")
{
	return address_space_protect(space(), a->v[0], a->v[1], (int)a->v[2]);
}

SYSCALL(mremap, 5, "puuxp")
{
	return address_space_remap(space(), a->v[0], a->v[1], a->v[2], (int)a->v[3], a->v[4]);
}

SYSCALL(brk, 1, "p")
{
	return address_space_set_brk(space(), a->v[0]);
}

SYSCALL_PARTIAL(madvise, "hints on access do nothing; MADV_MERGEABLE, MADV_COLLAPSE, MADV_HWPOISON, MADV_SOFT_OFFLINE and MADV_GUARD_INSTALL are EINVAL");
SYSCALL(madvise, 3, "pud")
{
	return address_space_advise(space(), a->v[0], a->v[1], (int)a->v[2]);
}

SYSCALL(msync, 3, "pux")
{
	return address_space_sync(space(), a->v[0], a->v[1], (int)a->v[2]);
}

SYSCALL(mincore, 3, "pup")
{
	uint64_t start = a->v[0], len = align_up(a->v[1], PAGE_SIZE);
	uint8_t vector[256];

	if (start % PAGE_SIZE)
		return -EINVAL;
	if (syscall_is_outside(start, a->v[1]))
		return -ENOMEM;
	if (syscall_is_outside(a->v[2], len / PAGE_SIZE))
		return -EFAULT;
	for (uint64_t done = 0; done < len;) {
		uint64_t part = min_u64(len - done, sizeof(vector) * PAGE_SIZE);
		int ret = address_space_mincore(space(), start + done, part, vector);

		if (!ret)
			ret = copy_to_user(a->v[2] + done / PAGE_SIZE, vector, part / PAGE_SIZE);
		if (ret)
			return ret;
		done += part;
	}
	return 0;
}

/* ---- Locked memory ---- */

static int64_t lock_range(uint64_t address, uint64_t len, unsigned lock)
{
	uint64_t start = align_down(address, PAGE_SIZE), size = align_up(len + (address - start), PAGE_SIZE);

	if (start + size < start)
		return -EINVAL;
	if (!size)
		return 0;
	if (start >= USER_END)
		return -ENOMEM;
	if (size > USER_END - start) { /* as far as there is anything, and then a hole */
		int ret = address_space_lock(space(), start, USER_END - start, lock);

		return ret ? ret : -ENOMEM;
	}
	return address_space_lock(space(), start, size, lock);
}

SYSCALL(mlock, 2, "pu")
{
	return lock_range(a->v[0], a->v[1], REGION_LOCKED);
}

SYSCALL(mlock2, 3, "pux")
{
	unsigned flags = (unsigned)a->v[2];

	return flags & ~1u ? -EINVAL : lock_range(a->v[0], a->v[1], flags ? REGION_LOCK_MASK : REGION_LOCKED);
}

SYSCALL(munlock, 2, "pu")
{
	return lock_range(a->v[0], a->v[1], 0);
}

SYSCALL(mlockall, 1, "x")
{
	unsigned flags = (unsigned)a->v[0], lock = flags & LINUX_MCL_ONFAULT ? REGION_LOCK_MASK : REGION_LOCKED;

	if (!flags || flags == LINUX_MCL_ONFAULT || flags & ~(unsigned)(LINUX_MCL_CURRENT | LINUX_MCL_FUTURE | LINUX_MCL_ONFAULT))
		return -EINVAL;
	return address_space_lock_all(space(), flags & LINUX_MCL_CURRENT, lock, flags & LINUX_MCL_FUTURE ? lock : 0);
}

SYSCALL(munlockall, 0, "")
{
	return address_space_lock_all(space(), true, 0, 0);
}

/* ---- Protection keys (pkeys(7)): as on a CPU that has none. ---- */

SYSCALL_REFUSED(pkey_alloc, "EINVAL, as on a CPU without protection keys");
SYSCALL(pkey_alloc, 2, "xx")
{
	return -EINVAL;
}

SYSCALL_REFUSED(pkey_free, "EINVAL, as on a CPU without protection keys");
SYSCALL(pkey_free, 1, "d")
{
	return -EINVAL;
}

SYSCALL_PARTIAL(pkey_mprotect, "as mprotect with the key -1; there are no others, as on a CPU without protection keys");
SYSCALL(pkey_mprotect, 4, "puPd")
{
	if ((int)a->v[3] != -1 && a->v[1])
		return -EINVAL;
	return address_space_protect(space(), a->v[0], a->v[1], (int)a->v[2]);
}

SYSCALL(remap_file_pages, 5, "puPux")
{
	return address_space_remap_file(space(), a->v[0], a->v[1], (int)a->v[2], a->v[3]);
}

SYSCALL(mseal, 3, "pux")
{
	uint64_t start = a->v[0], len = align_up(a->v[1], PAGE_SIZE), end;

	if (a->v[2] || start % PAGE_SIZE || (a->v[1] && !len) || __builtin_add_overflow(start, len, &end))
		return -EINVAL;
	if (!len)
		return 0;
	return end > USER_END ? -ENOMEM : address_space_seal(space(), start, len);
}
