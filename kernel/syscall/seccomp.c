/* SPDX-License-Identifier: BSD-3-Clause */
/* seccomp(2), and what becomes of a call that a filter has judged. */
#include "kernel/syscall/seccomp.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/arch/debug.h"
#include "kernel/process/seccomp.h"
#include "kernel/process/trace.h"
#include "kernel/syscall/strace.h"
#include "kernel/uapi/seccomp.h"

/* ---- Judging ---- */

static struct linux_siginfo info_of(const struct task *task, uint64_t number, uint32_t data)
{
	struct linux_siginfo info = {.signo = LINUX_SIGSYS, .code = SYS_SECCOMP_CODE, .error = (int32_t)data};

	info.sys.call_address = user_instruction_pointer(&task->user);
	info.sys.syscall = (int32_t)number;
	info.sys.arch = AUDIT_ARCH_X86_64;
	return info;
}

/* With a core file, if there may be one: the call's number stands in its register then. */
static noreturn_fn void end_process(struct task *task, uint64_t number, uint32_t data)
{
	struct linux_siginfo info = info_of(task, number, data);

	user_syscall_set_result(&task->user, (int64_t)number);
	process_end_by_signal(&info);
}

static bool allow_strict(struct task *task, uint64_t number)
{
	if (number == SYS_read || number == SYS_write || number == SYS_exit || number == SYS_rt_sigreturn)
		return true;
	if (task->process->nr_tasks == 1)
		process_exit_group(LINUX_SIGKILL);
	task_exit(LINUX_SIGKILL);
}

/* The handler finds the call's number in the result's register, and may set a result there. */
static void trap(struct task *task, uint64_t number, uint32_t data)
{
	struct linux_siginfo info = info_of(task, number, data);

	user_syscall_set_result(&task->user, (int64_t)number);
	task->in_restartable = false;
	task_force_signal(&info);
}

static void log_call(const struct task *task, uint64_t number)
{
	log_line(LOG_INFO, "seccomp: %s (pid %d) calls %s", task->process->name, task->process->pid, syscall_name(number) ? syscall_name(number) : "what does not exist");
}

/* The strongest verdict on the call. */
static uint32_t judge(const struct call_filter *chain, const struct task *task, uint64_t number, const struct syscall_arguments *a)
{
	struct call_data data = {.number = (int32_t)number, .architecture = AUDIT_ARCH_X86_64, .instruction_pointer = user_instruction_pointer(&task->user)};

	for (unsigned i = 0; i < 6; i++)
		data.arguments[i] = a->v[i];
	return call_filter_judge(chain, &data);
}

/* The tracer decides: the call, or another one that it makes of it, is judged once more. False: there is no tracer for it, or it is not to be made. */
static bool ask_tracer(struct task *task, uint64_t *number, struct syscall_arguments *a, uint32_t value)
{
	if (!task->trace || !trace_hooks->filtered(task, value)) {
		user_syscall_set_result(&task->user, -ENOSYS);
		return false;
	}
	if (task->thread.killed || task->syscall_number == NO_CALL)
		return false;
	*number = task->syscall_number;
	syscall_load_arguments(&task->user, a);
	return true;
}

bool seccomp_allows(struct task *task, uint64_t *changeable, struct syscall_arguments *a)
{
	const struct call_filter *chain = __atomic_load_n(&task->filters, __ATOMIC_ACQUIRE);
	uint64_t number = *changeable;
	uint32_t verdict, value;

	if (chain->is_strict)
		return allow_strict(task, number);
	verdict = judge(chain, task, number, a);
	if ((verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE) {
		if (!ask_tracer(task, changeable, a, verdict & SECCOMP_RET_DATA))
			return false;
		number = *changeable;
		verdict = judge(chain, task, number, a);
	}
	value = verdict & SECCOMP_RET_DATA;
	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_TRACE: /* its tracer has allowed it */
		return true;
	case SECCOMP_RET_LOG:
		log_call(task, number);
		return true;
	case SECCOMP_RET_ERRNO:
		user_syscall_set_result(&task->user, -(int64_t)min_u64(value, 4095));
		return false;
	case SECCOMP_RET_USER_NOTIF: /* nobody listens */
		user_syscall_set_result(&task->user, -ENOSYS);
		return false;
	case SECCOMP_RET_TRAP:
		trap(task, number, value);
		return false;
	case SECCOMP_RET_KILL_THREAD:
		if (chain->logs)
			log_call(task, number);
		if (task->process->nr_tasks > 1)
			task_exit(LINUX_SIGSYS);
		end_process(task, number, value);
	default:
		if (chain->logs)
			log_call(task, number);
		end_process(task, number, value);
	}
}

/* ---- The call ---- */

struct linux_sock_fprog {
	uint16_t len;
	uint16_t pad[3];
	uint64_t filter;
};

enum { FILTER_FLAGS = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_TSYNC_ESRCH };

static int copy_filter(uint64_t address, struct call_filter **filter)
{
	struct linux_sock_fprog given;
	struct bpf_instruction *program;
	int ret;

	if (copy_from_user(&given, address, sizeof(given)))
		return -EFAULT;
	if (!given.len || given.len > BPF_INSTRUCTIONS_MAX)
		return -EINVAL;
	if (!task_current()->no_new_privileges && !task_is_capable(CAPABILITY_SYS_ADMIN))
		return -EACCES;
	program = heap_alloc(given.len * sizeof(*program));
	if (!program)
		return -ENOMEM;
	ret = copy_from_user(program, given.filter, given.len * sizeof(*program));
	if (!ret)
		ret = call_filter_new(program, given.len, filter);
	heap_free(program);
	return ret;
}

static int64_t set_filter(unsigned flags, uint64_t address)
{
	struct call_filter *filter;
	int ret;

	if (flags & ~(unsigned)FILTER_FLAGS)
		return -EINVAL;
	ret = copy_filter(address, &filter);
	if (ret)
		return ret;
	filter->logs = flags & SECCOMP_FILTER_FLAG_LOG;
	ret = call_filter_add(filter, flags & SECCOMP_FILTER_FLAG_TSYNC);
	if (ret)
		call_filter_put(filter);
	return ret > 0 && (flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH) ? -ESRCH : ret;
}

/* prctl(2): PR_SET_SECCOMP, PR_GET_SECCOMP. */
int64_t seccomp_set_mode(uint64_t mode, uint64_t address)
{
	switch (mode) {
	case SECCOMP_MODE_STRICT:
		return call_filter_set_strict();
	case SECCOMP_MODE_FILTER:
		return set_filter(0, address);
	default:
		return -EINVAL;
	}
}

int seccomp_mode(const struct task *task)
{
	return !task->filters ? SECCOMP_MODE_DISABLED : task->filters->is_strict ? SECCOMP_MODE_STRICT : SECCOMP_MODE_FILTER;
}

static int64_t is_available(uint64_t address)
{
	static const uint32_t actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW};
	uint32_t action;

	if (copy_from_user(&action, address, sizeof(action)))
		return -EFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (actions[i] == action)
			return 0;
	return -EOPNOTSUPP;
}

SYSCALL_PARTIAL(seccomp, "without a listener in another process (SECCOMP_RET_USER_NOTIF)");
SYSCALL(seccomp, 3, "xxp")
{
	unsigned flags = (unsigned)a->v[1];

	switch ((unsigned)a->v[0]) {
	case SECCOMP_SET_MODE_STRICT:
		return flags || a->v[2] ? -EINVAL : call_filter_set_strict();
	case SECCOMP_SET_MODE_FILTER:
		return set_filter(flags, a->v[2]);
	case SECCOMP_GET_ACTION_AVAIL:
		return flags ? -EINVAL : is_available(a->v[2]);
	default:
		return -EINVAL;
	}
}
