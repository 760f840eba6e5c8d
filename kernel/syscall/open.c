/* SPDX-License-Identifier: BSD-3-Clause */
/* open(2), openat2(2), creat(2), memfd_create(2). */
#include "kernel/syscall/file_calls.h"
#include "lib/string.h"

int open_place(struct place_argument *place, int dirfd, const struct open_how *how, struct file **file)
{
	int ret = 0;

	if (!place->start && (how->walk_flags & (WALK_BENEATH | WALK_IN_ROOT))) /* where dirfd counts for absolute paths too */
		ret = syscall_directory(dirfd, &place->storage, &place->start);
	return ret ? ret : path_open(place->start, place->name, how->flags | O_LARGEFILE, how->mode, how->walk_flags, file);
}

static int64_t open_at(int dirfd, uint64_t name, const struct open_how *how)
{
	struct place_argument place;
	struct file *file = NULL;
	int fd, ret = place_get(&place, dirfd, name, false);

	if (ret)
		return ret;
	fd = descriptor_reserve(0, how->flags & O_CLOEXEC);
	if (fd < 0) {
		place_put(&place);
		return fd;
	}
	ret = open_place(&place, dirfd, how, &file);
	place_put(&place);
	if (ret) {
		descriptor_cancel(fd);
		return restartable(ret);
	}
	descriptor_fill(fd, file);
	return fd;
}

static int64_t open_plain(int dirfd, uint64_t name, int flags, uint32_t mode)
{
	return open_at(dirfd, name, &(struct open_how){.flags = flags, .mode = mode});
}

SYSCALL(open, 3, "sfo")
{
	return open_plain(AT_FDCWD, a->v[0], (int)a->v[1], (uint32_t)a->v[2]);
}

SYSCALL(openat, 4, "Dsfo")
{
	return open_plain((int)a->v[0], a->v[1], (int)a->v[2], (uint32_t)a->v[3]);
}

SYSCALL(creat, 2, "so")
{
	return open_plain(AT_FDCWD, a->v[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a->v[1]);
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

int open_copy_how(uint64_t address, uint64_t size, struct open_how *to)
{
	struct linux_open_how how;

	if (size < sizeof(how))
		return -EINVAL;
	if (copy_from_user(&how, address, sizeof(how)))
		return -EFAULT;
	if (size > sizeof(how)) {
		uint8_t more[64] = {0};
		size_t len = size - sizeof(how);

		if (len > sizeof(more))
			return -E2BIG;
		if (copy_from_user(more, address + sizeof(how), len))
			return -EFAULT;
		for (size_t i = 0; i < len; i++)
			if (more[i])
				return -E2BIG;
	}
	if (how.resolve & ~(0x1full | RESOLVE_CACHED) || how.flags >> 32)
		return -EINVAL;
	if ((how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) == (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	if (how.mode & ~07777ull || (how.mode && !(how.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))))
		return -EINVAL;
	if (how.resolve & RESOLVE_CACHED)
		return -EAGAIN; /* allowed always (openat2(2)): the caller asks again without */
	*to = (struct open_how){.flags = (int)how.flags, .mode = (uint32_t)how.mode};
	for (size_t i = 0; i < ARRAY_SIZE(resolve_flags); i++)
		if (how.resolve & resolve_flags[i].resolve)
			to->walk_flags |= resolve_flags[i].walk;
	return 0;
}

SYSCALL_PARTIAL(openat2, "RESOLVE_CACHED always answers EAGAIN");
SYSCALL(openat2, 4, "Dspu")
{
	struct open_how how;
	int ret = open_copy_how(a->v[2], a->v[3], &how);

	return ret ? ret : open_at((int)a->v[0], a->v[1], &how);
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
