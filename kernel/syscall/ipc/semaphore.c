/* SPDX-License-Identifier: BSD-3-Clause */
/* semget(2), semop(2), semtimedop(2), semctl(2). */
#include "kernel/ipc/semaphore.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/wait.h"
#include "kernel/syscall/syscall.h"

#define OPERATIONS_ON_STACK 16

SYSCALL(semget, 3, "xdo")
{
	return semaphore_get((int)a->v[0], (int)a->v[1], (int)a->v[2]);
}

static int64_t operate(int id, uint64_t address, uint64_t nr, uint64_t deadline_ns)
{
	struct linux_sembuf some[OPERATIONS_ON_STACK], *operations = some;
	int64_t ret;

	if (nr > OPERATIONS_ON_STACK)
		operations = heap_alloc(nr * sizeof(*operations));
	if (!operations)
		return -ENOMEM;
	ret = copy_from_user(operations, address, nr * sizeof(*operations));
	if (!ret)
		ret = semaphore_operate(id, operations, (unsigned)nr, deadline_ns);
	if (operations != some)
		heap_free(operations);
	return ret;
}

static int64_t check_and_operate(const struct syscall_arguments *a, uint64_t timeout)
{
	uint64_t deadline = WAIT_FOREVER, ns;
	int ret;

	if (timeout) {
		ret = syscall_copy_timespec(timeout, &ns);
		if (ret)
			return ret;
		deadline = clock_monotonic_ns() + ns;
	}
	if ((int)a->v[0] < 0 || !(unsigned)a->v[2])
		return -EINVAL;
	if ((unsigned)a->v[2] > ipc_limits.semopm)
		return -E2BIG;
	return operate((int)a->v[0], a->v[1], (unsigned)a->v[2], deadline);
}

SYSCALL(semop, 3, "dpu")
{
	return check_and_operate(a, 0);
}

SYSCALL(semtimedop, 4, "dput")
{
	return check_and_operate(a, a->v[3]);
}

/* ---- semctl(2) ---- */

static int64_t stat(int id, int command, uint64_t address)
{
	bool is_slot = command != LINUX_IPC_STAT;
	struct linux_semid_ds set;
	int found, ret = semaphore_stat(id, is_slot, command != LINUX_SEM_STAT_ANY, &set, &found);

	if (!ret)
		ret = copy_to_user(address, &set, sizeof(set));
	return !ret && is_slot ? found : ret;
}

static int64_t info(int command, uint64_t address)
{
	struct linux_seminfo info = {.semmni = (int)ipc_limits.semmni, .semmns = (int)ipc_limits.semmns, .semmsl = (int)ipc_limits.semmsl, .semopm = (int)ipc_limits.semopm, .semvmx = LINUX_SEMVMX,
		.semmnu = (int)ipc_limits.semmns, .semmap = (int)ipc_limits.semmns, .semume = (int)ipc_limits.semopm, .semusz = 20, .semaem = LINUX_SEMVMX};
	int sets, semaphores, last = semaphore_count(&sets, &semaphores);

	if (command == LINUX_SEM_INFO) {
		info.semusz = sets;
		info.semaem = semaphores;
	}
	return copy_to_user(address, &info, sizeof(info)) ? -EFAULT : last;
}

/* All values of the set, between an array of the user's and one on the heap. */
static int64_t all(int id, bool is_set, uint64_t address)
{
	struct linux_semid_ds set;
	uint16_t *values;
	int found, ret = semaphore_stat(id, false, false, &set, &found);

	if (ret)
		return ret;
	values = heap_alloc(set.nsems * sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (is_set) {
		ret = copy_from_user(values, address, set.nsems * sizeof(*values));
		ret = ret ? ret : semaphore_set_all(id, values, set.nsems);
	} else {
		ret = semaphore_get_all(id, values, set.nsems);
		ret = ret ? ret : copy_to_user(address, values, set.nsems * sizeof(*values));
	}
	heap_free(values);
	return ret;
}

SYSCALL(semctl, 4, "dddp")
{
	int id = (int)a->v[0], number = (int)a->v[1], command = (int)a->v[2];
	struct linux_semid_ds set;

	if (id < 0)
		return -EINVAL;
	switch (command) {
	case LINUX_IPC_STAT:
	case LINUX_SEM_STAT:
	case LINUX_SEM_STAT_ANY:
		return stat(id, command, a->v[3]);
	case LINUX_IPC_INFO:
	case LINUX_SEM_INFO:
		return info(command, a->v[3]);
	case LINUX_IPC_SET:
		return copy_from_user(&set, a->v[3], sizeof(set)) ? -EFAULT : semaphore_set(id, &set.perm);
	case LINUX_IPC_RMID:
		return semaphore_remove(id);
	case LINUX_GETVAL:
	case LINUX_GETPID:
	case LINUX_GETNCNT:
	case LINUX_GETZCNT:
		return semaphore_ask(id, number, command);
	case LINUX_SETVAL:
		return semaphore_set_value(id, number, (int)a->v[3]);
	case LINUX_GETALL:
	case LINUX_SETALL:
		return all(id, command == LINUX_SETALL, a->v[3]);
	default:
		return -EINVAL;
	}
}
