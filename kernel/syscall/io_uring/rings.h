/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to syscall/io_uring/. */
#pragma once
#include "kernel/io_uring/io_uring.h"
#include "kernel/syscall/file_calls.h"

/* The file of a descriptor, or of one of the rings that the task registered (IORING_REGISTER_RING_FDS). NULL: -EBADF. */
struct file *ring_file_get(unsigned number, bool is_registered);
