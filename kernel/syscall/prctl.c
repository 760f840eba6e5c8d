/* SPDX-License-Identifier: BSD-3-Clause */
/* prctl(2): of a thread, its credentials, and its process. */
#include "kernel/process/credentials.h"
#include "kernel/syscall/seccomp.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/sched.h"
#include "lib/string.h"

static int64_t set_name(uint64_t address)
{
	struct task *task = task_current();
	char name[sizeof(task->name)] = "";
	long len = user_copy_string(name, address, sizeof(name) - 1);

	if (len == -EFAULT)
		return -EFAULT;
	if (len >= 0)
		memset(name + len, 0, sizeof(name) - (size_t)len);
	memcpy(task->name, name, sizeof(name));
	if (task->tid == task->process->pid)
		memcpy(task->process->name, name, sizeof(name));
	return 0;
}

static int64_t ambient(uint64_t operation, uint64_t capability)
{
	struct credentials *c = task_current()->credentials;
	uint64_t bit = 1ull << (capability & 63);

	if (operation == LINUX_PR_CAP_AMBIENT_CLEAR_ALL ? capability != 0 : capability > CAPABILITY_LAST)
		return -EINVAL;
	if (operation == LINUX_PR_CAP_AMBIENT_IS_SET)
		return (c->capabilities_ambient & bit) != 0;
	if (operation == LINUX_PR_CAP_AMBIENT_RAISE && (!(c->capabilities_permitted & c->capabilities_inheritable & bit) || c->secure_bits & SECURE_NO_AMBIENT))
		return -EPERM;
	if (operation < LINUX_PR_CAP_AMBIENT_RAISE || operation > LINUX_PR_CAP_AMBIENT_CLEAR_ALL)
		return -EINVAL;
	c = credentials_copy(c, c->nr_groups);
	if (!c)
		return -ENOMEM;
	if (operation == LINUX_PR_CAP_AMBIENT_RAISE)
		c->capabilities_ambient |= bit;
	else
		c->capabilities_ambient &= operation == LINUX_PR_CAP_AMBIENT_LOWER ? ~bit : 0;
	credentials_commit(c);
	return 0;
}

static int64_t drop_bounding(uint64_t capability)
{
	struct credentials *c = task_current()->credentials;

	if (capability > CAPABILITY_LAST)
		return -EINVAL;
	if (!task_is_capable(CAPABILITY_SETPCAP))
		return -EPERM;
	c = credentials_copy(c, c->nr_groups);
	if (!c)
		return -ENOMEM;
	c->capabilities_bounding &= ~(1ull << capability);
	credentials_commit(c);
	return 0;
}

static int64_t commit_secure_bits(uint32_t bits)
{
	struct credentials *c = task_current()->credentials;

	if (bits == c->secure_bits)
		return 0;
	c = credentials_copy(c, c->nr_groups);
	if (!c)
		return -ENOMEM;
	c->secure_bits = bits;
	credentials_commit(c);
	return 0;
}

/* A locked bit stays as it is, and so does its lock (capabilities(7), "The securebits flags"). */
static int64_t set_secure_bits(uint64_t wanted)
{
	uint32_t now = task_current()->credentials->secure_bits, locks = now & SECURE_LOCKS;

	if (wanted & ~(uint64_t)SECURE_ALL || (locks >> 1 & (now ^ (uint32_t)wanted)) || (locks & ~(uint32_t)wanted) || !task_is_capable(CAPABILITY_SETPCAP))
		return -EPERM;
	return commit_secure_bits((uint32_t)wanted);
}

static int64_t set_keep_capabilities(uint64_t value)
{
	uint32_t now = task_current()->credentials->secure_bits;

	if (value > 1)
		return -EINVAL;
	if (now & SECURE_KEEP_CAPABILITIES << 1)
		return -EPERM;
	return commit_secure_bits(value ? now | SECURE_KEEP_CAPABILITIES : now & ~(uint32_t)SECURE_KEEP_CAPABILITIES);
}

static int64_t put_int(uint64_t address, int value)
{
	return copy_to_user(address, &value, sizeof(value));
}

static int64_t process_control(struct task *task, const struct syscall_arguments *a)
{
	bool has_rest = a->v[2] || a->v[3] || a->v[4];
	struct process *process = task->process;
	uint64_t value = a->v[1];

	switch ((int)a->v[0]) {
	case LINUX_PR_SET_PDEATHSIG:
		if (value > LINUX_NSIG)
			return -EINVAL;
		process->parent_death_signal = (int)value;
		return 0;
	case LINUX_PR_GET_PDEATHSIG:
		return put_int(value, process->parent_death_signal);
	case LINUX_PR_SET_DUMPABLE:
		if (value > 1)
			return -EINVAL;
		process->dumpable = value;
		return 0;
	case LINUX_PR_GET_DUMPABLE:
		return process->dumpable;
	case LINUX_PR_SET_CHILD_SUBREAPER:
		process->is_subreaper = value != 0;
		return 0;
	case LINUX_PR_GET_CHILD_SUBREAPER:
		return put_int(value, process->is_subreaper);
	case LINUX_PR_SET_THP_DISABLE:
		if (has_rest)
			return -EINVAL;
		process->space->has_no_huge = value != 0;
		return 0;
	case LINUX_PR_GET_THP_DISABLE:
		return value || has_rest ? -EINVAL : process->space->has_no_huge;
	case LINUX_PR_GET_TIMING: /* by samples of the clock, which is all that Linux has, too */
		return 0;
	case LINUX_PR_SET_TIMING:
		return value ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

SYSCALL_PARTIAL(prctl, "of some seventy options those that libraries ask for; speculation, PR_SET_MM, PR_SET_VMA and PR_SET_TSC are not there");
SYSCALL(prctl, 5, "dxxxx")
{
	struct task *task = task_current();
	uint64_t value = a->v[1];

	switch ((int)a->v[0]) {
	case LINUX_PR_SET_NAME:
		return set_name(value);
	case LINUX_PR_GET_NAME:
		return copy_to_user(value, task->name, sizeof(task->name));
	case LINUX_PR_SET_NO_NEW_PRIVS:
		if (value != 1 || a->v[2] || a->v[3] || a->v[4])
			return -EINVAL;
		task->no_new_privileges = true;
		return 0;
	case LINUX_PR_GET_NO_NEW_PRIVS:
		return a->v[1] || a->v[2] || a->v[3] || a->v[4] ? -EINVAL : task->no_new_privileges;
	case LINUX_PR_GET_SECCOMP:
		return seccomp_mode(task);
	case LINUX_PR_SET_SECCOMP:
		return seccomp_set_mode(value, a->v[2]);
	case LINUX_PR_SET_KEEPCAPS:
		return set_keep_capabilities(value);
	case LINUX_PR_GET_KEEPCAPS:
		return (task->credentials->secure_bits & SECURE_KEEP_CAPABILITIES) != 0;
	case LINUX_PR_CAPBSET_READ:
		return value > CAPABILITY_LAST ? -EINVAL : (int64_t)(task->credentials->capabilities_bounding >> value & 1);
	case LINUX_PR_CAPBSET_DROP:
		return drop_bounding(value);
	case LINUX_PR_GET_SECUREBITS:
		return task->credentials->secure_bits;
	case LINUX_PR_SET_SECUREBITS:
		return set_secure_bits(value);
	case LINUX_PR_CAP_AMBIENT:
		return ambient(value, a->v[2]);
	case LINUX_PR_SET_TIMERSLACK:
		task->timer_slack_ns = value ? (uint32_t)min_u64(value, UINT32_MAX) : task->default_slack_ns;
		return 0;
	case LINUX_PR_GET_TIMERSLACK:
		return task->timer_slack_ns;
	case LINUX_PR_GET_TID_ADDRESS:
		return copy_to_user(value, &task->clear_child_tid, sizeof(task->clear_child_tid));
	case LINUX_PR_SET_PTRACER:
		return 0;
	default:
		return process_control(task, a);
	}
}
