/* SPDX-License-Identifier: BSD-3-Clause */
/* Pseudoterminals as devpts shows them. */
#pragma once
#include "kernel/file/file.h"

enum { PTY_MAX = 256, PTY_SLAVE_MAJOR = 136 };

struct pty_information {
	uint32_t uid, gid, mode;
	struct time_stamp created;
};
/* The smallest number >= n in use, -1 if none; what devpts shows of it. */
int pty_next(int n, struct pty_information *information);
/* chmod and chown of the slave's node. */
void pty_set_owner(int n, const struct inode_attributes *attributes);
int pty_open_slave(int n, struct file *file) must_check;
