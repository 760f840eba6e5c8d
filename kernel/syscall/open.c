/* SPDX-License-Identifier: BSD-3-Clause */
/* open(2), openat2(2), creat(2), memfd_create(2). */
#include "kernel/syscall/arguments.h"
#include "lib/string.h"

static int64_t open_at(int dirfd, uint64_t name, int flags, uint32_t mode, unsigned walk_flags)
{
	struct place_argument place;
	struct file *file = NULL;
	int fd, ret = place_get(&place, dirfd, name, false);

	if (!ret && !place.start && (walk_flags & (WALK_BENEATH | WALK_IN_ROOT))) /* where dirfd counts for absolute paths too */
		ret = syscall_directory(dirfd, &place.storage, &place.start);
	if (ret)
		return ret;
	fd = descriptor_reserve(0, flags & O_CLOEXEC);
	if (fd < 0) {
		place_put(&place);
		return fd;
	}
	ret = path_open(place.start, place.name, flags | O_LARGEFILE, mode, walk_flags, &file);
	place_put(&place);
	if (ret) {
		descriptor_cancel(fd);
		return restartable(ret);
	}
	descriptor_fill(fd, file);
	return fd;
}

SYSCALL(open, 3, "sfo")
{
	return open_at(AT_FDCWD, a->v[0], (int)a->v[1], (uint32_t)a->v[2], 0);
}

SYSCALL(openat, 4, "Dsfo")
{
	return open_at((int)a->v[0], a->v[1], (int)a->v[2], (uint32_t)a->v[3], 0);
}

SYSCALL(creat, 2, "so")
{
	return open_at(AT_FDCWD, a->v[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a->v[1], 0);
}

static const struct {
	uint32_t resolve, walk;
} resolve_flags[] = {
    {RESOLVE_NO_XDEV, WALK_NO_XDEV},
    {RESOLVE_NO_MAGICLINKS, WALK_NO_MAGICLINKS},
    {RESOLVE_NO_SYMLINKS, WALK_NO_SYMLINKS},
    {RESOLVE_BENEATH, WALK_BENEATH},
    {RESOLVE_IN_ROOT, WALK_IN_ROOT},
};

SYSCALL_PARTIAL(openat2, "RESOLVE_CACHED always answers EAGAIN");
SYSCALL(openat2, 4, "Dspu")
{
	struct linux_open_how how;
	unsigned walk_flags = 0;

	if (a->v[3] < sizeof(how))
		return -EINVAL;
	if (copy_from_user(&how, a->v[2], sizeof(how)))
		return -EFAULT;
	if (a->v[3] > sizeof(how)) {
		uint8_t more[64] = {0};
		size_t len = a->v[3] - sizeof(how);

		if (len > sizeof(more))
			return -E2BIG;
		if (copy_from_user(more, a->v[2] + sizeof(how), len))
			return -EFAULT;
		for (size_t i = 0; i < len; i++)
			if (more[i])
				return -E2BIG;
	}
	if (how.resolve & RESOLVE_CACHED)
		return -EAGAIN; /* allowed always (openat2(2)): the caller asks again without */
	if (how.resolve & ~0x1full || how.flags >> 32)
		return -EINVAL;
	if ((how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) == (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	if (how.mode & ~07777ull || (how.mode && !(how.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(resolve_flags); i++)
		if (how.resolve & resolve_flags[i].resolve)
			walk_flags |= resolve_flags[i].walk;
	return open_at((int)a->v[0], a->v[1], (int)how.flags, (uint32_t)how.mode, walk_flags);
}

enum { MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_HUGETLB = 4, MFD_NOEXEC_SEAL = 8, MFD_EXEC = 16 };

SYSCALL_PARTIAL(memfd_create, "without MFD_HUGETLB; MFD_NOEXEC_SEAL only allows seals");
SYSCALL(memfd_create, 2, "sx")
{
	char name[250];
	long len = user_copy_string(name, a->v[0], sizeof(name));
	struct file *file;
	int ret;

	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	if (a->v[1] & ~(uint64_t)(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	ret = memory_file_new(name, a->v[1] & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), &file);
	if (ret)
		return ret;
	ret = descriptor_add(file, 0, a->v[1] & MFD_CLOEXEC);
	if (ret < 0)
		file_put(file);
	return ret;
}
