/* SPDX-License-Identifier: BSD-3-Clause */
/* ptrace(2): which request it is, becoming a tracer, and letting tracees go on. What is read and written of them is in tracee_state.c. */
#include "kernel/syscall/ptrace/request.h"

LINKER_SET_DECLARE(ptrace_request, struct request_entry);

SYSCALL_PARTIAL(ptrace, "without SINGLEBLOCK, SECCOMP_GET_FILTER and its metadata, GET_RSEQ_CONFIGURATION, and requests for 32-bit programs; process 1 cannot be traced");
SYSCALL(ptrace, 4, "xdpx")
{
	const struct request request = {.number = (int)a->v[0], .tid = (int)a->v[1], .address = a->v[2], .data = a->v[3]};
	struct trace *tracee;
	int ret;

	for (const struct request_entry *const *p = LINKER_SET_BEGIN(ptrace_request); p < LINKER_SET_END(ptrace_request); p++) {
		if ((*p)->number == request.number)
			return (*p)->serve(&request);
	}
	ret = ptrace_begin(request.tid, &tracee);
	if (ret)
		return ret;
	ptrace_end(tracee);
	return -EIO;
}

/* ---- Beginnings ---- */

static int64_t trace_me(const struct request *request)
{
	return ptrace_trace_me();
}
PTRACE_REQUEST(TRACEME, trace_me);

static int64_t attach(const struct request *request)
{
	return ptrace_attach(request->tid, false, 0);
}
PTRACE_REQUEST(ATTACH, attach);

static int64_t seize(const struct request *request)
{
	if (request->address || request->data & ~(uint64_t)LINUX_PTRACE_O_MASK)
		return -EIO;
	return ptrace_attach(request->tid, true, (unsigned)request->data);
}
PTRACE_REQUEST(SEIZE, seize);

static int64_t interrupt(const struct request *request)
{
	return ptrace_interrupt(request->tid);
}
PTRACE_REQUEST(INTERRUPT, interrupt);

static int64_t kill(const struct request *request)
{
	return ptrace_kill(request->tid);
}
PTRACE_REQUEST(KILL, kill);

/* ---- Going on ---- */

static const struct {
	int number;
	enum trace_mode mode;
} modes[] = {
    {LINUX_PTRACE_CONT, TRACE_GO},	      {LINUX_PTRACE_SYSCALL, TRACE_CALLS},
    {LINUX_PTRACE_SINGLESTEP, TRACE_STEP},    {LINUX_PTRACE_SYSEMU, TRACE_EMULATE},
    {LINUX_PTRACE_SYSEMU_SINGLESTEP, TRACE_EMULATE_STEP},
};

static int64_t resume(const struct request *request)
{
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	if (request->data > LINUX_NSIG)
		ret = -EIO;
	for (size_t i = 0; i < ARRAY_SIZE(modes) && !ret; i++) {
		if (modes[i].number == request->number)
			ptrace_resume(tracee, modes[i].mode, (int)request->data);
	}
	ptrace_end(tracee);
	return ret;
}
PTRACE_REQUEST(CONT, resume);
PTRACE_REQUEST(SYSCALL, resume);
PTRACE_REQUEST(SINGLESTEP, resume);
PTRACE_REQUEST(SYSEMU, resume);
PTRACE_REQUEST(SYSEMU_SINGLESTEP, resume);

static int64_t detach(const struct request *request)
{
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	if (request->data > LINUX_NSIG)
		ret = -EIO;
	else
		ptrace_detach(tracee, (int)request->data);
	ptrace_end(tracee);
	return ret;
}
PTRACE_REQUEST(DETACH, detach);

static int64_t listen(const struct request *request)
{
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	ret = ptrace_listen(tracee);
	ptrace_end(tracee);
	return ret;
}
PTRACE_REQUEST(LISTEN, listen);

static int64_t set_options(const struct request *request)
{
	struct trace *tracee;
	int ret = ptrace_begin(request->tid, &tracee);

	if (ret)
		return ret;
	if (request->data & ~(uint64_t)LINUX_PTRACE_O_MASK)
		ret = -EINVAL;
	else
		tracee->options = (unsigned)request->data;
	ptrace_end(tracee);
	return ret;
}
PTRACE_REQUEST(SETOPTIONS, set_options);
