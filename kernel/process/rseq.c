/* SPDX-License-Identifier: BSD-3-Clause */
/* Restartable sequences. */
#include "kernel/process/rseq.h"
#include "kernel/uapi/errno.h"

enum { AREA_SIZE = 32, AREA_ALIGNMENT = 32 };
enum { CPU_UNINITIALISED = -1 };
enum { CPU_FIELDS = 0, SECTION_FIELD = 8, NODE_FIELDS = 20 }; /* offsets in struct rseq */

struct linux_rseq_cs {
	uint32_t version, flags;
	uint64_t start, len, abort;
};

int rseq_register(uint64_t address, uint32_t len, uint32_t signature)
{
	struct task *task = task_current();

	if (task->rseq) {
		if (task->rseq != address || task->rseq_len != len)
			return -EINVAL;
		return task->rseq_signature != signature ? -EPERM : -EBUSY;
	}
	if (len < AREA_SIZE || address % AREA_ALIGNMENT)
		return -EINVAL;
	if (address > USER_END - len)
		return -EFAULT;
	task->rseq = address;
	task->rseq_len = len;
	task->rseq_signature = signature;
	task->thread.tells_switches = true;
	task->thread.was_switched = true;
	return 0;
}

/* The area says that nobody writes it any more. */
int rseq_unregister(uint64_t address, uint32_t len, uint32_t signature)
{
	struct task *task = task_current();
	const int32_t cpus[2] = {0, CPU_UNINITIALISED};
	const uint32_t nodes[2] = {0, 0};

	if (!address || task->rseq != address || task->rseq_len != len)
		return -EINVAL;
	if (task->rseq_signature != signature)
		return -EPERM;
	if (user_copy_out(address + CPU_FIELDS, cpus, sizeof(cpus)) || user_copy_out(address + NODE_FIELDS, nodes, sizeof(nodes)))
		return -EFAULT;
	rseq_forget(task);
	return 0;
}

void rseq_forget(struct task *task)
{
	task->rseq = 0;
	task->thread.tells_switches = task->thread.was_switched = false;
}

void rseq_inherit(struct task *child, const struct task *parent)
{
	child->rseq = parent->rseq;
	child->rseq_len = parent->rseq_len;
	child->rseq_signature = parent->rseq_signature;
	child->thread.tells_switches = child->thread.was_switched = parent->rseq != 0;
}

/* A description that makes no sense is the program's own fault: -EINVAL. */
static int check_section(const struct task *task, const struct linux_rseq_cs *section)
{
	uint32_t signature;

	if (section->version || section->flags || section->start >= USER_END || section->abort >= USER_END)
		return -EINVAL;
	if (section->start + section->len < section->start || section->start + section->len > USER_END)
		return -EINVAL;
	if (section->abort - section->start < section->len)
		return -EINVAL;
	if (user_copy_in(&signature, section->abort - sizeof(signature), sizeof(signature)))
		return -EFAULT;
	return signature == task->rseq_signature ? 0 : -EINVAL;
}

/* Where the thread stands in a section, it goes on at its abort address; in any case the area names none any more. */
static int leave_section(struct task *task)
{
	uint64_t address, none = 0, at = user_instruction_pointer(&task->user);
	struct linux_rseq_cs section;
	int ret;

	if (user_copy_in(&address, task->rseq + SECTION_FIELD, sizeof(address)))
		return -EFAULT;
	if (!address)
		return 0;
	if (user_copy_in(&section, address, sizeof(section)))
		return -EFAULT;
	ret = check_section(task, &section);
	if (ret)
		return ret;
	if (user_copy_out(task->rseq + SECTION_FIELD, &none, sizeof(none)))
		return -EFAULT;
	if (at - section.start < section.len)
		user_set_instruction_pointer(&task->user, section.abort);
	return 0;
}

static int tell_cpu(struct task *task)
{
	uint32_t cpu = cpu_id();
	const uint32_t cpus[2] = {cpu, cpu}, nodes[2] = {0, cpu /* mm_cid: no two of the process's running threads have the same */};

	task->thread.told_cpu = cpu;
	return user_copy_out(task->rseq + CPU_FIELDS, cpus, sizeof(cpus)) || user_copy_out(task->rseq + NODE_FIELDS, nodes, sizeof(nodes)) ? -EFAULT : 0;
}

static void fail(struct task *task)
{
	rseq_forget(task);
	task_force_signal(&(struct linux_siginfo){.signo = LINUX_SIGSEGV, .code = LINUX_SI_KERNEL});
}

void rseq_resume(struct task *task)
{
	task->thread.was_switched = false;
	if (leave_section(task) || tell_cpu(task))
		fail(task);
}

void rseq_interrupt(struct task *task)
{
	if (leave_section(task))
		fail(task);
}
