/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals: sigaction(2), sigprocmask(2), kill(2) and their families. */
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/pidfd.h"
#include "kernel/process/signal_wait.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/sched/wait.h"

#define SET_SIZE 8 /* bytes of a kernel's sigset_t */

/* ---- Actions and masks. ---- */

SYSCALL(rt_sigaction, 4, "Sppu")
{
	struct linux_sigaction action, old;
	int ret;

	if (a->v[3] != SET_SIZE)
		return -EINVAL;
	if (a->v[1] && copy_from_user(&action, a->v[1], sizeof(action)))
		return -EFAULT;
	ret = signal_action((int)a->v[0], a->v[1] ? &action : NULL, &old);
	if (ret || !a->v[2])
		return ret;
	return copy_to_user(a->v[2], &old, sizeof(old));
}

enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

SYSCALL(rt_sigprocmask, 4, "dppu")
{
	uint64_t old = task_current()->blocked, set;

	if (a->v[3] != SET_SIZE)
		return -EINVAL;
	if (a->v[1]) {
		if (copy_from_user(&set, a->v[1], sizeof(set)))
			return -EFAULT;
		switch ((int)a->v[0]) {
		case SIG_BLOCK:
			set |= old;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		if (set != old)
			signal_set_mask(set);
	}
	return a->v[2] ? copy_to_user(a->v[2], &old, sizeof(old)) : 0;
}

SYSCALL(rt_sigpending, 2, "pu")
{
	struct task *task = task_current();
	uint64_t pending = (task->pending.pending | task->process->pending.pending) & task->blocked;

	if (a->v[1] > SET_SIZE)
		return -EINVAL;
	return copy_to_user(a->v[0], &pending, a->v[1]);
}

SYSCALL(rt_sigreturn, 0, "")
{
	return signal_return();
}

SYSCALL(sigaltstack, 2, "pp")
{
	struct task *task = task_current();
	uint64_t sp = user_stack_pointer(&task->user);
	bool is_disabled = task->altstack_flags & LINUX_SS_DISABLE;
	bool is_on = !is_disabled && !((uint32_t)task->altstack_flags & LINUX_SS_AUTODISARM) && sp > task->altstack_base && sp - task->altstack_base <= task->altstack_size;
	struct linux_stack old = {.base = task->altstack_base, .size = task->altstack_size, .flags = task->altstack_flags | (is_on ? LINUX_SS_ONSTACK : 0)}, wanted;
	uint32_t mode;

	if (a->v[0]) {
		if (copy_from_user(&wanted, a->v[0], sizeof(wanted)))
			return -EFAULT;
		if (is_on)
			return -EPERM;
		mode = (uint32_t)wanted.flags & ~LINUX_SS_AUTODISARM;
		if (mode && mode != LINUX_SS_DISABLE && mode != LINUX_SS_ONSTACK)
			return -EINVAL;
		if (!(wanted.flags & LINUX_SS_DISABLE) && wanted.size < 2048)
			return -ENOMEM;
		task->altstack_flags = wanted.flags & LINUX_SS_DISABLE ? LINUX_SS_DISABLE : (int)((uint32_t)wanted.flags & LINUX_SS_AUTODISARM);
		task->altstack_base = wanted.flags & LINUX_SS_DISABLE ? 0 : wanted.base;
		task->altstack_size = wanted.flags & LINUX_SS_DISABLE ? 0 : wanted.size;
	}
	return a->v[1] ? copy_to_user(a->v[1], &old, sizeof(old)) : 0;
}

/* ---- Waiting. ---- */

SYSCALL(rt_sigsuspend, 2, "pu")
{
	uint64_t mask;
	int ret;

	if (a->v[1] != SET_SIZE)
		return -EINVAL;
	if (copy_from_user(&mask, a->v[0], sizeof(mask)))
		return -EFAULT;
	signal_mask_begin(mask);
	do {
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	} while (!ret);
	signal_mask_end(true);
	return -ERESTART_NO_HANDLER;
}

SYSCALL(pause, 0, "")
{
	int ret;

	do {
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	} while (!ret);
	return -ERESTART_NO_HANDLER;
}

SYSCALL(rt_sigtimedwait, 4, "pptu")
{
	uint64_t mask, ns, deadline = WAIT_FOREVER;
	struct linux_siginfo info;
	int ret = 0;

	if (a->v[3] != SET_SIZE)
		return -EINVAL;
	if (copy_from_user(&mask, a->v[0], sizeof(mask)))
		return -EFAULT;
	if (a->v[2]) {
		ret = syscall_copy_timespec(a->v[2], &ns);
		deadline = ns ? clock_monotonic_ns() + ns : 0;
	}
	if (!ret)
		ret = signal_wait(mask, deadline, &info);
	if (ret)
		return ret;
	if (a->v[1] && copy_to_user(a->v[1], &info, sizeof(info)))
		return -EFAULT;
	return info.signo;
}

/* Calls that go on after a signal are begun again by their own numbers: there is never one that waits for this. */
SYSCALL(restart_syscall, 0, "")
{
	return -EINTR;
}

/* ---- Sending. ---- */

static struct linux_siginfo info_of_sender(int signal, int code)
{
	struct linux_siginfo info = {.signo = signal, .code = code};

	info.process.pid = process_current()->pid;
	info.process.uid = credentials_current()->uid;
	return info;
}

/* kill(2): the sender's real or effective id is the target's real or saved one, or it may anyway. Under process_tree_lock. */
static bool may_signal(const struct process *target, int signal)
{
	const struct credentials *mine = credentials_current(), *theirs;

	if (credentials_have(mine, CAPABILITY_KILL) || target == process_current() || list_empty(&target->tasks))
		return true;
	theirs = container_of(target->tasks.next, struct task, process_node)->credentials;
	if (mine->euid == theirs->uid || mine->euid == theirs->suid || mine->uid == theirs->uid || mine->uid == theirs->suid)
		return true;
	return signal == LINUX_SIGCONT && target->session == process_current()->session;
}

static bool is_signal(int signal)
{
	return signal >= 0 && signal <= LINUX_NSIG;
}

/* Whether there is somebody to send to is told before whether the signal is one. */
static int send(struct process *target, int signal, const struct linux_siginfo *info)
{
	if (!is_signal(signal))
		return -EINVAL;
	return may_signal(target, signal) ? process_signal(target, signal, info) : -EPERM;
}

/* To every process that `group` (0: all but init and the sender) selects; success if any could be signalled. */
static int send_to_many(int group, int signal, const struct linux_siginfo *info)
{
	int ret = -ESRCH;

	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1)) {
		int one;

		if (group ? p->group != group : p->pid == 1 || p == process_current())
			continue;
		one = send(p, signal, info);
		ret = !one || !ret ? 0 : one;
	}
	return ret;
}

SYSCALL(kill, 2, "dS")
{
	int pid = (int)a->v[0], signal = (int)a->v[1], ret;
	struct linux_siginfo info = info_of_sender(signal, LINUX_SI_USER);
	struct process *target;

	if (pid == INT32_MIN)
		return -ESRCH;
	spin_lock(&process_tree_lock);
	if (pid > 0) {
		target = process_of_id_locked(pid);
		ret = target ? send(target, signal, &info) : -ESRCH;
	} else {
		ret = send_to_many(pid == 0 ? process_current()->group : pid == -1 ? 0 : -pid, signal, &info);
	}
	spin_unlock(&process_tree_lock);
	return ret;
}

/* tgid 0: whatever process the thread is of. */
static int64_t send_to_task(int tgid, int tid, int signal, const struct linux_siginfo *info)
{
	struct task *task;
	int ret = -ESRCH;

	if (tid <= 0 || tgid < 0)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	task = task_find(tid);
	if (task && (!tgid || task->process->pid == tgid))
		ret = !is_signal(signal) ? -EINVAL : may_signal(task->process, signal) ? task_signal(task, signal, info) : -EPERM;
	spin_unlock(&process_tree_lock);
	return ret;
}

SYSCALL(tkill, 2, "dS")
{
	struct linux_siginfo info = info_of_sender((int)a->v[1], LINUX_SI_TKILL);

	return send_to_task(0, (int)a->v[0], (int)a->v[1], &info);
}

SYSCALL(tgkill, 3, "ddS")
{
	struct linux_siginfo info = info_of_sender((int)a->v[2], LINUX_SI_TKILL);

	if ((int)a->v[0] <= 0)
		return -EINVAL;
	return send_to_task((int)a->v[0], (int)a->v[1], (int)a->v[2], &info);
}

/* What a program says that a signal is must not look like the kernel's or kill's, but to itself. */
static int copy_info(uint64_t address, int signal, bool to_self, struct linux_siginfo *info)
{
	enum { KNOWN = 48 }; /* bytes that mean something; the rest is not looked at */

	*info = (struct linux_siginfo){0};
	if (copy_from_user(info, address, KNOWN))
		return -EFAULT;
	info->signo = signal;
	info->mark = 0;
	return (info->code >= 0 || info->code == LINUX_SI_TKILL) && !to_self ? -EPERM : 0;
}

SYSCALL(rt_sigqueueinfo, 3, "dSp")
{
	int pid = (int)a->v[0], signal = (int)a->v[1];
	struct linux_siginfo info;
	struct process *target;
	int ret = copy_info(a->v[2], signal, pid == process_current()->pid, &info);

	if (ret)
		return ret;
	spin_lock(&process_tree_lock);
	target = pid > 0 ? process_of_id_locked(pid) : NULL;
	ret = target ? send(target, signal, &info) : -ESRCH;
	spin_unlock(&process_tree_lock);
	return ret;
}

SYSCALL(rt_tgsigqueueinfo, 4, "ddSp")
{
	struct linux_siginfo info;
	int ret = (int)a->v[0] > 0 ? copy_info(a->v[3], (int)a->v[2], (int)a->v[0] == process_current()->pid, &info) : -EINVAL;

	return ret ? ret : send_to_task((int)a->v[0], (int)a->v[1], (int)a->v[2], &info);
}

enum { TO_THREAD = 1, TO_PROCESS = 2, TO_GROUP = 4 }; /* PIDFD_SIGNAL_* */

/* A pidfd is one of a whole process here: its thread is the first. */
static int send_by_pidfd(struct process *target, int signal, const struct linux_siginfo *info, uint64_t scope)
{
	struct task *task;

	if (target->is_zombie && process_find(target->pid) != target)
		return -ESRCH;
	if (scope == TO_GROUP)
		return send_to_many(target->pid, signal, info);
	if (scope != TO_THREAD)
		return send(target, signal, info);
	task = task_find(target->pid);
	return !task ? -ESRCH : !is_signal(signal) ? -EINVAL : may_signal(target, signal) ? task_signal(task, signal, info) : -EPERM;
}

/* What a program says of the signal names the same one. */
static int copy_named_info(uint64_t address, int signal, const struct process *target, struct linux_siginfo *info)
{
	int named;

	if (copy_from_user(&named, address, sizeof(named)))
		return -EFAULT;
	return named == signal ? copy_info(address, signal, target == process_current(), info) : -EINVAL;
}

SYSCALL(pidfd_send_signal, 4, "dSpx")
{
	struct linux_siginfo info = info_of_sender((int)a->v[1], a->v[3] == TO_THREAD ? LINUX_SI_TKILL : LINUX_SI_USER);
	uint64_t scope = (uint32_t)a->v[3];
	struct file *file;
	struct process *target;
	int ret;

	if (scope & ~(uint64_t)(TO_THREAD | TO_PROCESS | TO_GROUP) || scope & (scope - 1))
		return -EINVAL;
	file = descriptor_get((int)a->v[0]);
	if (!file)
		return -EBADF;
	ret = pidfd_or_folder_process(file, &target);
	file_put(file);
	if (ret)
		return ret;
	ret = a->v[2] ? copy_named_info(a->v[2], (int)a->v[1], target, &info) : 0;
	spin_lock(&process_tree_lock);
	if (!ret)
		ret = send_by_pidfd(target, (int)a->v[1], &info, scope);
	spin_unlock(&process_tree_lock);
	process_put(target);
	return ret;
}

/* ---- signalfd. ---- */

static int64_t make_signalfd(int fd, uint64_t address, uint64_t size, int flags)
{
	struct file *file;
	uint64_t mask;
	int ret;

	if (size != SET_SIZE || flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (copy_from_user(&mask, address, sizeof(mask)))
		return -EFAULT;
	if (fd != -1) {
		file = descriptor_get(fd);
		if (!file)
			return -EBADF;
		ret = signalfd_set_mask(file, mask);
		file_put(file);
		return ret ? ret : fd;
	}
	ret = signalfd_new(mask, flags, &file);
	if (ret)
		return ret;
	ret = descriptor_add(file, 0, flags & O_CLOEXEC);
	if (ret < 0)
		file_put(file);
	return ret;
}

SYSCALL(signalfd, 3, "dpu")
{
	return make_signalfd((int)a->v[0], a->v[1], a->v[2], 0);
}

SYSCALL(signalfd4, 4, "dpux")
{
	return make_signalfd((int)a->v[0], a->v[1], a->v[2], (int)a->v[3]);
}
