/* SPDX-License-Identifier: BSD-3-Clause */
/* Credentials (credentials(7), capabilities(7)): objects that never change once a task has them; a change makes a new one. */
#pragma once
#include "kernel/file/inode.h"

extern struct credentials credentials_of_kernel; /* root, all capabilities; kernel threads and init's */

/* Beside those of file/inode.h. */
enum {
	CAPABILITY_KILL = 5, CAPABILITY_SETGID = 6, CAPABILITY_SETUID = 7, CAPABILITY_SETPCAP = 8, CAPABILITY_NET_BIND_SERVICE = 10, CAPABILITY_NET_ADMIN = 12,
	CAPABILITY_NET_RAW = 13, CAPABILITY_IPC_LOCK = 14, CAPABILITY_IPC_OWNER = 15, CAPABILITY_SYS_PTRACE = 19,
	CAPABILITY_LINUX_IMMUTABLE = 9, CAPABILITY_SYS_NICE = 23, CAPABILITY_SYS_TTY_CONFIG = 26, CAPABILITY_MAC_OVERRIDE = 32, CAPABILITY_SYSLOG = 34, CAPABILITY_LAST = 40,
};
/* Each has a lock in the bit above it. */
enum {
	SECURE_NO_ROOT = 1, SECURE_NO_SETUID_FIXUP = 4, SECURE_KEEP_CAPABILITIES = 16, SECURE_NO_AMBIENT = 64, SECURE_LOCKS = 0xaa, SECURE_ALL = 0xff,
};
#define CAPABILITIES_ALL ((1ull << (CAPABILITY_LAST + 1)) - 1)

void credentials_get(struct credentials *credentials);
void credentials_put(struct credentials *credentials);
/* A private copy to change, with room for that many groups. NULL: no memory. */
struct credentials *credentials_copy(const struct credentials *from, size_t nr_groups);
/* Makes the running task have them; takes the reference. */
void credentials_commit(struct credentials *credentials);
bool task_is_capable(int capability); /* of the running task, effective */
/* What becomes of the capabilities when user ids change (capabilities(7), "Effect of user ID changes"). */
void credentials_after_uid_change(struct credentials *to, const struct credentials *from);
void credentials_after_fsuid_change(struct credentials *to, const struct credentials *from);
/* What becomes of them at execve(2) of a file with the mode and owner; true if the program gained privileges (AT_SECURE). */
bool credentials_after_exec(struct credentials *credentials, uint32_t mode, uint32_t uid, uint32_t gid, bool no_new_privileges);
