/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared memory segments of System V (shmget(2), shmop(2), shmctl(2)). All calls are the running process's. */
#pragma once
#include "kernel/ipc/ipc.h"

/* A segment's key, id, size and users at one moment. */
int segment_stat(int id, bool is_slot, bool check_permission, struct linux_shmid_ds *to, int *found_id) must_check;
/* -EINVAL, -EPERM. */
int segment_set(int id, const struct linux_ipc_perm *perm) must_check;
int segment_remove(int id) must_check; /* it goes with its last user */
int segment_lock(int id, bool lock) must_check; /* marks it only: there is no swap */
void segment_count(struct linux_shm_info *info, int *last_slot);
/* For /proc/sysvipc/shm: the first at or behind slot *slot, which is set to it; false: none. */
bool segment_next(unsigned *slot, struct linux_shmid_ds *to, int *id, uint64_t *resident);

int64_t segment_get(int key, uint64_t size, int flags) must_check;
/* The address, or -errno. */
int64_t segment_attach(int id, uint64_t address, int flags) must_check;
int segment_detach(uint64_t address) must_check;
