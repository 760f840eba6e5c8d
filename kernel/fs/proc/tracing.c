/* SPDX-License-Identifier: BSD-3-Clause */
/* What debuggers look at: the process's memory, its auxiliary vector, where a thread is. */
#include "kernel/arch/debug.h"
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/process/access.h"
#include "kernel/process/core.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

/* ---- mem: the process's memory, at its addresses. It is that of now, and the right to it is looked at each time. ---- */

static int space_of(struct file *file, struct address_space **space)
{
	struct proc_subject subject;
	int ret = proc_subject_get(proc_node_of(file->inode), &subject);

	if (ret)
		return ret == -ESRCH ? 0 : ret; /* a process that has ended reads as an empty file */
	ret = process_access_check(subject.process);
	if (!ret)
		*space = proc_space_get(&subject);
	proc_subject_put(&subject);
	return ret == -ESRCH ? 0 : ret;
}

static long move_part(struct address_space *space, uint64_t address, struct io_vector *io, char *page, bool is_write)
{
	size_t part = min_u64(io->left, PAGE_SIZE - address % PAGE_SIZE);
	long got;

	if (is_write) {
		part = io_vector_get(io, page, part);
		return part ? address_space_poke(space, address, page, part) : -EFAULT;
	}
	got = address_space_peek(space, address, page, part);
	if (got > 0) {
		part = io_vector_put(io, page, (size_t)got);
		got = part ? (long)part : -EFAULT;
	} else if (got == -EFAULT) {
		got = -EIO;
	}
	return got;
}

static long move(struct file *file, struct io_vector *io, uint64_t *position, bool is_write)
{
	struct address_space *space = NULL;
	long ret = space_of(file, &space), total = 0;
	char *page;

	if (ret || !space || !io->left)
		return ret;
	page = heap_alloc(PAGE_SIZE);
	if (!page)
		ret = -ENOMEM;
	while (!ret && io->left) {
		size_t before = io->left;
		long moved = move_part(space, *position, io, page, is_write);

		if (moved <= 0) {
			ret = is_write && moved == -EFAULT ? -EIO : moved;
			break;
		}
		total += moved;
		*position += (uint64_t)moved;
		if ((size_t)moved < before && *position % PAGE_SIZE)
			break;
	}
	heap_free(page);
	address_space_put(space);
	return total ? total : ret;
}

static long mem_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	return move(file, io, position, false);
}

static long mem_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	return move(file, io, position, true);
}

static int64_t mem_seek(struct file *file, int64_t offset, int whence)
{
	if (whence != 0 && whence != 1)
		return -EINVAL;
	file->position = (uint64_t)offset + (whence ? file->position : 0);
	return (int64_t)file->position;
}

static const struct file_ops mem_ops = {.read = mem_read, .write = mem_write, .seek = mem_seek};
PROC_PROCESS_FILE(mem) = {.name = "mem", .mode = 0600, .is_per_task = true, .is_guarded = true, .ops = &mem_ops};

/* ---- Texts ---- */

static int show_auxv(struct proc_text *to, const struct proc_subject *subject)
{
	struct address_space *space;
	uint64_t at, pair[2];

	space = proc_space_get(subject);
	if (!space)
		return 0;
	for (at = space->auxv_start; at < space->auxv_end; at += sizeof(pair)) {
		if (address_space_read(space, at, pair, sizeof(pair)) != (long)sizeof(pair))
			break;
		proc_append(to, pair, sizeof(pair));
	}
	address_space_put(space);
	return 0;
}
PROC_PROCESS_FILE(auxv) = {.name = "auxv", .mode = 0400, .is_per_task = true, .is_guarded = true, .show = show_auxv};

/* The thread that the file is about: its own, or the first of the process. With process_tree_lock held. */
static const struct task *task_of(const struct proc_subject *subject)
{
	const struct process *process = subject->process;

	if (subject->task || list_empty(&process->tasks))
		return subject->task;
	return container_of(process->tasks.next, struct task, process_node);
}

/* The call that it sleeps in with its arguments, stack and instruction pointer; "-1": it sleeps outside of one. */
static int show_syscall(struct proc_text *to, const struct proc_subject *subject)
{
	const struct task *task;
	struct user_context user;
	uint64_t number = 0;
	bool is_asleep;
	int ret = process_access_check(subject->process);

	if (ret)
		return ret;
	spin_lock(&process_tree_lock);
	task = task_of(subject);
	is_asleep = task && task->thread.state == THREAD_SLEEPING && !__atomic_load_n(&task->thread.on_cpu, __ATOMIC_ACQUIRE);
	if (is_asleep) {
		user = task->user;
		number = task->syscall_number;
	}
	spin_unlock(&process_tree_lock);
	if (!task)
		return -ESRCH;
	if (!is_asleep) {
		proc_print(to, "running\n");
		return 0;
	}
	if (user_is_in_syscall(&user)) {
		proc_print(to, "%lld", (long long)number);
		for (unsigned i = 0; i < 6; i++)
			proc_print(to, " %#llx", (unsigned long long)user_syscall_argument(&user, i));
	} else {
		proc_print(to, "-1");
	}
	proc_print(to, " %#llx %#llx\n", (unsigned long long)user_stack_pointer(&user), (unsigned long long)user_instruction_pointer(&user));
	return 0;
}
PROC_PROCESS_FILE(syscall) = {.name = "syscall", .mode = 0400, .is_per_task = true, .show = show_syscall};

/* Where in the kernel: not told, as Linux does not tell whom it does not trust with addresses. */
static int show_wchan(struct proc_text *to, const struct proc_subject *subject)
{
	proc_print(to, "0");
	return 0;
}
PROC_PROCESS_FILE(wchan) = {.name = "wchan", .mode = 0444, .is_per_task = true, .show = show_wchan};

static int show_core_filter(struct proc_text *to, const struct proc_subject *subject)
{
	proc_print(to, "%08x\n", subject->process->core_filter);
	return 0;
}

static int store_core_filter(const struct proc_subject *subject, const char *text, size_t len)
{
	const char *end;
	uint64_t value;

	if (!format_parse_u64(text, &end, &value) || (*end && *end != '\n'))
		return -EINVAL;
	subject->process->core_filter = (uint32_t)value & CORE_FILTER_MASK;
	return 0;
}
PROC_PROCESS_FILE(coredump_filter) = {.name = "coredump_filter", .mode = 0644, .show = show_core_filter, .store = store_core_filter};

static int show_personality(struct proc_text *to, const struct proc_subject *subject)
{
	proc_print(to, "%08x\n", subject->process->personality);
	return 0;
}
PROC_PROCESS_FILE(personality) = {.name = "personality", .mode = 0400, .is_per_task = true, .show = show_personality};
