/* SPDX-License-Identifier: BSD-3-Clause */
/* Processes, threads, and what they wait for in each other. */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"

static const struct strace_name clone_flags[] = {{LINUX_CLONE_VM, "CLONE_VM"}, {LINUX_CLONE_FS, "CLONE_FS"}, {LINUX_CLONE_FILES, "CLONE_FILES"}, {LINUX_CLONE_SIGHAND, "CLONE_SIGHAND"},
    {LINUX_CLONE_PIDFD, "CLONE_PIDFD"}, {LINUX_CLONE_PTRACE, "CLONE_PTRACE"}, {LINUX_CLONE_VFORK, "CLONE_VFORK"}, {LINUX_CLONE_PARENT, "CLONE_PARENT"}, {LINUX_CLONE_THREAD, "CLONE_THREAD"},
    {LINUX_CLONE_NEWNS, "CLONE_NEWNS"}, {LINUX_CLONE_SYSVSEM, "CLONE_SYSVSEM"}, {LINUX_CLONE_SETTLS, "CLONE_SETTLS"}, {LINUX_CLONE_PARENT_SETTID, "CLONE_PARENT_SETTID"},
    {LINUX_CLONE_CHILD_CLEARTID, "CLONE_CHILD_CLEARTID"}, {LINUX_CLONE_DETACHED, "CLONE_DETACHED"}, {LINUX_CLONE_UNTRACED, "CLONE_UNTRACED"}, {LINUX_CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID"},
    {LINUX_CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {LINUX_CLONE_NEWUTS, "CLONE_NEWUTS"}, {LINUX_CLONE_NEWIPC, "CLONE_NEWIPC"}, {LINUX_CLONE_NEWUSER, "CLONE_NEWUSER"},
    {LINUX_CLONE_NEWPID, "CLONE_NEWPID"}, {LINUX_CLONE_NEWNET, "CLONE_NEWNET"}, {LINUX_CLONE_IO, "CLONE_IO"}, {LINUX_CLONE_CLEAR_SIGHAND, "CLONE_CLEAR_SIGHAND"}, {0, NULL}};
static const struct strace_name wait_options[] = {{LINUX_WNOHANG, "WNOHANG"}, {LINUX_WSTOPPED, "WSTOPPED"}, {LINUX_WEXITED, "WEXITED"}, {LINUX_WCONTINUED, "WCONTINUED"},
    {LINUX_WNOWAIT, "WNOWAIT"}, {LINUX_WNOTHREAD, "__WNOTHREAD"}, {LINUX_WALL, "__WALL"}, {LINUX_WCLONE, "__WCLONE"}, {0, NULL}};
static const struct strace_name id_types[] = {{0, "P_ALL"}, {1, "P_PID"}, {2, "P_PGID"}, {3, "P_PIDFD"}, {0, NULL}};
static const struct strace_name futex_operations[] = {{0, "FUTEX_WAIT"}, {1, "FUTEX_WAKE"}, {3, "FUTEX_REQUEUE"}, {4, "FUTEX_CMP_REQUEUE"}, {5, "FUTEX_WAKE_OP"}, {6, "FUTEX_LOCK_PI"},
    {7, "FUTEX_UNLOCK_PI"}, {8, "FUTEX_TRYLOCK_PI"}, {9, "FUTEX_WAIT_BITSET"}, {10, "FUTEX_WAKE_BITSET"}, {11, "FUTEX_WAIT_REQUEUE_PI"}, {12, "FUTEX_CMP_REQUEUE_PI"}, {13, "FUTEX_LOCK_PI2"}, {0, NULL}};
static const struct strace_name controls[] = {{1, "PR_SET_PDEATHSIG"}, {2, "PR_GET_PDEATHSIG"}, {3, "PR_GET_DUMPABLE"}, {4, "PR_SET_DUMPABLE"}, {7, "PR_GET_KEEPCAPS"}, {8, "PR_SET_KEEPCAPS"},
    {15, "PR_SET_NAME"}, {16, "PR_GET_NAME"}, {21, "PR_GET_SECCOMP"}, {22, "PR_SET_SECCOMP"}, {23, "PR_CAPBSET_READ"}, {24, "PR_CAPBSET_DROP"}, {27, "PR_GET_SECUREBITS"}, {28, "PR_SET_SECUREBITS"},
    {29, "PR_SET_TIMERSLACK"}, {30, "PR_GET_TIMERSLACK"}, {36, "PR_SET_CHILD_SUBREAPER"}, {37, "PR_GET_CHILD_SUBREAPER"}, {38, "PR_SET_NO_NEW_PRIVS"}, {39, "PR_GET_NO_NEW_PRIVS"},
    {40, "PR_GET_TID_ADDRESS"}, {41, "PR_SET_THP_DISABLE"}, {42, "PR_GET_THP_DISABLE"}, {47, "PR_CAP_AMBIENT"}, {0x53564d41, "PR_SET_VMA"}, {0x59616d61, "PR_SET_PTRACER"}, {0, NULL}};
static const struct strace_name arch_controls[] = {{0x1001, "ARCH_SET_GS"}, {0x1002, "ARCH_SET_FS"}, {0x1003, "ARCH_GET_FS"}, {0x1004, "ARCH_GET_GS"}, {0x3001, "ARCH_CET_STATUS"}, {0, NULL}};
static const struct strace_name resources[] = {{0, "RLIMIT_CPU"}, {1, "RLIMIT_FSIZE"}, {2, "RLIMIT_DATA"}, {3, "RLIMIT_STACK"}, {4, "RLIMIT_CORE"}, {5, "RLIMIT_RSS"}, {6, "RLIMIT_NPROC"},
    {7, "RLIMIT_NOFILE"}, {8, "RLIMIT_MEMLOCK"}, {9, "RLIMIT_AS"}, {10, "RLIMIT_LOCKS"}, {11, "RLIMIT_SIGPENDING"}, {12, "RLIMIT_MSGQUEUE"}, {13, "RLIMIT_NICE"}, {14, "RLIMIT_RTPRIO"},
    {15, "RLIMIT_RTTIME"}, {0, NULL}};
static const struct strace_name policies[] = {{0, "SCHED_OTHER"}, {1, "SCHED_FIFO"}, {2, "SCHED_RR"}, {3, "SCHED_BATCH"}, {5, "SCHED_IDLE"}, {6, "SCHED_DEADLINE"}, {0, NULL}};
static const struct strace_name priorities[] = {{0, "PRIO_PROCESS"}, {1, "PRIO_PGRP"}, {2, "PRIO_USER"}, {0, NULL}};
static const struct strace_name usages[] = {{0, "RUSAGE_SELF"}, {0xffffffff, "RUSAGE_CHILDREN"}, {1, "RUSAGE_THREAD"}, {0, NULL}};
static const struct strace_name barriers[] = {{0, "MEMBARRIER_CMD_QUERY"}, {1, "MEMBARRIER_CMD_GLOBAL"}, {2, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"}, {4, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"},
    {8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"}, {16, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"}, {0, NULL}};

/* The lowest byte is the signal that tells of the child's end. */
static void show_clone_flags(struct strace_line *line, const struct strace_value *v)
{
	int signal = (int)(v->value & LINUX_CLONE_EXIT_SIGNAL);

	if (v->value & ~LINUX_CLONE_EXIT_SIGNAL)
		strace_add_flags(line, v->value & ~LINUX_CLONE_EXIT_SIGNAL, clone_flags, "0");
	if (signal && (v->value & ~LINUX_CLONE_EXIT_SIGNAL))
		strace_add(line, "|");
	if (signal)
		strace_add_signal(line, signal);
}

static bool is_one_of(uint64_t value, const uint32_t *values, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (values[i] == (uint32_t)value)
			return true;
	return false;
}

/* PR_SET_NAME's is a text; others' are numbers or addresses; some have none. */
static void show_control_argument(struct strace_line *line, const struct strace_value *v)
{
	static const uint32_t without[] = {LINUX_PR_GET_DUMPABLE, LINUX_PR_GET_KEEPCAPS, LINUX_PR_GET_SECCOMP, LINUX_PR_GET_SECUREBITS, LINUX_PR_GET_TIMERSLACK};

	if (is_one_of(v->a->v[0], without, ARRAY_SIZE(without)))
		strace_omit(line);
	else if (v->a->v[0] == LINUX_PR_SET_NAME)
		strace_show_path(line, v);
	else if (v->a->v[0] == LINUX_PR_SET_PDEATHSIG && v->value)
		strace_show_signal(line, v);
	else
		strace_add(line, v->value > 9 ? "%#llx" : "%llu", (unsigned long long)v->value);
}

static void show_control_rest(struct strace_line *line, const struct strace_value *v)
{
	static const uint32_t with[] = {LINUX_PR_SET_NO_NEW_PRIVS, LINUX_PR_GET_NO_NEW_PRIVS, LINUX_PR_SET_THP_DISABLE, LINUX_PR_GET_THP_DISABLE, LINUX_PR_CAP_AMBIENT, LINUX_PR_SET_VMA};

	if (is_one_of(v->a->v[0], with, ARRAY_SIZE(with)))
		strace_add(line, v->value ? "%#llx" : "0", (unsigned long long)v->value);
	else
		strace_omit(line);
}

static void add_pointer(struct strace_line *line, const char *name, uint64_t value)
{
	strace_add(line, value ? "%s=%#llx" : "%s=NULL", name, (unsigned long long)value);
}

/* In another order than the call's, and only those that the flags ask for. */
static void show_clone(struct strace_line *line, const struct strace_value *v)
{
	add_pointer(line, "child_stack", v->a->v[1]);
	strace_add(line, ", flags=");
	show_clone_flags(line, v);
	if (v->value & (LINUX_CLONE_PARENT_SETTID | LINUX_CLONE_PIDFD))
		add_pointer(line, v->value & LINUX_CLONE_PIDFD ? ", pidfd" : ", parent_tid", v->a->v[2]);
	if (v->value & LINUX_CLONE_SETTLS)
		strace_add(line, ", tls=%#llx", (unsigned long long)v->a->v[4]);
	if (v->value & (LINUX_CLONE_CHILD_SETTID | LINUX_CLONE_CHILD_CLEARTID))
		add_pointer(line, ", child_tidptr", v->a->v[3]);
}

static void show_clone_arguments(struct strace_line *line, const struct strace_value *v)
{
	struct linux_clone_args a = {0};

	if (!strace_fetch(line, v, &a, min_u64(v->a->v[1], sizeof(a))))
		return;
	strace_add(line, "{flags=");
	strace_add_flags(line, a.flags, clone_flags, "0");
	if (a.child_tid)
		strace_add(line, ", child_tid=%#llx", (unsigned long long)a.child_tid);
	if (a.parent_tid)
		strace_add(line, ", parent_tid=%#llx", (unsigned long long)a.parent_tid);
	strace_add(line, ", exit_signal=");
	strace_add_signal(line, (int)a.exit_signal);
	strace_add(line, ", stack=%#llx, stack_size=%#llx", (unsigned long long)a.stack, (unsigned long long)a.stack_size);
	if (a.tls)
		strace_add(line, ", tls=%#llx", (unsigned long long)a.tls);
	strace_add(line, "}");
}

static void show_wait_status(struct strace_line *line, const struct strace_value *v)
{
	int status, signal;

	if (v->value && !v->result) { /* nobody was waited for */
		strace_show_address(line, v);
		return;
	}
	if (!strace_fetch(line, v, &status, sizeof(status)))
		return;
	signal = status & 0x7f;
	if (!signal) {
		strace_add(line, "[{WIFEXITED(s) && WEXITSTATUS(s) == %d}]", status >> 8 & 0xff);
	} else if (status == 0xffff) {
		strace_add(line, "[{WIFCONTINUED(s)}]");
	} else if (signal == 0x7f) {
		strace_add(line, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		strace_add_signal(line, status >> 8 & 0xff);
		strace_add(line, "}]");
	} else {
		strace_add(line, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
		strace_add_signal(line, signal);
		strace_add(line, status & 0x80 ? " && WCOREDUMP(s)}]" : "}]");
	}
}

static void show_rusage(struct strace_line *line, const struct strace_value *v)
{
	struct linux_rusage usage;

	if (strace_fetch(line, v, &usage, sizeof(usage)))
		strace_add(line, "{ru_utime={tv_sec=%lld, tv_usec=%lld}, ru_stime={tv_sec=%lld, tv_usec=%lld}, ...}", (long long)usage.user.seconds, (long long)usage.user.microseconds,
		    (long long)usage.system.seconds, (long long)usage.system.microseconds);
}

static void show_futex_operation(struct strace_line *line, const struct strace_value *v)
{
	strace_add_name(line, v->value & ~(uint64_t)(LINUX_FUTEX_PRIVATE | LINUX_FUTEX_CLOCK_REALTIME), futex_operations);
	strace_add(line, v->value & LINUX_FUTEX_PRIVATE ? "_PRIVATE" : "");
	strace_add(line, v->value & LINUX_FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
}

static int futex_operation(const struct strace_value *v)
{
	return (int)v->a->v[1] & ~(LINUX_FUTEX_PRIVATE | LINUX_FUTEX_CLOCK_REALTIME);
}

static void show_futex_value(struct strace_line *line, const struct strace_value *v)
{
	int operation = futex_operation(v);

	if (operation == LINUX_FUTEX_LOCK_PI || operation == LINUX_FUTEX_LOCK_PI2 || operation == LINUX_FUTEX_UNLOCK_PI || operation == LINUX_FUTEX_TRYLOCK_PI)
		strace_omit(line);
	else
		strace_add(line, "%u", (uint32_t)v->value);
}

/* A timeout for those that wait, a second count for those that move. */
static void show_futex_timeout(struct strace_line *line, const struct strace_value *v)
{
	switch (futex_operation(v)) {
	case LINUX_FUTEX_WAIT:
	case LINUX_FUTEX_WAIT_BITSET:
	case LINUX_FUTEX_LOCK_PI:
	case LINUX_FUTEX_LOCK_PI2:
		strace_show_timespec(line, v);
		break;
	case LINUX_FUTEX_REQUEUE:
	case LINUX_FUTEX_CMP_REQUEUE:
	case LINUX_FUTEX_WAKE_OP:
		strace_show_unsigned(line, v);
		break;
	default:
		strace_omit(line);
	}
}

static bool has_second_futex(int operation)
{
	return operation == LINUX_FUTEX_REQUEUE || operation == LINUX_FUTEX_CMP_REQUEUE || operation == LINUX_FUTEX_WAKE_OP;
}

static void show_second_futex(struct strace_line *line, const struct strace_value *v)
{
	if (has_second_futex(futex_operation(v)))
		strace_show_address(line, v);
	else
		strace_omit(line);
}

static void show_futex_bits(struct strace_line *line, const struct strace_value *v)
{
	int operation = futex_operation(v);

	if (operation == LINUX_FUTEX_CMP_REQUEUE)
		strace_add(line, "%u", (uint32_t)v->value);
	else if (operation == LINUX_FUTEX_WAKE_OP)
		strace_show_hex(line, v);
	else if (operation != LINUX_FUTEX_WAIT_BITSET && operation != LINUX_FUTEX_WAKE_BITSET)
		strace_omit(line);
	else if ((uint32_t)v->value == ~0u)
		strace_add(line, "FUTEX_BITSET_MATCH_ANY");
	else
		strace_add(line, "%#x", (uint32_t)v->value);
}

static void add_limit(struct strace_line *line, uint64_t limit)
{
	if (limit == LINUX_RLIM_INFINITY)
		strace_add(line, "RLIM64_INFINITY");
	else if (limit > 1024 && limit % 1024 == 0)
		strace_add(line, "%llu*1024", (unsigned long long)limit / 1024);
	else
		strace_add(line, "%llu", (unsigned long long)limit);
}

static void show_limit(struct strace_line *line, const struct strace_value *v)
{
	struct linux_rlimit limit;

	if (!strace_fetch(line, v, &limit, sizeof(limit)))
		return;
	strace_add(line, "{rlim_cur=");
	add_limit(line, limit.soft);
	strace_add(line, ", rlim_max=");
	add_limit(line, limit.hard);
	strace_add(line, "}");
}

STRACE(clone, {.show = show_clone}, NOTHING, NOTHING, NOTHING, NOTHING);
STRACE(clone3, {.show = show_clone_arguments}, UNSIGNED);
STRACE(unshare, FLAGS(clone_flags));
STRACE(setns, INT, FLAGS(clone_flags));
STRACE(execve, PATH, {.show = strace_show_strings}, {.show = strace_show_environment});
STRACE(execveat, DIRFD, PATH, {.show = strace_show_strings}, {.show = strace_show_environment}, HEX);
STRACE(wait4, INT, FILLED(show_wait_status), FLAGS(wait_options), FILLED(show_rusage));
STRACE(waitid, NAME(id_types), INT, FILLED(strace_show_address), FLAGS(wait_options), FILLED(show_rusage));
STRACE(futex, ADDRESS, {.show = show_futex_operation}, {.show = show_futex_value}, {.show = show_futex_timeout}, {.show = show_second_futex}, {.show = show_futex_bits});
STRACE(futex_waitv, ADDRESS, UNSIGNED, HEX, TIME, INT);
STRACE(prctl, NAME(controls), {.show = show_control_argument}, {.show = show_control_rest}, {.show = show_control_rest}, {.show = show_control_rest});
STRACE(arch_prctl, NAME(arch_controls), ADDRESS);
STRACE(getrlimit, NAME(resources), FILLED(show_limit));
STRACE(setrlimit, NAME(resources), {.show = show_limit});
STRACE(prlimit64, INT, NAME(resources), {.show = show_limit}, FILLED(show_limit));
STRACE(getrusage, NAME(usages), FILLED(show_rusage));
STRACE(sched_setscheduler, INT, NAME(policies), {.show = strace_show_int_at});
STRACE(sched_setparam, INT, {.show = strace_show_int_at});
STRACE(sched_getparam, INT, FILLED(strace_show_int_at));
STRACE(sched_getaffinity, INT, UNSIGNED, FILLED(strace_show_long_at));
STRACE(sched_setaffinity, INT, UNSIGNED, {.show = strace_show_long_at});
STRACE(sched_get_priority_min, NAME(policies));
STRACE(sched_get_priority_max, NAME(policies));
STRACE(getpriority, NAME(priorities), INT);
STRACE(setpriority, NAME(priorities), INT, INT);
STRACE(membarrier, NAME(barriers), HEX, INT);
STRACE(set_robust_list, ADDRESS, UNSIGNED);
STRACE(rseq, ADDRESS, HEX, HEX, HEX);
STRACE(getresuid, FILLED(strace_show_int_at), FILLED(strace_show_int_at), FILLED(strace_show_int_at));
STRACE(getresgid, FILLED(strace_show_int_at), FILLED(strace_show_int_at), FILLED(strace_show_int_at));
