/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to syscall/ptrace: requests of ptrace(2), each a function that a table finds by its number. */
#pragma once
#include "kernel/ptrace/ptrace.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/ptrace.h"

struct request {
	int number, tid;
	uint64_t address, data; /* as ptrace(2) has them */
};

struct request_entry {
	int number;
	int64_t (*serve)(const struct request *request);
};
#define PTRACE_REQUEST(n, f) LINKER_SET_MEMBER(ptrace_request, struct request_entry, n) = {.number = LINUX_PTRACE_##n, .serve = f}
