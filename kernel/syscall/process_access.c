/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that reach into another process: process_vm_readv(2), process_madvise(2), pidfd_getfd(2), kcmp(2). */
#include "kernel/process/access.h"
#include "kernel/mem/heap.h"
#include "kernel/process/pidfd.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mman.h"

/* ---- Memory ---- */

/* Copies one piece, through `buffer` of a page. Bytes, or -EFAULT; fewer than len: one of the two sides ends there. */
static long transfer(struct address_space *space, uint64_t remote, struct io_vector *local, size_t len, bool is_write, char *buffer)
{
	long got;
	size_t done;

	if (is_write) {
		done = io_vector_get(local, buffer, len);
		return done ? address_space_write(space, remote, buffer, done) : -EFAULT;
	}
	got = address_space_read(space, remote, buffer, len);
	if (got <= 0)
		return got;
	done = io_vector_put(local, buffer, (size_t)got);
	return done ? (long)done : -EFAULT;
}

/* All of one remote segment, as far as the local ones go; false: it ended early. */
static bool transfer_segment(struct address_space *space, const struct io_segment *segment, struct io_vector *local, bool is_write, char *buffer, int64_t *total)
{
	uint64_t done = 0;

	while (done < segment->len && local->left) {
		size_t part = min_u64(min_u64(segment->len - done, local->left), PAGE_SIZE - (segment->base + done) % PAGE_SIZE);
		long moved = transfer(space, segment->base + done, local, part, is_write, buffer);

		if (moved < 0)
			return false;
		done += (uint64_t)moved;
		*total += moved;
		if ((size_t)moved < part)
			return false;
	}
	return true;
}

static int64_t transfer_all(struct address_space *space, struct io_vector *local, const struct io_vector *remote, bool is_write)
{
	char *buffer = heap_alloc(PAGE_SIZE);
	int64_t total = 0;
	bool goes_on = true;

	if (!buffer)
		return -ENOMEM;
	for (size_t i = 0; i < remote->count && local->left && goes_on; i++)
		goes_on = transfer_segment(space, &remote->segments[i], local, is_write, buffer, &total);
	heap_free(buffer);
	return total || goes_on ? total : -EFAULT;
}

static int64_t on_space(int pid, struct io_vector *local, const struct io_vector *remote, bool is_write)
{
	struct address_space *space;
	struct process *process;
	int64_t ret = process_access(pid, &process);

	if (ret)
		return ret;
	space = process_space_get(process);
	ret = space ? transfer_all(space, local, remote, is_write) : -ESRCH;
	if (space)
		address_space_put(space);
	process_put(process);
	return ret;
}

static int64_t process_vm(const struct syscall_arguments *a, bool is_write)
{
	struct io_vector local, remote;
	int64_t ret;

	if (a->v[5])
		return -EINVAL;
	ret = syscall_copy_iovec(a->v[1], a->v[2], &local);
	if (ret)
		return ret;
	if (local.left) {
		ret = a->v[4] > LINUX_IOV_MAX ? -EINVAL : syscall_copy_iovec(a->v[3], a->v[4], &remote);
		if (!ret) {
			ret = remote.left ? on_space((int)a->v[0], &local, &remote, is_write) : 0;
			syscall_free_iovec(&remote);
		}
	}
	syscall_free_iovec(&local);
	return ret;
}

SYSCALL(process_vm_readv, 6, "dpupux")
{
	return process_vm(a, false);
}

SYSCALL(process_vm_writev, 6, "dpupux")
{
	return process_vm(a, true);
}

/* ---- Through pidfds ---- */

/* The process of a pidfd that the caller may reach into, with a reference. */
static int access_pidfd(int fd, struct process **process)
{
	struct file *file = descriptor_get(fd);
	int ret;

	if (!file)
		return -EBADF;
	*process = pidfd_process(file);
	file_put(file);
	if (!*process)
		return -EBADF;
	ret = process_access_check(*process);
	if (ret)
		process_put(*process);
	return ret;
}

static int64_t advise_all(struct address_space *space, const struct io_vector *vector, int advice)
{
	int64_t done = 0;

	for (size_t i = 0; i < vector->count; i++) {
		int ret = address_space_advise(space, vector->segments[i].base, vector->segments[i].len, advice);

		if (ret)
			return done ? done : ret;
		done += (int64_t)vector->segments[i].len;
	}
	return done;
}

/* Only what cannot harm the other process. */
static bool is_remote_advice(int advice)
{
	return advice == LINUX_MADV_COLD || advice == LINUX_MADV_PAGEOUT || advice == LINUX_MADV_WILLNEED || advice == LINUX_MADV_COLLAPSE;
}

SYSCALL_PARTIAL(process_madvise, "COLD, PAGEOUT, WILLNEED and COLLAPSE are accepted as hints");
SYSCALL(process_madvise, 5, "dpudx")
{
	struct address_space *space;
	struct io_vector vector;
	struct process *process;
	int64_t ret;

	if (a->v[4])
		return -EINVAL;
	ret = syscall_copy_iovec(a->v[1], a->v[2], &vector);
	if (ret)
		return ret;
	ret = access_pidfd((int)a->v[0], &process);
	if (!ret) {
		space = process_space_get(process);
		if (!space)
			ret = -ESRCH;
		else if (!is_remote_advice((int)a->v[3]))
			ret = -EINVAL;
		else
			ret = advise_all(space, &vector, (int)a->v[3]);
		if (space)
			address_space_put(space);
		process_put(process);
	}
	syscall_free_iovec(&vector);
	return ret;
}

/* The file of a number in another process's table, with a reference; NULL: not open. */
static struct file *file_of(struct process *process, int fd)
{
	struct descriptor_table *table = process_descriptors_get(process);
	struct file *file = NULL;

	if (!table)
		return NULL;
	if (fd >= 0 && descriptor_next(table, fd, &file) != fd && file) {
		file_put(file);
		file = NULL;
	}
	descriptor_table_put(table);
	return file;
}

SYSCALL(pidfd_getfd, 3, "ddx")
{
	struct process *process;
	struct file *file;
	int64_t ret;

	if (a->v[2])
		return -EINVAL;
	ret = access_pidfd((int)a->v[0], &process);
	if (ret)
		return ret;
	file = file_of(process, (int)a->v[1]);
	process_put(process);
	if (!file)
		return -EBADF;
	ret = descriptor_add(file, 0, true);
	if (ret < 0)
		file_put(file);
	return ret;
}

/* ---- kcmp(2) ---- */

enum { KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO, KCMP_SYSVSEM };

/* What is compared: only whether it is the same object matters, so that nothing is held. */
static const void *object_of(struct process *process, int type)
{
	const void *object = NULL;
	struct task *task;

	spin_lock(&process_tree_lock);
	task = list_empty(&process->tasks) ? NULL : container_of(process->tasks.next, struct task, process_node);
	if (type == KCMP_VM)
		object = process->space;
	else if (type == KCMP_SIGHAND)
		object = process->handlers;
	else if (task)
		object = type == KCMP_FILES ? (const void *)task->descriptors : type == KCMP_FS ? (const void *)task->fs : NULL;
	spin_unlock(&process_tree_lock);
	return object;
}

static int64_t compare(const void *a, const void *b)
{
	return a == b ? 0 : (uintptr_t)a < (uintptr_t)b ? 1 : 2;
}

static int64_t compare_files(struct process *first, int fd, struct process *second, int other_fd)
{
	struct file *file = file_of(first, fd), *other = file_of(second, other_fd);
	int64_t ret = file && other ? compare(file, other) : -EBADF;

	if (file)
		file_put(file);
	if (other)
		file_put(other);
	return ret;
}

SYSCALL_PARTIAL(kcmp, "without KCMP_EPOLL_TFD");
SYSCALL(kcmp, 5, "dddxx")
{
	int type = (int)a->v[2];
	struct process *first, *second;
	int64_t ret = process_access((int)a->v[0], &first);

	if (ret)
		return ret;
	ret = process_access((int)a->v[1], &second);
	if (!ret) {
		if (type == KCMP_FILE)
			ret = compare_files(first, (int)a->v[3], second, (int)a->v[4]);
		else if (type > KCMP_FILE && type <= KCMP_SYSVSEM)
			ret = compare(object_of(first, type), object_of(second, type));
		else
			ret = -EINVAL;
		process_put(second);
	}
	process_put(first);
	return ret;
}
