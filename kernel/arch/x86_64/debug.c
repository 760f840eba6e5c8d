/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers, single steps and breakpoints for debuggers, and the debug exception (SDM 3B chapter 18). */
#include "kernel/arch/debug.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/vector.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/signal.h"
#include "lib/string.h"

#define DR6_HIT	     0xfull
#define DR6_STEP     (1ull << 14)
#define DR6_RESERVED 0xffff0ff0ull /* read as ones */
#define DR7_FIXED    0x400ull
#define DR7_ENABLED  0xffull /* two bits for each register */
#define DR7_ACCESS   0xffff0000ull /* four bits for each: kind of access, length */
#define FXSAVE_ONLY  3 /* XSTATE_BV: x87 and SSE */
#define FCW_DEFAULT  0x37f
#define TAG_X87	     1u
#define TAG_SSE	     2u

/* ---- General registers ---- */

enum { /* <sys/user.h>, struct user_regs_struct */
	R_R15, R_R14, R_R13, R_R12, R_RBP, R_RBX, R_R11, R_R10, R_R9, R_R8, R_RAX, R_RCX, R_RDX, R_RSI, R_RDI, R_ORIG_RAX, R_RIP, R_CS, R_RFLAGS, R_RSP, R_SS,
	R_FS_BASE, R_GS_BASE, R_DS, R_ES, R_FS, R_GS,
};
_Static_assert(R_GS == USER_REGISTERS - 1 && R_FS_BASE == USER_REGISTER_FS_BASE && R_GS_BASE == USER_REGISTER_GS_BASE, "user_regs_struct");

/* The plain ones, which can have any value. */
static const uint16_t offsets[USER_REGISTERS] = {
    [R_R15] = offsetof(struct user_context, r15), [R_R14] = offsetof(struct user_context, r14), [R_R13] = offsetof(struct user_context, r13),
    [R_R12] = offsetof(struct user_context, r12), [R_RBP] = offsetof(struct user_context, rbp), [R_RBX] = offsetof(struct user_context, rbx),
    [R_R11] = offsetof(struct user_context, r11), [R_R10] = offsetof(struct user_context, r10), [R_R9] = offsetof(struct user_context, r9),
    [R_R8] = offsetof(struct user_context, r8), [R_RAX] = offsetof(struct user_context, rax), [R_RCX] = offsetof(struct user_context, rcx),
    [R_RDX] = offsetof(struct user_context, rdx), [R_RSI] = offsetof(struct user_context, rsi), [R_RDI] = offsetof(struct user_context, rdi),
    [R_RIP] = offsetof(struct user_context, rip), [R_CS] = offsetof(struct user_context, cs), [R_RFLAGS] = offsetof(struct user_context, rflags),
    [R_RSP] = offsetof(struct user_context, rsp), [R_SS] = offsetof(struct user_context, ss), [R_FS_BASE] = offsetof(struct user_context, fs_base),
    [R_GS_BASE] = offsetof(struct user_context, gs_base),
};

void user_registers_get(const struct user_context *context, uint64_t call, uint64_t registers[USER_REGISTERS])
{
	for (unsigned i = 0; i < USER_REGISTERS; i++)
		registers[i] = i >= R_DS ? 0 : *(const uint64_t *)((const char *)context + offsets[i]);
	registers[R_ORIG_RAX] = call;
}

int user_register_set(struct user_context *context, unsigned i, uint64_t value, uint64_t *call)
{
	uint64_t *place = (uint64_t *)((char *)context + offsets[i]);

	switch (i) {
	case R_ORIG_RAX:
		*call = value;
		return 0;
	case R_CS:
	case R_SS:
		return value == *place ? 0 : -EIO;
	case R_DS:
	case R_ES:
	case R_FS:
	case R_GS:
		return value ? -EIO : 0;
	case R_FS_BASE:
	case R_GS_BASE:
		if (value >= USER_END)
			return -EIO;
		break;
	case R_RFLAGS:
		value = (value & RFLAGS_USER) | RFLAGS_IF | 2;
		break;
	default:
		break;
	}
	*place = value;
	return 0;
}

bool user_is_in_syscall(const struct user_context *context)
{
	return context->vector == VECTOR_SYSCALL;
}

void user_set_in_syscall(struct user_context *context, bool is_in)
{
	if (is_in != user_is_in_syscall(context))
		context->vector = is_in ? VECTOR_SYSCALL : 0;
}

void user_set_stepping(struct user_context *context, bool on)
{
	context->rflags = (context->rflags & ~(uint64_t)RFLAGS_TF) | (on ? RFLAGS_TF : 0);
}

/* ---- Extended state ---- */

/* XSAVE need not write what is in its first state (SDM 1 §13.7): it is taken to be so. */
static void fill_unused(struct vector_area *to, uint64_t used)
{
	if (!(used & TAG_X87)) {
		to->fcw = FCW_DEFAULT;
		to->fsw = to->fop = to->ftw = 0;
		to->fip = to->fdp = 0;
		memset(to->registers, 0, 128);
	}
	if (!(used & TAG_SSE))
		memset(to->registers + 128, 0, 256);
	for (unsigned i = 2; i < 63; i++) {
		if (cpu_features.xcr0 & ~used & 1ull << i) {
			struct cpuid part = cpuid(0xd, i); /* a: size, b: offset */

			memset((char *)to + part.b, 0, part.a);
		}
	}
}

void user_vector_export(const void *area, void *to)
{
	struct vector_area *copy = to;

	memcpy(copy, area, cpu_features.vector_size);
	memset(copy->software, 0, sizeof(copy->software));
	if (!cpu_features.xsave)
		return;
	fill_unused(copy, copy->xstate_bv);
	memcpy(copy->software, &cpu_features.xcr0, sizeof(cpu_features.xcr0)); /* where debuggers look which parts there are */
}

int user_vector_import(void *to, const void *from, size_t len)
{
	struct vector_area *area = to;
	const struct vector_area *wanted = from;

	if (wanted->mxcsr & ~vector_mxcsr_mask())
		return -EINVAL;
	if (len > USER_VECTOR_LEGACY && (wanted->xcomp_bv || wanted->xstate_bv & ~cpu_features.xcr0))
		return -EINVAL;
	memcpy(area, wanted, USER_VECTOR_LEGACY);
	if (len > USER_VECTOR_LEGACY) {
		memcpy(area->extended, wanted->extended, cpu_features.vector_size - sizeof(*area));
		area->xstate_bv = wanted->xstate_bv;
	} else if (cpu_features.xsave) {
		area->xstate_bv |= FXSAVE_ONLY;
	}
	return 0;
}

/* ---- Breakpoints ---- */

uint64_t user_debug_get(const struct user_debug *debug, unsigned i)
{
	if (!debug)
		return 0;
	return i < 4 ? debug->address[i] : i == 6 ? debug->status : i == 7 ? debug->control : 0;
}

/* An access of length 1, 2, 8 or 4, aligned to that; code is of length 1 always. I/O cannot be watched. */
static bool is_valid_control(const struct user_debug *debug, uint64_t control)
{
	static const uint8_t lengths[4] = {1, 2, 8, 4};

	for (unsigned i = 0; i < 4; i++) {
		uint64_t access = control >> (16 + 4 * i) & 3, length = lengths[control >> (18 + 4 * i) & 3];

		if (!(control >> 2 * i & 3))
			continue;
		if (access == 2 || (access == 0 && length != 1) || debug->address[i] % length)
			return false;
	}
	return true;
}

int user_debug_set(struct user_debug *debug, unsigned i, uint64_t value)
{
	if (i < 4) {
		if (value >= USER_END)
			return -EINVAL;
		debug->address[i] = value;
	} else if (i == 6) {
		debug->status = value;
	} else if (i == 7) {
		if (!is_valid_control(debug, value))
			return -EINVAL;
		debug->control = value & (DR7_ENABLED | DR7_ACCESS);
	} else {
		return -EIO;
	}
	return 0;
}

void debug_load(struct cpu *cpu, const struct user_debug *debug)
{
	cpu->has_breakpoints = debug && (debug->control & DR7_ENABLED);
	write_dr7(DR7_FIXED);
	if (!cpu->has_breakpoints)
		return;
	write_dr0(debug->address[0]);
	write_dr1(debug->address[1]);
	write_dr2(debug->address[2]);
	write_dr3(debug->address[3]);
	write_dr7(debug->control | DR7_FIXED);
}

void debug_exception(struct user_context *context)
{
	uint64_t status = read_dr6() & (DR6_HIT | DR6_STEP);

	write_dr6(DR6_RESERVED);
	context->signal_code = status & DR6_STEP ? LINUX_TRAP_TRACE : status & DR6_HIT ? LINUX_TRAP_HWBKPT : LINUX_TRAP_BRKPT;
	if (!context->debug)
		return;
	context->debug->status = status;
	/* One of code comes before its instruction, which is to run when the program goes on (SDM 3B §18.3.1.1). */
	for (unsigned i = 0; i < 4; i++) {
		if ((status & 1ull << i) && !(context->debug->control >> (16 + 4 * i) & 3))
			context->rflags |= RFLAGS_RF;
	}
}

/* The kernel's copies touch what the program watches; that is not told of. */
void debug_exception_in_kernel(void)
{
	write_dr6(DR6_RESERVED);
}
