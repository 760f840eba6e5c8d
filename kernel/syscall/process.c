/* SPDX-License-Identifier: BSD-3-Clause */
/* Processes and threads: clone(2), execve(2), exit(2), wait4(2), ids, groups, prctl(2), pidfds. */
#include "kernel/mem/heap.h"
#include "kernel/process/clone.h"
#include "kernel/process/credentials.h"
#include "kernel/process/exec.h"
#include "kernel/process/group.h"
#include "kernel/process/pidfd.h"
#include "kernel/process/wait_child.h"
#include "kernel/syscall/arguments.h"
#include "kernel/syscall/seccomp.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/sched.h"
#include "lib/format.h"
#include "lib/string.h"

/* ---- New ones. ---- */

SYSCALL(fork, 0, "")
{
	return task_clone(&(struct clone_arguments){.exit_signal = LINUX_SIGCHLD});
}

SYSCALL(vfork, 0, "")
{
	return task_clone(&(struct clone_arguments){.flags = LINUX_CLONE_VFORK | LINUX_CLONE_VM, .exit_signal = LINUX_SIGCHLD});
}

SYSCALL_PARTIAL(clone, "new namespaces (CLONE_NEW*) are refused with EINVAL");
SYSCALL(clone, 5, "xpppp")
{
	uint64_t flags = a->v[0] & 0xffffffffu;
	struct clone_arguments arguments = {
	    .flags = flags & ~LINUX_CLONE_EXIT_SIGNAL,
	    .exit_signal = (int)(flags & LINUX_CLONE_EXIT_SIGNAL),
	    .stack = a->v[1],
	    .parent_tid = a->v[2],
	    .child_tid = a->v[3],
	    .tls = a->v[4],
	    .pidfd = a->v[2],
	};

	if ((flags & LINUX_CLONE_PIDFD) && (flags & LINUX_CLONE_PARENT_SETTID))
		return -EINVAL;
	return task_clone(&arguments);
}

SYSCALL_PARTIAL(unshare, "new namespaces (CLONE_NEW*) are refused with EINVAL");
SYSCALL(unshare, 1, "x")
{
	return task_unshare(a->v[0]);
}

/* The process that a pidfd stands for, and whether it was opened with PIDFD_NONBLOCK; -EBADF. */
static int pidfd_pid(int fd, int *pid, bool *is_nonblocking)
{
	struct file *file = descriptor_get(fd);
	struct process *process;

	if (!file)
		return -EBADF;
	*is_nonblocking = file_is_nonblocking(file);
	process = pidfd_process(file);
	file_put(file);
	if (!process)
		return -EBADF;
	*pid = process->pid;
	process_put(process);
	return 0;
}

/* There is one namespace of each kind: whoever asks for that of a process is in it already. */
SYSCALL_PARTIAL(setns, "by pidfd, which changes nothing; there are no files of namespaces");
SYSCALL(setns, 2, "dx")
{
	const uint64_t known = LINUX_CLONE_NEW_ANY | LINUX_CLONE_NEWTIME;
	int flags = (int)a->v[1], pid, ret;
	struct file *file = descriptor_get((int)a->v[0]);
	bool unused;

	if (!file)
		return -EBADF;
	file_put(file);
	ret = pidfd_pid((int)a->v[0], &pid, &unused);
	if (ret || !flags || (uint64_t)(unsigned)flags & ~known)
		return -EINVAL;
	return task_is_capable(CAPABILITY_SYS_ADMIN) ? 0 : -EPERM;
}

/* What lies behind the struct that we know must be zero (clone3(2), openat2(2)). */
static int check_zeros(uint64_t address, uint64_t from, uint64_t to)
{
	for (; from < to; from++) {
		uint8_t byte;

		if (copy_from_user(&byte, address + from, 1))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}

SYSCALL_PARTIAL(clone3, "new namespaces (CLONE_NEW*), set_tid and CLONE_INTO_CGROUP are refused with EINVAL");
SYSCALL(clone3, 2, "pu")
{
	struct linux_clone_args args = {0};
	uint64_t size = a->v[1];
	int ret;

	if (size < LINUX_CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = check_zeros(a->v[0], sizeof(args), size);
	if (ret)
		return ret;
	if (copy_from_user(&args, a->v[0], min_u64(size, sizeof(args))))
		return -EFAULT;
	if (args.set_tid || args.set_tid_size || (args.flags & LINUX_CLONE_DETACHED) || args.exit_signal > LINUX_NSIG)
		return -EINVAL;
	if ((args.flags & LINUX_CLONE_EXIT_SIGNAL & ~LINUX_CLONE_NEWTIME) || args.flags >> 34)
		return -EINVAL;
	if (!args.stack != !args.stack_size)
		return -EINVAL;
	if ((args.flags & (LINUX_CLONE_THREAD | LINUX_CLONE_PARENT)) && args.exit_signal)
		return -EINVAL;
	return task_clone(&(struct clone_arguments){
	    .flags = args.flags,
	    .exit_signal = (int)args.exit_signal,
	    .stack = args.stack ? args.stack + args.stack_size : 0,
	    .parent_tid = args.parent_tid,
	    .child_tid = args.child_tid,
	    .tls = args.tls,
	    .pidfd = args.pidfd,
	});
}

SYSCALL(execve, 3, "s**")
{
	char *path;
	int64_t ret = syscall_copy_path(a->v[0], &path);

	if (ret)
		return ret;
	ret = *path ? task_exec(NULL, path, path, WALK_FOLLOW, a->v[1], a->v[2]) : -ENOENT;
	heap_free(path);
	return ret;
}

/* A program named by a descriptor alone is called /dev/fd/N, so that a script's interpreter can open it. */
static int64_t exec_at(int dirfd, const struct place_argument *place, unsigned flags, const struct syscall_arguments *a)
{
	const char *path = place->name;
	unsigned walk_flags = flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	size_t size = strlen(path) + sizeof("/dev/fd/-2147483648/");
	char *shown;
	int64_t ret;

	if (!*path && !(flags & AT_EMPTY_PATH))
		return -ENOENT;
	if (*path == '/' || dirfd == AT_FDCWD)
		return task_exec(place->start, path, path, walk_flags | (*path ? 0 : WALK_EMPTY), a->v[2], a->v[3]);
	shown = heap_alloc(size);
	if (!shown)
		return -ENOMEM;
	format_text(shown, size, *path ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, path);
	ret = task_exec(place->start, path, shown, walk_flags | (*path ? 0 : WALK_EMPTY), a->v[2], a->v[3]);
	heap_free(shown);
	return ret;
}

SYSCALL(execveat, 5, "Ds**x")
{
	struct place_argument place;
	unsigned flags = (unsigned)a->v[4];
	int64_t ret;

	if (flags & ~(unsigned)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	ret = place_get(&place, (int)a->v[0], a->v[1], flags & AT_EMPTY_PATH);
	if (ret)
		return ret;
	ret = exec_at((int)a->v[0], &place, flags, a);
	place_put(&place);
	return ret;
}

/* ---- Ends. ---- */

SYSCALL(exit, 1, "d")
{
	task_exit((int)(a->v[0] & 0xff) << 8);
}

SYSCALL(exit_group, 1, "d")
{
	process_exit_group((int)(a->v[0] & 0xff) << 8);
}

SYSCALL(wait4, 4, "dpxp")
{
	int pid = (int)a->v[0];
	struct wait_request request = {.id = pid < 0 ? -pid : pid, .options = (unsigned)a->v[2] | LINUX_WEXITED};
	struct wait_result result;
	int ret;

	if (a->v[2] & ~(uint64_t)(LINUX_WNOHANG | LINUX_WUNTRACED | LINUX_WCONTINUED | LINUX_WNOTHREAD | LINUX_WALL | LINUX_WCLONE) & 0xffffffffu)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	request.type = pid == -1 ? LINUX_P_ALL : pid > 0 ? LINUX_P_PID : LINUX_P_PGID;
	ret = process_wait(&request, &result);
	if (ret || !result.pid)
		return ret;
	if (a->v[1] && copy_to_user(a->v[1], &result.wait_status, sizeof(result.wait_status)))
		return -EFAULT;
	if (a->v[3] && copy_to_user(a->v[3], &result.usage, sizeof(result.usage)))
		return -EFAULT;
	return result.pid;
}

/* What waitid(2) tells, and nothing else of the program's memory; zeros where there is nothing to tell, errors included. */
static int put_child_info(uint64_t address, const struct linux_siginfo *info)
{
	enum { HEAD = 12, PLACE = 16, REST = 12 };

	return copy_to_user(address, info, HEAD) || copy_to_user(address + PLACE, &info->process, REST) ? -EFAULT : 0;
}

SYSCALL(waitid, 5, "ddpxp")
{
	struct wait_request request = {.type = (int)a->v[0], .id = (int)a->v[1], .options = (unsigned)a->v[3]};
	struct linux_siginfo info = {0};
	struct wait_result result;
	bool is_nonblocking = false;
	int ret = 0;

	if (request.options & ~(LINUX_WNOHANG | LINUX_WSTOPPED | LINUX_WEXITED | LINUX_WCONTINUED | LINUX_WNOWAIT | LINUX_WNOTHREAD | LINUX_WALL | LINUX_WCLONE))
		return -EINVAL;
	if (!(request.options & (LINUX_WSTOPPED | LINUX_WEXITED | LINUX_WCONTINUED)))
		return -EINVAL;
	if (request.type == LINUX_P_PIDFD) {
		request.type = LINUX_P_PID;
		ret = pidfd_pid(request.id, &request.id, &is_nonblocking);
		request.options |= is_nonblocking ? LINUX_WNOHANG : 0;
	} else if (request.type < LINUX_P_ALL || request.type > LINUX_P_PIDFD || (request.type == LINUX_P_PID && request.id <= 0) || request.id < 0) {
		ret = request.type == LINUX_P_ALL ? 0 : -EINVAL;
	}
	if (!ret)
		ret = process_wait(&request, &result);
	if (!ret && !result.pid && is_nonblocking && !(a->v[3] & LINUX_WNOHANG))
		ret = -EAGAIN;
	if (!ret && result.pid) {
		info.signo = LINUX_SIGCHLD;
		info.code = result.code;
		info.process.pid = result.pid;
		info.process.uid = result.uid;
		info.process.status = result.status;
		if (a->v[4] && copy_to_user(a->v[4], &result.usage, sizeof(result.usage)))
			return -EFAULT;
	}
	return a->v[2] && put_child_info(a->v[2], &info) ? -EFAULT : ret;
}

/* ---- Ids. ---- */

SYSCALL(getpid, 0, "")
{
	return process_current()->pid;
}

SYSCALL(gettid, 0, "")
{
	return task_current()->tid;
}

SYSCALL(getppid, 0, "")
{
	const struct process *parent;
	int pid;

	spin_lock(&process_tree_lock);
	parent = process_current()->parent;
	pid = parent ? parent->pid : 0;
	spin_unlock(&process_tree_lock);
	return pid;
}

SYSCALL(setpgid, 2, "dd")
{
	return group_set((int)a->v[0], (int)a->v[1]);
}

SYSCALL(setsid, 0, "")
{
	return session_new();
}

static int64_t id_of(int pid, bool session)
{
	int64_t ret = -ESRCH;

	spin_lock(&process_tree_lock);
	struct process *process = pid ? process_of_id_locked(pid) : process_current();
	if (process)
		ret = session ? process->session : process->group;
	spin_unlock(&process_tree_lock);
	return ret;
}

SYSCALL(getpgid, 1, "d")
{
	return id_of((int)a->v[0], false);
}

SYSCALL(getpgrp, 0, "")
{
	return id_of(0, false);
}

SYSCALL(getsid, 1, "d")
{
	return id_of((int)a->v[0], true);
}

/* ---- Of the thread. ---- */

SYSCALL(set_tid_address, 1, "p")
{
	task_current()->clear_child_tid = a->v[0];
	return task_current()->tid;
}

SYSCALL_PARTIAL(arch_prctl, "FS and GS bases; CPUID does not fault; nothing of AMX permission and shadow stacks");
SYSCALL(arch_prctl, 2, "xp")
{
	struct user_context *user = &task_current()->user;
	uint64_t base;

	switch (a->v[0]) {
	case LINUX_ARCH_SET_FS:
	case LINUX_ARCH_SET_GS:
		if (a->v[1] >= USER_END)
			return -EPERM;
		(a->v[0] == LINUX_ARCH_SET_FS ? user_set_tls : user_set_gs)(user, a->v[1]);
		return 0;
	case LINUX_ARCH_GET_FS:
	case LINUX_ARCH_GET_GS:
		base = (a->v[0] == LINUX_ARCH_GET_FS ? user_tls : user_gs)(user);
		return copy_to_user(a->v[1], &base, sizeof(base));
	case LINUX_ARCH_GET_CPUID: /* the instruction works, and never faults */
		return 1;
	case LINUX_ARCH_SET_CPUID:
		return -ENODEV;
	default:
		return -EINVAL;
	}
}

/* ---- pidfds. ---- */

SYSCALL(pidfd_open, 2, "dx")
{
	struct process *process;
	int ret;

	if ((int)a->v[0] <= 0 || a->v[1] & ~(uint64_t)O_NONBLOCK)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	process = process_find((int)a->v[0]);
	if (process)
		process_get(process);
	spin_unlock(&process_tree_lock);
	if (!process)
		return -ESRCH;
	ret = pidfd_new(process, (int)a->v[1]);
	process_put(process);
	return ret;
}

/* process_mrelease(2): a dying process gives its memory back by itself, and on its own CPU. */
SYSCALL(process_mrelease, 2, "dx")
{
	struct process *process;
	struct file *file;
	int ret = -EINVAL;

	if ((unsigned)a->v[1])
		return -EINVAL;
	file = descriptor_get((int)a->v[0]);
	if (!file)
		return -EBADF;
	process = pidfd_process(file);
	file_put(file);
	if (!process)
		return -EBADF;
	spin_lock(&process_tree_lock);
	if (process->is_zombie || !process->space)
		ret = -ESRCH;
	else if (process->is_exiting || process->pending.pending >> (LINUX_SIGKILL - 1) & 1)
		ret = 0;
	spin_unlock(&process_tree_lock);
	process_put(process);
	return ret;
}
