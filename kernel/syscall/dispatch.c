/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the number in a register to the function: a table by number, filled at start from the linker set, so that what was
 * not linked answers ENOSYS. --strace and the log of absent calls stand beside the hot path, not in it.
 */
#include "kernel/syscall/seccomp.h"
#include "kernel/syscall/strace.h"
#include "kernel/syscall/syscall.h"
#include "kernel/log/log.h"
#include "kernel/platform/platform.h"
#include "abi/control.h"

LINKER_SET_DECLARE(syscall, struct syscall);

static const struct syscall *syscalls[SYSCALL_NUMBER_MAX + 1];
static uint8_t absent_logged[SYSCALL_NUMBER_MAX + 1];

const char *syscall_name(uint64_t number)
{
#define NAME_CASE(name, nr)                                                                                         \
	case nr:                                                                                                    \
		return #name;
	switch (number) {
		SYSCALL_NAMES(NAME_CASE)
	default:
		return NULL;
	}
#undef NAME_CASE
}

static int64_t syscall_absent(uint64_t number)
{
	if (number <= SYSCALL_NUMBER_MAX && !absent_logged[number]) {
		const char *name = syscall_name(number);

		absent_logged[number] = 1;
		log_line(LOG_NOTICE, "system call %s (%llu) is not implemented; %s got ENOSYS", name ? name : "unknown",
		    (unsigned long long)number, task_current()->name);
	}
	return -ENOSYS;
}

void syscall_load_arguments(const struct user_context *user, struct syscall_arguments *a)
{
	for (unsigned i = 0; i < 6; i++)
		a->v[i] = user_syscall_argument(user, i);
}

static inline const struct syscall *find(uint64_t number)
{
	return number <= SYSCALL_NUMBER_MAX ? syscalls[number] : NULL;
}

static void dispatch(struct task *task)
{
	uint64_t number = user_syscall_number(&task->user);
	const struct syscall *call;
	struct syscall_arguments a;

	task->syscall_number = number;
	syscall_load_arguments(&task->user, &a);
	if (unlikely(task->filters) && !seccomp_allows(task, &number, &a))
		return;
	call = find(number);
	user_syscall_set_result(&task->user, likely(call) ? call->call(&a) : syscall_absent(number));
}

static void dispatch_traced(struct task *task)
{
	uint64_t number = user_syscall_number(&task->user);
	const struct syscall *call = find(number);
	struct syscall_arguments a;
	int64_t result;

	task->syscall_number = number;
	syscall_load_arguments(&task->user, &a);
	strace_enter(task, call, number, &a);
	if (task->filters && !seccomp_allows(task, &number, &a)) {
		strace_leave(task, call, number, &a, user_syscall_result(&task->user));
		return;
	}
	call = find(number);
	result = call ? call->call(&a) : syscall_absent(number);
	strace_leave(task, call, number, &a, result);
	user_syscall_set_result(&task->user, result);
}

static void syscall_start(void)
{
	char unused[2];

	for (const struct syscall *const *p = LINKER_SET_BEGIN(syscall); p < LINKER_SET_END(syscall); p++)
		syscalls[(*p)->number] = *p;
	if (!boot_option(BOOT_OPTION_STRACE, unused, sizeof(unused))) {
		task_set_syscall_handler(dispatch);
		return;
	}
	strace_start();
	signal_set_delivery_hook(strace_signal);
	task_set_end_hook(strace_end);
	task_set_syscall_handler(dispatch_traced);
}
INITCALL(syscall, INIT_CORE, syscall_start);
