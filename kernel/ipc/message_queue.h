/* SPDX-License-Identifier: BSD-3-Clause */
/* Message queues of System V (msgget(2), msgop(2), msgctl(2)). All calls are the running process's. */
#pragma once
#include "kernel/ipc/ipc.h"

struct message {
	struct list node;
	int64_t type;
	size_t len;
	uint8_t text[];
};

int64_t message_queue_get(int key, int flags) must_check;
/* Takes the message, from the heap, on success. Waits for room unless IPC_NOWAIT: -EAGAIN. -EACCES, -EIDRM, -EINTR. */
int message_queue_send(int id, struct message *message, int flags) must_check;
/*
 * The message that type and flags choose (msgrcv(2)), which the caller frees; with MSG_COPY a copy of the type'th, which stays. At most
 * `size` bytes, unless MSG_NOERROR: -E2BIG. -ENOMSG: none, and IPC_NOWAIT.
 */
int message_queue_receive(int id, int64_t type, size_t size, int flags, struct message **message) must_check;

int message_queue_stat(int id, bool is_slot, bool check_permission, struct linux_msqid_ds *to, int *found_id) must_check;
int message_queue_set(int id, const struct linux_ipc_perm *perm, uint64_t bytes_max) must_check;
int message_queue_remove(int id) must_check; /* who waits for it gets -EIDRM */
/* Queues, messages and bytes there are. Returns the highest slot. */
int message_queue_count(int *queues, int *messages, int *bytes);
/* For /proc/sysvipc/msg: as segment_next. */
bool message_queue_next(unsigned *slot, struct linux_msqid_ds *to, int *id);
