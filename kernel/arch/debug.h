/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What debuggers see and change of a thread in user mode (ptrace(2), core(5)). The thread must be off its CPU, or be the caller, and have its extended
 * state in its area.
 */
#pragma once
#include "kernel/arch/user.h"

/* The registers in the order of struct user_regs_struct. `call` is the number of the system call that the thread is in; NO_CALL: none. */
#define NO_CALL UINT64_MAX
void user_registers_get(const struct user_context *context, uint64_t call, uint64_t registers[USER_REGISTERS]);
/* One of them; *call is one as well. -EIO: a value that it cannot have. */
int user_register_set(struct user_context *context, unsigned i, uint64_t value, uint64_t *call) must_check;
/* Whether the context was left by a system call; and makes it look so. */
bool user_is_in_syscall(const struct user_context *context);
void user_set_in_syscall(struct user_context *context, bool is_in);

/* Traps after each instruction. */
void user_set_stepping(struct user_context *context, bool on);

/*
 * The extended state in the layout that debuggers know: of FXSAVE, 512 bytes, then XSAVE's header and the rest where there are any; all
 * user_vector_size() bytes. What the CPU left out as unused is filled in.
 */
#define USER_VECTOR_LEGACY 512
void user_vector_export(const void *area, void *to);
/* len: USER_VECTOR_LEGACY, the rest stays; or all of it. -EINVAL: the CPU would not take it. The thread loads it with thread_vector_changed. */
int user_vector_import(void *area, const void *from, size_t len) must_check;

/* Debug register 0-3 (address), 6 (status), 7 (control), by their numbers. -EIO: no such one; -EINVAL: a value that it cannot have. */
uint64_t user_debug_get(const struct user_debug *debug, unsigned i);
int user_debug_set(struct user_debug *debug, unsigned i, uint64_t value) must_check;
