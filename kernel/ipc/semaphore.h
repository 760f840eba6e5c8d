/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of semaphores of System V (semget(2), semop(2), semctl(2)). All calls are the running process's. */
#pragma once
#include "kernel/ipc/ipc.h"

int64_t semaphore_get(int key, int nr, int flags) must_check;
/*
 * All operations at once or none (semop(2)); waits until they are possible, or the monotonic time. -EFBIG, -EACCES, -ERANGE, -ENOMEM;
 * -EAGAIN: IPC_NOWAIT, or the time has passed; -EINTR; -EIDRM: the set was removed meanwhile.
 */
int semaphore_operate(int id, const struct linux_sembuf *operations, unsigned nr, uint64_t deadline_ns) must_check;

int semaphore_stat(int id, bool is_slot, bool check_permission, struct linux_semid_ds *to, int *found_id) must_check;
int semaphore_set(int id, const struct linux_ipc_perm *perm) must_check;
int semaphore_remove(int id) must_check; /* who waits for it gets -EIDRM */
/* GETVAL, GETPID, GETNCNT, GETZCNT. */
int semaphore_ask(int id, int number, int command) must_check;
int semaphore_set_value(int id, int number, int value) must_check;
/* All values; nr is that of the set, else -EINVAL. */
int semaphore_get_all(int id, uint16_t *values, size_t nr) must_check;
int semaphore_set_all(int id, const uint16_t *values, size_t nr) must_check;
/* Sets and semaphores there are. Returns the highest slot. */
int semaphore_count(int *sets, int *semaphores);
/* For /proc/sysvipc/sem: as segment_next. */
bool semaphore_next(unsigned *slot, struct linux_semid_ds *to, int *id);
