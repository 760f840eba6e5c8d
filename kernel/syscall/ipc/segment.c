/* SPDX-License-Identifier: BSD-3-Clause */
/* shmget(2), shmat(2), shmdt(2), shmctl(2). */
#include "kernel/ipc/segment.h"
#include "kernel/syscall/syscall.h"

SYSCALL(shmget, 3, "xuo")
{
	return segment_get((int)a->v[0], a->v[1], (int)a->v[2]);
}

SYSCALL(shmat, 3, "dpx")
{
	return segment_attach((int)a->v[0], a->v[1], (int)a->v[2]);
}

SYSCALL(shmdt, 1, "p")
{
	return segment_detach(a->v[0]);
}

static int64_t stat(int id, int command, uint64_t address)
{
	bool is_slot = command != LINUX_IPC_STAT;
	struct linux_shmid_ds shm;
	int found, ret = segment_stat(id, is_slot, command != LINUX_SHM_STAT_ANY, &shm, &found);

	if (!ret)
		ret = copy_to_user(address, &shm, sizeof(shm));
	return !ret && is_slot ? found : ret;
}

static int64_t limits(uint64_t address)
{
	struct linux_shminfo limits = {.shmmax = ipc_limits.shmmax, .shmmin = 1, .shmmni = ipc_limits.shmmni, .shmseg = ipc_limits.shmmni, .shmall = ipc_limits.shmall};
	struct linux_shm_info unused;
	int last;

	segment_count(&unused, &last);
	return copy_to_user(address, &limits, sizeof(limits)) ? -EFAULT : last;
}

static int64_t info(uint64_t address)
{
	struct linux_shm_info info;
	int last;

	segment_count(&info, &last);
	return copy_to_user(address, &info, sizeof(info)) ? -EFAULT : last;
}

SYSCALL(shmctl, 3, "ddp")
{
	int id = (int)a->v[0], command = (int)a->v[1];
	struct linux_shmid_ds shm;

	if (id < 0 || command < 0)
		return -EINVAL;
	switch (command) {
	case LINUX_IPC_STAT:
	case LINUX_SHM_STAT:
	case LINUX_SHM_STAT_ANY:
		return stat(id, command, a->v[2]);
	case LINUX_IPC_SET:
		return copy_from_user(&shm, a->v[2], sizeof(shm)) ? -EFAULT : segment_set(id, &shm.perm);
	case LINUX_IPC_RMID:
		return segment_remove(id);
	case LINUX_IPC_INFO:
		return limits(a->v[2]);
	case LINUX_SHM_INFO:
		return info(a->v[2]);
	case LINUX_SHM_LOCK:
	case LINUX_SHM_UNLOCK:
		return segment_lock(id, command == LINUX_SHM_LOCK);
	default:
		return -EINVAL;
	}
}
