/* SPDX-License-Identifier: BSD-3-Clause */
/* The notes of a core file: what the process and its threads were (elf(5), <sys/procfs.h>). */
#include "kernel/arch/debug.h"
#include "kernel/coredump/coredump.h"
#include "kernel/mem/heap.h"
#include "kernel/process/credentials.h"
#include "kernel/process/wait_child.h"
#include "kernel/uapi/ptrace.h"
#include "lib/string.h"

struct elf_note {
	uint32_t name_size, content_size, type;
};

struct prstatus { /* <sys/procfs.h>, struct elf_prstatus */
	int32_t signo, code, error;
	int16_t current_signal, padding;
	uint64_t pending, held;
	int32_t pid, ppid, pgrp, sid;
	struct linux_timeval user, system, children_user, children_system;
	uint64_t registers[USER_REGISTERS];
	int32_t has_float, padding2;
};
_Static_assert(sizeof(struct prstatus) == 336, "<sys/procfs.h>");

struct prpsinfo { /* struct elf_prpsinfo */
	char state, state_name, is_zombie, nice;
	uint64_t flag;
	uint32_t uid, gid;
	int32_t pid, ppid, pgrp, sid;
	char name[16], arguments[80];
};
_Static_assert(sizeof(struct prpsinfo) == 136, "<sys/procfs.h>");

/* Room for a note with so much content, zeroed; NULL: no memory. */
static void *add_note(struct core_notes *notes, const char *name, unsigned type, size_t size)
{
	size_t name_size = strlen(name) + 1, name_room = align_up(name_size, 4), total = sizeof(struct elf_note) + name_room + align_up(size, 4);
	struct elf_note *note;
	char *larger;

	if (notes->len + total > notes->room) {
		larger = heap_resize(notes->bytes, 2 * notes->room + total);
		if (!larger) {
			notes->is_short = true;
			return NULL;
		}
		notes->bytes = larger;
		notes->room = 2 * notes->room + total;
	}
	note = (struct elf_note *)(notes->bytes + notes->len);
	notes->len += total;
	memset(note, 0, total);
	*note = (struct elf_note){(uint32_t)name_size, (uint32_t)size, type};
	memcpy(note + 1, name, name_size);
	return (char *)(note + 1) + name_room;
}

static uint64_t call_of(const struct task *task)
{
	return user_is_in_syscall(&task->user) ? task->syscall_number : NO_CALL;
}

/* The first is the one that ends the process; the signal is of all. */
static void add_status(struct core_notes *notes, struct task *task, const struct linux_siginfo *info)
{
	struct process *process = task->process;
	struct prstatus *status = add_note(notes, "CORE", LINUX_NT_PRSTATUS, sizeof(*status));
	struct linux_rusage usage;
	uint64_t registers[USER_REGISTERS];

	if (!status)
		return;
	user_registers_get(&task->user, call_of(task), registers);
	status->signo = status->current_signal = (int16_t)info->signo;
	status->code = info->code;
	status->error = info->error;
	status->pending = task->pending.pending;
	status->held = task->blocked;
	status->pid = task->tid;
	status->pgrp = process->group;
	status->sid = process->session;
	spin_lock(&process_tree_lock);
	status->ppid = process->parent ? process->parent->pid : 0;
	process_usage(process, &usage);
	spin_unlock(&process_tree_lock);
	status->user = usage.user;
	status->system = usage.system;
	memcpy(status->registers, registers, sizeof(registers));
	status->has_float = 1;
}

static void add_vector(struct core_notes *notes, const struct task *task)
{
	void *state = heap_alloc(user_vector_size()), *to;

	if (!state) {
		notes->is_short = true;
		return;
	}
	user_vector_export(task->thread.vector, state);
	to = add_note(notes, "CORE", LINUX_NT_PRFPREG, USER_VECTOR_LEGACY);
	if (to)
		memcpy(to, state, USER_VECTOR_LEGACY);
	if (user_vector_size() > USER_VECTOR_LEGACY)
		to = add_note(notes, "LINUX", LINUX_NT_X86_XSTATE, user_vector_size());
	if (to && user_vector_size() > USER_VECTOR_LEGACY)
		memcpy(to, state, user_vector_size());
	heap_free(state);
}

static void add_process(struct core_notes *notes, const struct task *task)
{
	const struct process *process = task->process;
	const struct address_space *space = process->space;
	struct prpsinfo *info = add_note(notes, "CORE", LINUX_NT_PRPSINFO, sizeof(*info));
	long len;

	if (!info)
		return;
	info->state_name = 'R';
	info->nice = (char)task->thread.nice;
	info->uid = task->credentials->uid;
	info->gid = task->credentials->gid;
	info->pid = process->pid;
	info->ppid = process->parent ? process->parent->pid : 0;
	info->pgrp = process->group;
	info->sid = process->session;
	memcpy(info->name, task->name, sizeof(info->name));
	len = address_space_read(process->space, space->arg_start, info->arguments, min_u64(space->arg_end - space->arg_start, sizeof(info->arguments) - 1));
	for (long i = 0; i + 1 < len; i++) {
		if (!info->arguments[i])
			info->arguments[i] = ' ';
	}
}

static void add_auxv(struct core_notes *notes, const struct task *task)
{
	struct address_space *space = task->process->space;
	size_t size = space->auxv_end - space->auxv_start;
	void *to = add_note(notes, "CORE", LINUX_NT_AUXV, size);

	if (to)
		(void)address_space_read(space, space->auxv_start, to, size);
}

/* How many, the unit of offsets; then start, end and offset of each; then the names. */
static void add_files(struct core_notes *notes, const struct core_regions *regions)
{
	uint64_t count = 0, *to;

	for (size_t i = 0; i < regions->count; i++)
		count += regions->regions[i].is_file;
	to = add_note(notes, "CORE", LINUX_NT_FILE, (2 + 3 * count) * sizeof(uint64_t) + regions->names_len);
	if (!to)
		return;
	*to++ = count;
	*to++ = PAGE_SIZE;
	for (size_t i = 0; i < regions->count; i++) {
		const struct core_region *region = &regions->regions[i];

		if (!region->is_file)
			continue;
		*to++ = region->start;
		*to++ = region->end;
		*to++ = region->offset / PAGE_SIZE;
	}
	memcpy(to, regions->names, regions->names_len); /* in the order of the regions */
}

void core_notes_build(struct core_notes *notes, struct task *task, const struct linux_siginfo *info, const struct core_regions *regions)
{
	struct task *other;
	void *to;

	(void)user_tls(&task->user); /* takes the bases out of the CPU */
	user_vector_save(task->thread.vector);
	add_status(notes, task, info);
	add_process(notes, task);
	to = add_note(notes, "CORE", LINUX_NT_SIGINFO, sizeof(*info));
	if (to)
		memcpy(to, info, sizeof(*info));
	add_auxv(notes, task);
	add_files(notes, regions);
	add_vector(notes, task);
	list_for_each(other, &task->process->tasks, process_node) {
		if (other == task)
			continue;
		add_status(notes, other, info);
		add_vector(notes, other);
	}
}
