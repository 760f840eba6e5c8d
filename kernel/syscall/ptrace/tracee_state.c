/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ptrace(2) reads and writes of a stopped tracee: memory, registers, signals, the stop itself. User memory is never touched between ptrace_begin
 * and ptrace_end.
 */
#include "kernel/arch/debug.h"
#include "kernel/mem/heap.h"
#include "kernel/syscall/ptrace/request.h"
#include "kernel/uapi/sched.h"
#include "lib/string.h"

#define WORD		  sizeof(uint64_t)
#define USER_SIZE	  912 /* <sys/user.h>, struct user */
#define DEBUG_OFFSET	  848 /* u_debugreg */
#define NR_DEBUG	  8
#define SET_SIZE	  8
#define REGISTERS_SIZE	  (USER_REGISTERS * WORD)

/* ---- Memory ---- */

static int64_t peek(const struct request *request)
{
	struct address_space *space;
	uint64_t word;
	int ret = ptrace_space_get(request->tid, &space);

	if (ret)
		return ret;
	if (address_space_peek(space, request->address, &word, WORD) != (long)WORD)
		ret = -EIO;
	address_space_put(space);
	return ret ? ret : copy_to_user(request->data, &word, WORD);
}
PTRACE_REQUEST(PEEKTEXT, peek);
PTRACE_REQUEST(PEEKDATA, peek);

static int64_t poke(const struct request *request)
{
	struct address_space *space;
	int ret = ptrace_space_get(request->tid, &space);

	if (ret)
		return ret;
	if (address_space_poke(space, request->address, &request->data, WORD) != (long)WORD)
		ret = -EIO;
	address_space_put(space);
	return ret;
}
PTRACE_REQUEST(POKETEXT, poke);
PTRACE_REQUEST(POKEDATA, poke);

/* ---- General registers ---- */

/* All or none of `nr` registers change. */
static int set_registers_locked(struct trace *tracee, unsigned first, const uint64_t *values, unsigned nr)
{
	struct user_context context = tracee->task->user;
	uint64_t call = ptrace_call(tracee);
	uint64_t old_call = call;

	for (unsigned i = 0; i < nr; i++) {
		int ret = user_register_set(&context, first + i, values[i], &call);

		if (ret)
			return ret;
	}
	tracee->task->user = context;
	if (call != old_call)
		ptrace_set_call(tracee, call);
	return 0;
}

static int get_registers(int tid, uint64_t registers[USER_REGISTERS])
{
	struct trace *tracee;
	int ret = ptrace_begin(tid, &tracee);

	if (ret)
		return ret;
	user_registers_get(&tracee->task->user, ptrace_call(tracee), registers);
	ptrace_end(tracee);
	return 0;
}

static int set_registers(int tid, unsigned first, const uint64_t *values, unsigned nr)
{
	struct trace *tracee;
	int ret = ptrace_begin(tid, &tracee);

	if (ret)
		return ret;
	ret = set_registers_locked(tracee, first, values, nr);
	ptrace_end(tracee);
	return ret;
}

static int64_t get_regs(const struct request *request)
{
	uint64_t registers[USER_REGISTERS];
	int ret = get_registers(request->tid, registers);

	return ret ? ret : copy_to_user(request->data, registers, sizeof(registers));
}
PTRACE_REQUEST(GETREGS, get_regs);

static int64_t set_regs(const struct request *request)
{
	uint64_t registers[USER_REGISTERS];
	int ret = get_registers(request->tid, registers); /* is it there at all? */

	if (ret)
		return ret;
	if (copy_from_user(registers, request->data, sizeof(registers)))
		return -EFAULT;
	return set_registers(request->tid, 0, registers, USER_REGISTERS);
}
PTRACE_REQUEST(SETREGS, set_regs);

/* arch_prctl(2) of the tracee: `data` is its code, `address` a base, or where it goes to. */
static int64_t arch_control(const struct request *request)
{
	uint64_t registers[USER_REGISTERS];
	unsigned which;
	int ret = get_registers(request->tid, registers);

	if (ret)
		return ret;
	switch (request->data) {
	case LINUX_ARCH_SET_FS:
	case LINUX_ARCH_GET_FS:
		which = USER_REGISTER_FS_BASE;
		break;
	case LINUX_ARCH_SET_GS:
	case LINUX_ARCH_GET_GS:
		which = USER_REGISTER_GS_BASE;
		break;
	default:
		return -EINVAL;
	}
	if (request->data == LINUX_ARCH_GET_FS || request->data == LINUX_ARCH_GET_GS)
		return copy_to_user(request->address, &registers[which], WORD);
	return set_registers(request->tid, which, &request->address, 1) ? -EPERM : 0;
}
PTRACE_REQUEST(ARCH_PRCTL, arch_control);

/* ---- struct user: a word at an offset ---- */

static int user_word_check(const struct request *request)
{
	return request->address % WORD || request->address >= USER_SIZE ? -EIO : 0;
}

static bool is_debug_word(uint64_t offset)
{
	return offset >= DEBUG_OFFSET && offset < DEBUG_OFFSET + NR_DEBUG * WORD;
}

static int64_t peek_user(const struct request *request)
{
	uint64_t registers[USER_REGISTERS], word = 0;
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	ret = user_word_check(request);
	if (!ret && request->address < REGISTERS_SIZE) {
		user_registers_get(&tracee->task->user, ptrace_call(tracee), registers);
		word = registers[request->address / WORD];
	} else if (!ret && is_debug_word(request->address)) {
		word = user_debug_get(tracee->task->user.debug, (unsigned)((request->address - DEBUG_OFFSET) / WORD));
	}
	ptrace_end(tracee);
	return ret ? ret : copy_to_user(request->data, &word, WORD);
}
PTRACE_REQUEST(PEEKUSER, peek_user);

static int set_debug_locked(struct trace *tracee, unsigned i, uint64_t value)
{
	tracee->task->user.debug = &tracee->debug;
	return user_debug_set(&tracee->debug, i, value);
}

static int64_t poke_user(const struct request *request)
{
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	ret = user_word_check(request);
	if (!ret && request->address < REGISTERS_SIZE)
		ret = set_registers_locked(tracee, (unsigned)(request->address / WORD), &request->data, 1);
	else if (!ret)
		ret = is_debug_word(request->address) ? set_debug_locked(tracee, (unsigned)((request->address - DEBUG_OFFSET) / WORD), request->data) : -EIO;
	ptrace_end(tracee);
	return ret;
}
PTRACE_REQUEST(POKEUSER, poke_user);

/* ---- Extended state ---- */

/* All of it, on the heap. */
static int get_vector(int tid, void **state)
{
	void *copy = heap_alloc(user_vector_size());
	struct trace *tracee;
	int ret = copy ? ptrace_begin(tid, &tracee) : -ENOMEM;

	if (ret) {
		heap_free(copy);
		return ret;
	}
	user_vector_export(tracee->task->thread.vector, copy);
	ptrace_end(tracee);
	*state = copy;
	return 0;
}

static int set_vector(int tid, const void *state, size_t len)
{
	struct trace *tracee;
	int ret = ptrace_begin(tid, &tracee);

	if (ret)
		return ret;
	ret = user_vector_import(tracee->task->thread.vector, state, len);
	if (!ret)
		tracee->vector_changed = true;
	ptrace_end(tracee);
	return ret;
}

static int64_t get_vector_to(int tid, uint64_t address, size_t len)
{
	void *state;
	int ret = get_vector(tid, &state);

	if (ret)
		return ret;
	ret = copy_to_user(address, state, len);
	heap_free(state);
	return ret;
}

static int64_t set_vector_from(int tid, uint64_t address, size_t len)
{
	void *state;
	int ret = get_vector(tid, &state);

	if (ret)
		return ret;
	ret = copy_from_user(state, address, len);
	if (!ret)
		ret = set_vector(tid, state, len);
	heap_free(state);
	return ret;
}

static int64_t get_fpregs(const struct request *request)
{
	return get_vector_to(request->tid, request->data, USER_VECTOR_LEGACY);
}
PTRACE_REQUEST(GETFPREGS, get_fpregs);

static int64_t set_fpregs(const struct request *request)
{
	return set_vector_from(request->tid, request->data, USER_VECTOR_LEGACY);
}
PTRACE_REQUEST(SETFPREGS, set_fpregs);

/* ---- Register sets: `address` is the note type of core files, `data` an iovec ---- */

static size_t set_size(uint64_t type)
{
	switch (type) {
	case LINUX_NT_PRSTATUS:
		return REGISTERS_SIZE;
	case LINUX_NT_PRFPREG:
		return USER_VECTOR_LEGACY;
	case LINUX_NT_X86_XSTATE:
		return user_vector_size();
	default:
		return 0;
	}
}

/* How much of the set is meant; tells the tracer. */
static int64_t begin_set(const struct request *request, struct io_segment *vector)
{
	size_t size = set_size(request->address);
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	ptrace_end(tracee);
	if (copy_from_user(vector, request->data, sizeof(*vector)))
		return -EFAULT;
	if (!size || vector->len % WORD)
		return -EINVAL;
	vector->len = min_u64(vector->len, size);
	return 0;
}

static int64_t end_set(const struct request *request, const struct io_segment *vector)
{
	return copy_to_user(request->data + offsetof(struct io_segment, len), &vector->len, sizeof(vector->len));
}

static int64_t get_regset(const struct request *request)
{
	uint64_t registers[USER_REGISTERS];
	struct io_segment vector;
	int64_t ret = begin_set(request, &vector);

	if (ret)
		return ret;
	if (request->address != LINUX_NT_PRSTATUS) {
		ret = get_vector_to(request->tid, vector.base, vector.len);
	} else {
		ret = get_registers(request->tid, registers);
		if (!ret)
			ret = copy_to_user(vector.base, registers, vector.len);
	}
	return ret ? ret : end_set(request, &vector);
}
PTRACE_REQUEST(GETREGSET, get_regset);

static int64_t set_regset(const struct request *request)
{
	uint64_t registers[USER_REGISTERS];
	struct io_segment vector;
	int64_t ret = begin_set(request, &vector);

	if (ret)
		return ret;
	if (request->address != LINUX_NT_PRSTATUS) {
		ret = vector.len == set_size(request->address) ? set_vector_from(request->tid, vector.base, vector.len) :
		      request->address == LINUX_NT_PRFPREG     ? -EINVAL :
								 -EFAULT;
	} else {
		ret = copy_from_user(registers, vector.base, vector.len);
		if (!ret)
			ret = set_registers(request->tid, 0, registers, (unsigned)(vector.len / WORD));
	}
	return ret ? ret : end_set(request, &vector);
}
PTRACE_REQUEST(SETREGSET, set_regset);

/* ---- Signals ---- */

static int64_t get_siginfo(const struct request *request)
{
	struct linux_siginfo info;
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	if (tracee->has_info)
		info = tracee->info;
	else
		ret = -EINVAL;
	ptrace_end(tracee);
	return ret ? ret : copy_to_user(request->data, &info, sizeof(info));
}
PTRACE_REQUEST(GETSIGINFO, get_siginfo);

static int64_t set_siginfo(const struct request *request)
{
	struct linux_siginfo info;
	struct trace *tracee;
	int ret = copy_from_user(&info, request->data, sizeof(info)), stopped = ptrace_begin(request->tid, &tracee);

	if (stopped)
		return stopped;
	if (!ret && !tracee->has_info)
		ret = -EINVAL;
	else if (!ret) {
		info.mark = 0;
		tracee->info = info;
	}
	ptrace_end(tracee);
	return ret;
}
PTRACE_REQUEST(SETSIGINFO, set_siginfo);

static int64_t peek_siginfo(const struct request *request)
{
	struct linux_ptrace_peeksiginfo_args args;
	struct linux_siginfo info;
	struct trace *tracee;
	int done, ret;

	ret = ptrace_begin(request->tid, &tracee);
	if (ret)
		return ret;
	ptrace_end(tracee);
	if (copy_from_user(&args, request->address, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~(uint32_t)LINUX_PTRACE_PEEKSIGINFO_SHARED || args.nr < 0)
		return -EINVAL;
	for (done = 0; done < args.nr; done++) {
		bool found;

		ret = ptrace_begin(request->tid, &tracee);
		if (ret)
			break;
		found = ptrace_pending(tracee, args.flags & LINUX_PTRACE_PEEKSIGINFO_SHARED, args.offset + (uint64_t)done, &info);
		ptrace_end(tracee);
		if (!found)
			break;
		ret = copy_to_user(request->data + (uint64_t)done * sizeof(info), &info, sizeof(info));
		if (ret)
			break;
	}
	return done ? done : ret;
}
PTRACE_REQUEST(PEEKSIGINFO, peek_siginfo);

static int64_t get_sigmask(const struct request *request)
{
	struct trace *tracee;
	uint64_t mask;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	mask = tracee->task->restore_blocked ? tracee->task->saved_blocked : tracee->task->blocked;
	ptrace_end(tracee);
	return request->address != SET_SIZE ? -EINVAL : copy_to_user(request->data, &mask, SET_SIZE);
}
PTRACE_REQUEST(GETSIGMASK, get_sigmask);

static int64_t set_sigmask(const struct request *request)
{
	struct trace *tracee;
	uint64_t mask;
	int fault = copy_from_user(&mask, request->data, SET_SIZE), ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	ret = request->address != SET_SIZE ? -EINVAL : fault;
	if (!ret)
		ptrace_set_blocked(tracee, mask);
	ptrace_end(tracee);
	return ret;
}
PTRACE_REQUEST(SETSIGMASK, set_sigmask);

/* ---- The stop ---- */

static int64_t get_event_message(const struct request *request)
{
	struct trace *tracee;
	uint64_t message;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	message = tracee->message;
	ptrace_end(tracee);
	return copy_to_user(request->data, &message, sizeof(message));
}
PTRACE_REQUEST(GETEVENTMSG, get_event_message);

/* The size of what was filled in. */
static size_t fill_call_locked(const struct trace *tracee, struct linux_ptrace_syscall_info *info)
{
	const struct user_context *user = &tracee->task->user;
	bool is_filtered;

	info->arch = LINUX_AUDIT_ARCH_X86_64;
	info->instruction_pointer = user_instruction_pointer(user);
	info->stack_pointer = user_stack_pointer(user);
	is_filtered = tracee->has_info && tracee->info.code == (LINUX_SIGTRAP | LINUX_PTRACE_EVENT_SECCOMP << 8);
	if (!tracee->has_info || (tracee->info.code != (LINUX_SIGTRAP | 0x80) && !is_filtered))
		return offsetof(struct linux_ptrace_syscall_info, entry);
	if (is_filtered || tracee->message == LINUX_PTRACE_MESSAGE_ENTRY) {
		info->op = is_filtered ? LINUX_PTRACE_SYSCALL_INFO_SECCOMP : LINUX_PTRACE_SYSCALL_INFO_ENTRY;
		info->entry.number = ptrace_call(tracee);
		for (unsigned i = 0; i < 6; i++)
			info->entry.arguments[i] = user_syscall_argument(user, i);
		info->entry.filter_data = is_filtered ? (uint32_t)tracee->message : 0;
		return offsetof(struct linux_ptrace_syscall_info, entry.filter_data) + (is_filtered ? sizeof(info->entry.filter_data) : 0);
	}
	info->op = LINUX_PTRACE_SYSCALL_INFO_EXIT;
	info->exit.result = user_syscall_result(user);
	info->exit.is_error = (uint64_t)info->exit.result >= (uint64_t)-4095;
	return offsetof(struct linux_ptrace_syscall_info, exit.is_error) + 1;
}

static int64_t get_syscall_info(const struct request *request)
{
	struct linux_ptrace_syscall_info info;
	struct trace *tracee;
	size_t size;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	memset(&info, 0, sizeof(info));
	size = fill_call_locked(tracee, &info);
	ptrace_end(tracee);
	ret = copy_to_user(request->data, &info, min_u64(size, request->address));
	return ret ? ret : (int64_t)size;
}
PTRACE_REQUEST(GET_SYSCALL_INFO, get_syscall_info);
