/* SPDX-License-Identifier: BSD-3-Clause */
/* Advisory locks: flock(2), fcntl(2)'s of processes and of open file descriptions. Kept on inode->lock_list. */
#pragma once
#include "kernel/file/file.h"
#include "kernel/uapi/fcntl.h"

enum lock_kind { LOCK_OF_FILE /* flock */, LOCK_OF_PROCESS, LOCK_OF_DESCRIPTION };

/* An F_SETLK-like request: bytes [start, end] with end inclusive, UINT64_MAX to the end of the file. */
struct lock_request {
	enum lock_kind kind;
	int type; /* F_RDLCK, F_WRLCK, F_UNLCK */
	uint64_t start, end;
	const void *owner; /* the file, or the descriptor table */
	int pid;
	bool may_wait;
};
int lock_set(struct file *file, const struct lock_request *request) must_check; /* -EAGAIN, -EDEADLK, -EINTR, -ENOMEM */
/* The lock that would stop the request, of several the one that begins first, copied into it; type F_UNLCK if none. */
void lock_test(struct file *file, struct lock_request *request);
void lock_release_owner(struct file *file, const void *owner); /* all of them on this file */
