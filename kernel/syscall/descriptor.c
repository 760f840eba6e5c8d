/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors: close(2), dup(2), fcntl(2), flock(2), ioctl(2). */
#include "kernel/syscall/arguments.h"
#include "kernel/file/lock.h"
#include "kernel/file/pipe.h"
#include "kernel/process/file_signal.h"
#include "kernel/uapi/termios.h"

SYSCALL(close, 1, "d")
{
	return descriptor_close((int)a->v[0]);
}

/* The caller gets a table of its own. */
static int unshare_table(void)
{
	struct descriptor_table *old = task_current()->descriptors, *copy;

	if (!descriptor_table_is_shared(old))
		return 0;
	copy = descriptor_table_copy(old);
	if (!copy)
		return -ENOMEM;
	spin_lock(&process_tree_lock); /* /proc/PID/fd looks */
	task_current()->descriptors = copy;
	spin_unlock(&process_tree_lock);
	descriptor_table_put(old);
	return 0;
}

SYSCALL(close_range, 3, "uux")
{
	if (a->v[2] & ~(uint64_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (a->v[2] & CLOSE_RANGE_UNSHARE && unshare_table())
		return -ENOMEM;
	return descriptor_close_range((unsigned)a->v[0], (unsigned)a->v[1], (unsigned)a->v[2]);
}

static int64_t duplicate(int fd, int minimum, bool close_on_exec)
{
	struct file *file = descriptor_get_any(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = descriptor_add(file, minimum, close_on_exec);
	if (ret < 0)
		file_put(file);
	return ret;
}

static int64_t duplicate_to(int fd, int to, bool close_on_exec)
{
	struct file *file = descriptor_get_any(fd);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = descriptor_duplicate_to(file, to, close_on_exec);
	file_put(file);
	return ret;
}

SYSCALL(dup, 1, "d")
{
	return duplicate((int)a->v[0], 0, false);
}

SYSCALL(dup2, 2, "dd")
{
	struct file *file;

	if (a->v[0] != a->v[1])
		return duplicate_to((int)a->v[0], (int)a->v[1], false);
	file = descriptor_get_any((int)a->v[0]);
	if (!file)
		return -EBADF;
	file_put(file);
	return (int)a->v[0];
}

SYSCALL(dup3, 3, "ddx")
{
	if (a->v[0] == a->v[1] || (a->v[2] & ~(uint64_t)O_CLOEXEC))
		return -EINVAL;
	return duplicate_to((int)a->v[0], (int)a->v[1], a->v[2] & O_CLOEXEC);
}

/* ---- Locks ---- */

static int lock_range(struct file *file, const struct linux_flock *given, struct lock_request *request)
{
	int64_t base = 0, start, end;

	if (given->whence == SEEK_CUR)
		base = (int64_t)file->position;
	else if (given->whence == SEEK_END)
		base = (int64_t)file->inode->size;
	else if (given->whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, given->start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (given->len > 0) {
		if (__builtin_add_overflow(start, given->len - 1, &end))
			return -EOVERFLOW;
	} else if (given->len < 0) {
		end = start - 1;
		start += given->len;
		if (start < 0)
			return -EINVAL;
	} else {
		end = -1;
	}
	request->start = (uint64_t)start;
	request->end = (uint64_t)end;
	return 0;
}

static int lock_request(struct file *file, int command, const struct linux_flock *given, struct lock_request *request)
{
	bool is_description = command >= F_OFD_GETLK;

	if (!file->inode)
		return -EBADF;
	if (given->type != F_RDLCK && given->type != F_WRLCK && given->type != F_UNLCK)
		return -EINVAL;
	if (is_description && given->pid)
		return -EINVAL;
	*request = (struct lock_request){
	    .kind = is_description ? LOCK_OF_DESCRIPTION : LOCK_OF_PROCESS,
	    .type = given->type,
	    .owner = is_description ? (const void *)file : task_current()->descriptors,
	    .pid = process_current()->pid,
	    .may_wait = command == F_SETLKW || command == F_OFD_SETLKW,
	};
	return lock_range(file, given, request);
}

static int64_t get_lock(struct file *file, int command, uint64_t address)
{
	struct lock_request request;
	struct linux_flock lock;
	int64_t ret = copy_from_user(&lock, address, sizeof(lock));

	if (!ret)
		ret = lock.type == F_UNLCK ? -EINVAL : lock_request(file, command, &lock, &request);
	if (ret)
		return ret;
	lock_test(file, &request);
	lock.type = (int16_t)request.type;
	if (request.type != F_UNLCK) {
		lock.whence = SEEK_SET;
		lock.start = (int64_t)request.start;
		lock.len = request.end == UINT64_MAX ? 0 : (int64_t)(request.end - request.start + 1);
		lock.pid = request.pid;
	}
	return copy_to_user(address, &lock, sizeof(lock));
}

static int64_t set_lock(struct file *file, int command, uint64_t address)
{
	struct lock_request request;
	struct linux_flock lock;
	int64_t ret = copy_from_user(&lock, address, sizeof(lock));

	if (!ret)
		ret = lock_request(file, command, &lock, &request);
	if (ret)
		return ret;
	if ((request.type == F_RDLCK && !(file->mode & MAY_READ)) || (request.type == F_WRLCK && !(file->mode & MAY_WRITE)))
		return -EBADF;
	return restartable(lock_set(file, &request));
}

SYSCALL(flock, 2, "dx")
{
	int operation = (int)a->v[1] & ~LOCK_NB;
	struct lock_request request = {.kind = LOCK_OF_FILE, .end = UINT64_MAX, .may_wait = !(a->v[1] & LOCK_NB)};
	struct file *file;
	int64_t ret;

	if (a->v[1] & LOCK_MAND) /* mandatory locks, which Linux has given up without an error */
		return 0;
	if (operation != LOCK_SH && operation != LOCK_EX && operation != LOCK_UN)
		return -EINVAL;
	file = descriptor_get((int)a->v[0]);
	if (!file)
		return -EBADF;
	request.type = operation == LOCK_SH ? F_RDLCK : operation == LOCK_EX ? F_WRLCK : F_UNLCK;
	request.owner = file;
	ret = !file->inode ? -EBADF : lock_set(file, &request);
	file_put(file);
	return restartable(ret);
}

/* ---- fcntl(2) ---- */

enum { SETFL_MASK = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK };

static int64_t set_flags(struct file *file, int fd, int flags)
{
	const struct credentials *cred = credentials_current();
	int ret;

	if ((flags & O_NOATIME) && !(file->flags & O_NOATIME) && file->inode && cred->fsuid != file->inode->uid && !credentials_have(cred, CAPABILITY_FOWNER))
		return -EPERM;
	ret = flags & ~file->flags & O_ASYNC ? file_signal_begin(file, fd) : 0;
	if (ret)
		return ret;
	file->flags = (file->flags & ~SETFL_MASK) | (flags & SETFL_MASK);
	return 0;
}

static int64_t pipe_command(struct file *file, int command, uint64_t argument)
{
	struct pipe *pipe = file_pipe(file);

	if (!pipe)
		return -EBADF;
	return command == F_GETPIPE_SZ ? (int64_t)pipe_size(pipe) : argument > INT32_MAX ? -EINVAL : pipe_set_size(pipe, argument);
}

/* A shared mapping that is, or can be made, writable. */
static bool is_mapped_writable(struct inode *inode)
{
	struct region *region;
	bool found = false;

	spin_lock(&inode->cache.lock);
	list_for_each(region, &inode->cache.regions, cache_node)
		found |= (region->flags & REGION_SHARED) && (region->flags & REGION_MAY_WRITE);
	spin_unlock(&inode->cache.lock);
	return found;
}

static int64_t add_seals(struct file *file, uint32_t seals)
{
	struct inode *inode = file->inode;
	int64_t ret = 0;

	if (seals & ~(uint32_t)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EINVAL;
	if (!inode || !inode->can_seal)
		return -EINVAL;
	if (!(file->mode & MAY_WRITE))
		return -EPERM;
	mutex_lock(&inode->lock);
	if (inode->seals & F_SEAL_SEAL)
		ret = -EPERM;
	else if ((seals & F_SEAL_WRITE) && is_mapped_writable(inode))
		ret = -EBUSY;
	else
		inode->seals |= seals;
	mutex_unlock(&inode->lock);
	return ret;
}

static int64_t owner_command(struct file *file, int command, uint64_t argument)
{
	struct linux_f_owner owner;

	switch (command) {
	case F_SETOWN:
		return file_signal_set_owner(file, (int)argument);
	case F_GETOWN:
		return file->owner;
	case F_SETOWN_EX:
		if (copy_from_user(&owner, argument, sizeof(owner)))
			return -EFAULT;
		return file_signal_set_owner(file, owner.type == 2 ? -owner.pid : owner.pid);
	default:
		owner = (struct linux_f_owner){.type = file->owner < 0 ? 2 : 1, .pid = file->owner < 0 ? -file->owner : file->owner};
		return copy_to_user(argument, &owner, sizeof(owner));
	}
}

static int64_t control(struct file *file, int fd, int command, uint64_t argument)
{
	switch (command) {
	case F_GETFL:
		return file->flags & ~O_NOCTTY;
	case F_SETFL:
		return set_flags(file, fd, (int)argument);
	case F_GETLK:
	case F_OFD_GETLK:
		return get_lock(file, command, argument);
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return set_lock(file, command, argument);
	case F_SETOWN:
	case F_GETOWN:
	case F_SETOWN_EX:
	case F_GETOWN_EX:
		return owner_command(file, command, argument);
	case F_SETSIG:
		return file_signal_set_number(file, (int)argument);
	case F_GETSIG:
		return file_signal_number(file);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return pipe_command(file, command, argument);
	case F_ADD_SEALS:
		return add_seals(file, (uint32_t)argument);
	case F_GET_SEALS:
		return file->inode && file->inode->can_seal ? (int64_t)file->inode->seals : -EINVAL;
	case F_NOTIFY:
		return file_signal_watch_directory(file, fd, (uint32_t)argument);
	case F_GETLEASE:
		return F_UNLCK;
	default:
		return -EINVAL;
	}
}

SYSCALL_PARTIAL(fcntl, "F_SETLEASE gives none (EINVAL, as for a file system without them); F_SETOWN_EX takes a thread for its process");
SYSCALL(fcntl, 3, "ddx")
{
	int fd = (int)a->v[0], command = (int)a->v[1];
	struct file *file;
	int64_t ret;

	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (a->v[2] >= process_current()->limits[LINUX_RLIMIT_NOFILE].soft)
			return -EINVAL;
		return duplicate(fd, (int)a->v[2], command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return descriptor_get_flags(fd);
	case F_SETFD:
		return descriptor_set_flags(fd, (int)a->v[2]);
	}
	file = descriptor_get_any(fd);
	if (!file)
		return -EBADF;
	if ((file->flags & O_PATH) && command != F_GETFL)
		ret = -EBADF;
	else
		ret = control(file, fd, command, a->v[2]);
	file_put(file);
	return ret;
}

/* ---- ioctl(2) ---- */

#define FICLONE	     0x40049409u
#define FICLONERANGE 0x4020940du

static int64_t set_bit_by_int(struct file *file, uint64_t argument, int bit)
{
	int value;

	if (copy_from_user(&value, argument, sizeof(value)))
		return -EFAULT;
	file->flags = value ? file->flags | bit : file->flags & ~bit;
	return 0;
}

static int64_t set_async(struct file *file, int fd, uint64_t argument)
{
	int value, ret;

	if (copy_from_user(&value, argument, sizeof(value)))
		return -EFAULT;
	ret = value ? file_signal_begin(file, fd) : 0;
	return ret ? ret : set_bit_by_int(file, argument, O_ASYNC);
}

static int64_t set_owner(struct file *file, uint64_t argument)
{
	int owner;

	return copy_from_user(&owner, argument, sizeof(owner)) ? -EFAULT : file_signal_set_owner(file, owner);
}

static int64_t bytes_left(struct file *file, uint64_t argument)
{
	int64_t left = (int64_t)file->inode->size - (int64_t)file->position;
	int value = left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;

	return copy_to_user(argument, &value, sizeof(value));
}

static int64_t control_device(struct file *file, int fd, unsigned command, uint64_t argument)
{
	switch (command) {
	case FIOCLEX:
		return descriptor_set_flags(fd, FD_CLOEXEC);
	case FIONCLEX:
		return descriptor_set_flags(fd, 0);
	case FIONBIO:
		return set_bit_by_int(file, argument, O_NONBLOCK);
	case FIOASYNC:
		return set_async(file, fd, argument);
	case FIOSETOWN:
	case SIOCSPGRP:
		return set_owner(file, argument);
	case FIOGETOWN:
	case SIOCGPGRP:
		return copy_to_user(argument, &file->owner, sizeof(file->owner));
	case FIONREAD:
		if (file->ops == &data_file_ops)
			return bytes_left(file, argument);
		break;
	case FICLONE:
	case FICLONERANGE:
		if (file->ops == &data_file_ops)
			return -EOPNOTSUPP; /* no file system here shares blocks */
		break;
	}
	return file->ops->ioctl ? file->ops->ioctl(file, command, argument) : -ENOTTY;
}

SYSCALL_PARTIAL(ioctl, "what the files' own drivers know: terminals, sockets, block devices; not FS_IOC_* of ext4");
SYSCALL(ioctl, 3, "dxx")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = control_device(file, (int)a->v[0], (unsigned)a->v[1], a->v[2]);
	file_put(file);
	return restartable(ret);
}
