/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of a program as the rest of the kernel sees them, and copies to and from its memory. */
#include "kernel/arch/user.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

void user_context_init(struct user_context *context, uint64_t entry, uint64_t stack)
{
	struct cpu *cpu = this_cpu();

	if (cpu->loaded == context)
		cpu->loaded = NULL;
	*context = (struct user_context){
	    .rip = entry, .rsp = stack, .cs = SELECTOR_USER_CODE, .ss = SELECTOR_USER_DATA, .rflags = RFLAGS_IF | 2,
	    .vector = VECTOR_SYSCALL, /* the execve(2) that it returns from */
	};
}

void user_context_copy(struct user_context *to, const struct user_context *from)
{
	if (this_cpu()->loaded == from)
		user_bases_save(this_cpu());
	*to = *from;
	to->debug = NULL;
}

uint64_t user_syscall_number(const struct user_context *context)
{
	return context->rax;
}

uint64_t user_syscall_argument(const struct user_context *context, unsigned i)
{
	switch (i) {
	case 0:
		return context->rdi;
	case 1:
		return context->rsi;
	case 2:
		return context->rdx;
	case 3:
		return context->r10;
	case 4:
		return context->r8;
	default:
		return context->r9;
	}
}

void user_syscall_set_result(struct user_context *context, int64_t result)
{
	context->rax = (uint64_t)result;
}

int64_t user_syscall_result(const struct user_context *context)
{
	return (int64_t)context->rax;
}

void user_syscall_rewind(struct user_context *context, uint64_t number)
{
	context->rax = number;
	context->rip -= 2; /* 0f 05 */
}

uint64_t user_stack_pointer(const struct user_context *context)
{
	return context->rsp;
}

uint64_t user_instruction_pointer(const struct user_context *context)
{
	return context->rip;
}

void user_set_instruction_pointer(struct user_context *context, uint64_t address)
{
	context->rip = address;
}

void user_set_stack_pointer(struct user_context *context, uint64_t stack)
{
	context->rsp = stack;
}

void user_set_argument(struct user_context *context, uint64_t value)
{
	context->rdi = value;
}

/* ---- TLS bases: in the CPU while `loaded` says so ---- */

void user_bases_save(struct cpu *cpu)
{
	/* Without FSGSBASE programs cannot change them but through the functions below. */
	if (!cpu->loaded || !cpu_features.fsgsbase)
		return;
	cpu->loaded->fs_base = read_fs_base();
	cpu->loaded->gs_base = cpu->loaded_gs = rdmsr(MSR_KERNEL_GS_BASE);
}

/* Takes a context's bases out of the CPU; user_run loads them again. */
static void bases_unload(const struct user_context *context)
{
	struct cpu *cpu = this_cpu();

	if (cpu->loaded == context) {
		user_bases_save(cpu);
		cpu->loaded = NULL;
	}
}

void user_set_tls(struct user_context *context, uint64_t base)
{
	bases_unload(context);
	context->fs_base = base;
}

void user_set_gs(struct user_context *context, uint64_t base)
{
	bases_unload(context);
	context->gs_base = base;
}

uint64_t user_tls(struct user_context *context)
{
	bases_unload(context);
	return context->fs_base;
}

uint64_t user_gs(struct user_context *context)
{
	bases_unload(context);
	return context->gs_base;
}

/* ---- Copies (user_copy.S does the accesses) ---- */

extern size_t user_copy_raw(void *to, const void *from, size_t len);
extern size_t user_clear_raw(void *to, size_t len);
extern long user_string_raw(char *to, const char *from, size_t max);
extern int user_load_raw(uint32_t *value, const uint32_t *address);
extern int user_exchange_raw(uint32_t *address, uint32_t expected, uint32_t desired, uint32_t *found);

static inline bool user_range_ok(uint64_t address, size_t len)
{
	return likely(len <= USER_END && address <= USER_END - len);
}

size_t user_copy_in(void *to, uint64_t from, size_t len)
{
	return user_range_ok(from, len) ? user_copy_raw(to, (const void *)from, len) : len;
}

size_t user_copy_out(uint64_t to, const void *from, size_t len)
{
	return user_range_ok(to, len) ? user_copy_raw((void *)to, from, len) : len;
}

size_t user_clear(uint64_t to, size_t len)
{
	return user_range_ok(to, len) ? user_clear_raw((void *)to, len) : len;
}

long user_copy_string(char *to, uint64_t from, size_t size)
{
	size_t room;
	long len;

	if (from >= USER_END)
		return -EFAULT;
	room = min_u64(size, USER_END - from);
	len = user_string_raw(to, (const char *)from, room);
	if (len < 0)
		return -EFAULT;
	if ((size_t)len < room)
		return len;
	return room < size ? -EFAULT : -ENAMETOOLONG;
}

int user_load_u32(uint32_t *value, uint64_t address)
{
	return user_range_ok(address, 4) && !user_load_raw(value, (const uint32_t *)address) ? 0 : -EFAULT;
}

int user_compare_exchange_u32(uint64_t address, uint32_t expected, uint32_t desired, uint32_t *found)
{
	return user_range_ok(address, 4) && !user_exchange_raw((uint32_t *)address, expected, desired, found) ? 0 : -EFAULT;
}
