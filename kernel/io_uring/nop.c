/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_NOP: a completion, and nothing else. */
#include "kernel/io_uring/io_uring.h"

static int issue(struct uring_request *r, bool may_wait)
{
	return 0;
}

URING_OPERATION(nop) = {.opcode = IORING_OP_NOP, .flags = URING_IOPOLL, .issue = issue};
