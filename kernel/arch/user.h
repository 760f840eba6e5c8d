/* SPDX-License-Identifier: BSD-3-Clause */
/* The one boundary to user code (DESIGN §2, rule 3), kernel stacks' switch, and access to user memory. */
#pragma once
#include "lib/attr.h"
#include "kernel/arch/x86_64/context.h" /* struct user_context, struct kernel_context: the only line that names an architecture */

enum trap {
	TRAP_SYSCALL,	/* user_syscall_* give number and arguments */
	TRAP_FAULT,	/* a page fault: fault_address, fault_access */
	TRAP_EXCEPTION, /* another exception: `signal`, `signal_code`, fault_address as siginfo wants them */
	TRAP_INTERRUPT, /* an interrupt; its handler ran already: look whether to reschedule */
};

enum access { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXEC = 4, ACCESS_PRESENT = 8 /* the page was there: a protection fault */,
	ACCESS_FORCE = 16 /* not the program's own: a debugger's, whom no protection stops */ };

/* Enters user mode on the current page table with the context and returns when the program traps; the context is up to date then. */
enum trap user_run(struct user_context *context);

void user_context_init(struct user_context *context, uint64_t entry, uint64_t stack);
uint64_t user_syscall_number(const struct user_context *context);
uint64_t user_syscall_argument(const struct user_context *context, unsigned i); /* 0 to 5 */
void user_syscall_set_result(struct user_context *context, int64_t result);
int64_t user_syscall_result(const struct user_context *context);
/* Makes the context execute its system call instruction again with the same number (restart after a signal). */
void user_syscall_rewind(struct user_context *context, uint64_t number);
uint64_t user_stack_pointer(const struct user_context *context);
uint64_t user_instruction_pointer(const struct user_context *context);
void user_set_instruction_pointer(struct user_context *context, uint64_t address);
void user_set_stack_pointer(struct user_context *context, uint64_t stack);
void user_set_argument(struct user_context *context, uint64_t value); /* the first of a C function, where the context is to enter one */
/* The thread pointers (fs and gs bases) may be newer in the CPU than in a context that is the running thread's: always by these. */
void user_set_tls(struct user_context *context, uint64_t base);
void user_set_gs(struct user_context *context, uint64_t base);
uint64_t user_tls(struct user_context *context);
uint64_t user_gs(struct user_context *context);
void user_context_copy(struct user_context *to, const struct user_context *from); /* for fork and clone; from: the running thread's */

/* Extended (vector) state of a thread: kept in CPU registers until another thread runs. All are for the current thread or a stopped one. */
size_t user_vector_size(void);			 /* bytes of an area; align 64 */
void user_vector_init(void *area);
void user_vector_save(void *area);		 /* registers -> area */
void user_vector_restore(const void *area);	 /* area -> registers */

/*
 * Signal frames as Linux lays them out on the user's stack (sigreturn(2), struct ucontext of the architecture).
 * push: stores a frame below `stack` holding `info` (128 bytes of siginfo), the blocked mask, the alternate stack and the whole state, and
 * makes the context continue in `handler`(signal, info*, ucontext*) returning to `restorer`. -EFAULT if the stack cannot be written.
 * pop: the reverse, for rt_sigreturn: gives back the mask.
 */
struct signal_frame {
	int signal;
	uint64_t handler, restorer, flags, mask;
	const void *info;		   /* 128 bytes */
	uint64_t altstack_base, altstack_size; /* sigaltstack in force when it was taken */
	int altstack_flags;
};
int user_signal_push(struct user_context *context, void *vector_area, uint64_t stack, const struct signal_frame *frame) must_check;
int user_signal_pop(struct user_context *context, void *vector_area, uint64_t *mask) must_check;

/* Kernel stacks. switch: saves here, continues there. init: the first switch to it calls entry(argument) on [stack, stack+size). */
void kernel_context_switch(struct kernel_context *save, struct kernel_context *to);
void kernel_context_init(struct kernel_context *context, void *stack, size_t size, void (*entry)(void *), void *argument);

/*
 * Copies to and from user memory of the current page table. Return the number of bytes NOT copied (0: all). Faults are served
 * by the handler that vm registers; a page that cannot be had ends the copy. Addresses are checked against USER_END.
 */
size_t user_copy_in(void *to, uint64_t from, size_t len);
size_t user_copy_out(uint64_t to, const void *from, size_t len);
size_t user_clear(uint64_t to, size_t len);
/* Length of a NUL-terminated user string copied to `to`, without the NUL; -EFAULT; -ENAMETOOLONG if it does not fit in size. */
long user_copy_string(char *to, uint64_t from, size_t size);
/* Atomic operations on a user word; -EFAULT. */
int user_load_u32(uint32_t *value, uint64_t address);
int user_compare_exchange_u32(uint64_t address, uint32_t expected, uint32_t desired, uint32_t *found);

/* Called for a fault in kernel code on a user address (the copies above): true if the access can be tried again. May sleep. */
void user_fault_set_handler(bool (*handler)(uint64_t address, enum access access));
