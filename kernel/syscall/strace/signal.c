/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals. */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/fcntl.h"

static const struct strace_name hows[] = {{0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}, {0, NULL}};
static const struct strace_name action_flags[] = {{LINUX_SA_RESTORER, "SA_RESTORER"}, {LINUX_SA_ONSTACK, "SA_ONSTACK"}, {LINUX_SA_RESTART, "SA_RESTART"}, {LINUX_SA_NODEFER, "SA_NODEFER"},
    {LINUX_SA_RESETHAND, "SA_RESETHAND"}, {LINUX_SA_SIGINFO, "SA_SIGINFO"}, {LINUX_SA_NOCLDSTOP, "SA_NOCLDSTOP"}, {LINUX_SA_NOCLDWAIT, "SA_NOCLDWAIT"}, {0, NULL}};
static const struct strace_name stack_flags[] = {{LINUX_SS_ONSTACK, "SS_ONSTACK"}, {LINUX_SS_DISABLE, "SS_DISABLE"}, {LINUX_SS_AUTODISARM, "SS_AUTODISARM"}, {0, NULL}};
static const struct strace_name signalfd_flags[] = {{O_CLOEXEC, "SFD_CLOEXEC"}, {O_NONBLOCK, "SFD_NONBLOCK"}, {0, NULL}};

static void show_action(struct strace_line *line, const struct strace_value *v)
{
	struct linux_sigaction action;

	if (!strace_fetch(line, v, &action, sizeof(action)))
		return;
	if (action.handler <= LINUX_SIG_IGN)
		strace_add(line, action.handler ? "{sa_handler=SIG_IGN" : "{sa_handler=SIG_DFL");
	else
		strace_add(line, "{sa_handler=%#llx", (unsigned long long)action.handler);
	strace_add(line, ", sa_mask=");
	strace_add_signal_set(line, action.mask);
	strace_add(line, ", sa_flags=");
	strace_add_flags(line, action.flags, action_flags, "0");
	if (action.flags & LINUX_SA_RESTORER)
		strace_add(line, ", sa_restorer=%#llx", (unsigned long long)action.restorer);
	strace_add(line, "}");
}

static void show_stack(struct strace_line *line, const struct strace_value *v)
{
	struct linux_stack stack;

	if (!strace_fetch(line, v, &stack, sizeof(stack)))
		return;
	strace_add(line, stack.base ? "{ss_sp=%#llx, ss_flags=" : "{ss_sp=NULL, ss_flags=", (unsigned long long)stack.base);
	strace_add_flags(line, (uint32_t)stack.flags, stack_flags, "0");
	strace_add(line, ", ss_size=%llu}", (unsigned long long)stack.size);
}

static void show_info(struct strace_line *line, const struct strace_value *v)
{
	struct linux_siginfo info;

	if (strace_fetch(line, v, &info, sizeof(info)))
		strace_add_siginfo(line, &info);
}

/* The mask that comes back, in the frame that the stack pointer stands at (struct ucontext). */
static void show_frame(struct strace_line *line, const struct strace_value *v)
{
	enum { MASK_OFFSET = 296 };
	uint64_t mask;

	if (user_copy_in(&mask, user_stack_pointer(&task_current()->user) + MASK_OFFSET, sizeof(mask)))
		return;
	strace_add(line, "{mask=");
	strace_add_signal_set(line, mask);
	strace_add(line, "}");
}

STRACE(rt_sigreturn, {.show = show_frame});
STRACE(rt_sigaction, SIGNAL, {.show = show_action}, FILLED(show_action), UNSIGNED);
STRACE(rt_sigprocmask, NAME(hows), SIGNALS, FILLED(strace_show_signal_set), UNSIGNED);
STRACE(rt_sigpending, FILLED(strace_show_signal_set), UNSIGNED);
STRACE(rt_sigsuspend, SIGNALS, UNSIGNED);
STRACE(rt_sigtimedwait, SIGNALS, FILLED(show_info), TIME, UNSIGNED);
STRACE(rt_sigqueueinfo, INT, SIGNAL, {.show = show_info});
STRACE(rt_tgsigqueueinfo, INT, INT, SIGNAL, {.show = show_info});
STRACE(pidfd_send_signal, INT, SIGNAL, {.show = show_info}, HEX);
STRACE(sigaltstack, {.show = show_stack}, FILLED(show_stack));
STRACE(signalfd, INT, SIGNALS, UNSIGNED);
STRACE(signalfd4, INT, SIGNALS, UNSIGNED, FLAGS(signalfd_flags));
