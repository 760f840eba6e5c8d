/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking signals without a handler (sigtimedwait(2), signalfd(2)), and actions and masks as the system calls set them. */
#pragma once
#include "kernel/process/process.h"

/* Takes a pending signal of `mask`; waits until the deadline (0: does not). -EAGAIN, -EINTR. */
int signal_wait(uint64_t mask, uint64_t deadline_ns, struct linux_siginfo *info) must_check;
/* Sets the mask of the running task. */
void signal_set_mask(uint64_t mask);
/* sigaction(2); either may be NULL. An ignored signal that is pending is dropped. */
int signal_action(int signal, const struct linux_sigaction *action, struct linux_sigaction *old) must_check;
/* rt_sigreturn(2): the context becomes what it was before the handler; its result register is the return value. */
int64_t signal_return(void);
