/* SPDX-License-Identifier: BSD-3-Clause */
/* Traps: what happened in user mode, as user_run's caller wants to know it; and what may happen in the kernel itself. */
#include "kernel/arch/user.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/log/log.h"
#include "kernel/platform/interrupt.h"
#include "kernel/uapi/signal.h"

#define CHECK_OFFSET(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #field)
CHECK_OFFSET(struct user_context, rdi, CONTEXT_RDI);
CHECK_OFFSET(struct user_context, r11, CONTEXT_R11);
CHECK_OFFSET(struct user_context, vector, CONTEXT_VECTOR);
CHECK_OFFSET(struct user_context, rip, CONTEXT_RIP);
CHECK_OFFSET(struct user_context, rflags, CONTEXT_RFLAGS);
CHECK_OFFSET(struct user_context, rsp, CONTEXT_RSP);
CHECK_OFFSET(struct user_context, fault_address, CONTEXT_FRAME);
_Static_assert(sizeof(struct trap_frame) == CONTEXT_FRAME, "trap_frame");
_Static_assert(CONTEXT_FRAME % 16 == 0, "the CPU aligns the stack to 16");
CHECK_OFFSET(struct cpu, context_top, CPU_CONTEXT_TOP);
CHECK_OFFSET(struct cpu, kernel_rsp, CPU_KERNEL_RSP);
CHECK_OFFSET(struct cpu, user_rsp, CPU_USER_RSP);
CHECK_OFFSET(struct cpu, boot_stack, CPU_BOOT_STACK);
CHECK_OFFSET(struct cpu, tss.rsp, CPU_TSS_RSP0);

#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_FETCH   16u

extern void user_enter(struct user_context *context);

static bool (*fault_handler)(uint64_t address, enum access access);

void user_fault_set_handler(bool (*handler)(uint64_t address, enum access access))
{
	fault_handler = handler;
}

static unsigned fault_access(uint64_t error_code)
{
	unsigned access = error_code & PF_FETCH ? ACCESS_EXEC : error_code & PF_WRITE ? ACCESS_WRITE : ACCESS_READ;

	return access | (error_code & PF_PRESENT ? ACCESS_PRESENT : 0);
}

/* The signals of exceptions: Linux sends SI_KERNEL where a cause is not to be known. `with_address`: the instruction's address goes with it. */
static const struct {
	uint8_t signal, code;
	bool with_address;
} exception_signals[32] = {
    [0] = {LINUX_SIGFPE, LINUX_FPE_INTDIV, true},
    [1] = {LINUX_SIGTRAP, LINUX_TRAP_TRACE, true},
    [3] = {LINUX_SIGTRAP, LINUX_SI_KERNEL, false},
    [4] = {LINUX_SIGSEGV, LINUX_SI_KERNEL, false},
    [5] = {LINUX_SIGSEGV, LINUX_SI_KERNEL, false},
    [6] = {LINUX_SIGILL, LINUX_ILL_ILLOPN, true},
    [11] = {LINUX_SIGBUS, LINUX_SI_KERNEL, false},
    [12] = {LINUX_SIGBUS, LINUX_SI_KERNEL, false},
    [17] = {LINUX_SIGBUS, LINUX_BUS_ADRALN, false},
};

enum { FPE_FLTDIV = 3, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES, FPE_FLTINV };

/* Status and mask have the same six bits in the x87 and SSE registers (SDM 1 §8.1.3, §10.2.3); the first unmasked one counts. */
static int float_code(unsigned status, unsigned mask)
{
	static const uint8_t codes[6] = {FPE_FLTINV, FPE_FLTUND, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES};

	for (unsigned i = 0; i < 6; i++)
		if (status & ~mask & 1u << i)
			return codes[i];
	return 0;
}

static int float_exception_code(uint64_t vector)
{
	if (vector == 16) {
		uint16_t status, control;

		__asm__ volatile("fnstsw %0; fnstcw %1" : "=m"(status), "=m"(control));
		return float_code(status & 0x3f, control & 0x3f);
	} else {
		uint32_t mxcsr;

		__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
		return float_code(mxcsr & 0x3f, mxcsr >> 7 & 0x3f);
	}
}

static enum trap user_exception(struct user_context *context)
{
	uint64_t vector = context->vector;

	context->signal = LINUX_SIGSEGV;
	context->signal_code = LINUX_SI_KERNEL;
	context->fault_address = 0;
	if (vector == 16 || vector == 19) {
		context->signal = LINUX_SIGFPE;
		context->signal_code = float_exception_code(vector);
		context->fault_address = context->rip;
	} else if (exception_signals[vector].signal) {
		context->signal = exception_signals[vector].signal;
		context->signal_code = exception_signals[vector].code;
		context->fault_address = exception_signals[vector].with_address ? context->rip : 0;
		if (vector == VECTOR_DEBUG)
			debug_exception(context);
	}
	return TRAP_EXCEPTION;
}

static enum trap user_trap(struct user_context *context)
{
	if (context->vector == VECTOR_PAGE_FAULT) {
		context->fault_address = read_cr2();
		context->fault_access = fault_access(context->error_code);
		return TRAP_FAULT;
	}
	if (context->vector < 32)
		return user_exception(context);
	interrupt_dispatch((unsigned)context->vector);
	return TRAP_INTERRUPT;
}

static void bases_load(struct cpu *cpu, struct user_context *context)
{
	user_bases_save(cpu);
	if (cpu_features.fsgsbase)
		write_fs_base(context->fs_base);
	else
		wrmsr(MSR_FS_BASE, context->fs_base);
	if (cpu->loaded_gs != context->gs_base)
		wrmsr(MSR_KERNEL_GS_BASE, cpu->loaded_gs = context->gs_base);
	cpu->loaded = context;
	if (unlikely(context->debug || cpu->has_breakpoints))
		debug_load(cpu, context->debug);
}

enum trap user_run(struct user_context *context)
{
	struct cpu *cpu = this_cpu();

	/* Returning to an address that is none would fault inside the kernel. */
	if (unlikely(context->rip >= USER_END)) {
		context->fault_address = context->rip;
		context->fault_access = ACCESS_EXEC;
		return TRAP_FAULT;
	}
	if (unlikely(cpu->loaded != context))
		bases_load(cpu, context);
	user_enter(context);
	return likely(context->vector == VECTOR_SYSCALL) ? TRAP_SYSCALL : user_trap(context);
}

/* ---- Traps of the kernel itself ---- */

struct exception_row {
	uint64_t first, last, target;
};

static uint64_t exception_target(uint64_t rip)
{
	extern const struct exception_row exception_table_start[], exception_table_end[];

	for (const struct exception_row *row = exception_table_start; row < exception_table_end; row++)
		if (rip >= row->first && rip < row->last)
			return row->target;
	return 0;
}

noreturn_fn void trap_fatal(struct trap_frame *frame)
{
	static const char *const names[] = {
	    "divide error", "debug exception", "NMI", "breakpoint", "overflow", "bound", "invalid opcode", "no coprocessor", "double fault",
	    "coprocessor overrun", "invalid TSS", "segment not present", "stack fault", "general protection", "page fault", "exception 15",
	    "x87 error", "alignment check", "machine check", "SIMD error",
	};
	uint64_t cr2 = read_cr2();

	if (frame->vector == VECTOR_NMI && cpus_are_stopping())
		cpu_halt();
	log_set_level(LOG_ERROR);
	log_line(LOG_EMERGENCY, "rip %016lx rsp %016lx rfl %016lx cs %lx ss %lx", frame->rip, frame->rsp, frame->rflags, frame->cs, frame->ss);
	log_line(LOG_EMERGENCY, "rax %016lx rbx %016lx rcx %016lx rdx %016lx", frame->rax, frame->rbx, frame->rcx, frame->rdx);
	log_line(LOG_EMERGENCY, "rsi %016lx rdi %016lx rbp %016lx r8  %016lx", frame->rsi, frame->rdi, frame->rbp, frame->r8);
	log_line(LOG_EMERGENCY, "r9  %016lx r10 %016lx r11 %016lx r12 %016lx", frame->r9, frame->r10, frame->r11, frame->r12);
	log_line(LOG_EMERGENCY, "r13 %016lx r14 %016lx r15 %016lx cr2 %016lx", frame->r13, frame->r14, frame->r15, cr2);
	log_line(LOG_EMERGENCY, "cr3 %016lx cpu %u", read_cr3(), cpu_id());
	panic_at(frame->rip, frame->rsp, "%s in the kernel, error code %lx", frame->vector < ARRAY_SIZE(names) ? names[frame->vector] : "exception",
	    frame->error_code);
}

static bool fault_served(struct trap_frame *frame)
{
	uint64_t address = read_cr2(), target = exception_target(frame->rip);

	if (!target || address >= USER_END)
		return false;
	if (!fault_handler || !fault_handler(address, (enum access)fault_access(frame->error_code)))
		frame->rip = target;
	return true;
}

void trap_kernel(struct trap_frame *frame)
{
	uint64_t target;

	if (frame->vector >= 32) {
		interrupt_dispatch((unsigned)frame->vector);
	} else if (frame->vector == VECTOR_PAGE_FAULT && fault_served(frame)) {
		return;
	} else if (frame->vector == VECTOR_DEBUG) {
		debug_exception_in_kernel();
	} else if (frame->vector == 13 && (target = exception_target(frame->rip))) {
		frame->rip = target; /* a user address that is not canonical, past the checks by its length */
	} else {
		trap_fatal(frame);
	}
}
