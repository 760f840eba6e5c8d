/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of semaphores. Whoever cannot go on stands in the set's queue with what it asks for; whoever changes a value carries out
 * what has become possible, first come first served, and wakes those whose operations are done. What SEM_UNDO is to take back is kept with
 * the set, by process: threads share it, children begin without.
 */
#include "kernel/ipc/semaphore.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/process.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/errno.h"

#define PENDING 1 /* a sleeper's result as long as it has none */

struct semaphore {
	int value, last_pid;
};

struct undo {
	struct list node;
	int pid;
	int16_t adjustments[]; /* to be added when the process ends, one a semaphore */
};

struct set {
	struct ipc_object object;
	int64_t operated_at, changed_at;
	struct list sleepers, undos;
	unsigned nr;
	struct semaphore semaphores[];
};

/* One call of semop, on the stack of who makes it; guarded by the table's lock. */
struct sleeper {
	struct list node;
	const struct linux_sembuf *operations;
	unsigned nr, blocking; /* the second: index of the operation that was not possible */
	int pid, result;
	struct undo *undo;
	struct wait_queue queue;
};

static struct ipc_object *create(uint64_t nr, int flags, int *error);
static int check_size(const struct ipc_object *object, uint64_t nr);

static struct ipc_table sets = {.limit = &ipc_limits.semmni, .next_id = &ipc_limits.sem_next_id, .create = create, .check_size = check_size};

static struct set *of(struct ipc_object *object)
{
	return container_of(object, struct set, object);
}

static struct ipc_object *create(uint64_t nr, int flags, int *error)
{
	struct set *set = nr ? heap_alloc_zero(sizeof(*set) + nr * sizeof(set->semaphores[0])) : NULL;

	*error = nr ? -ENOMEM : -EINVAL;
	if (!set)
		return NULL;
	set->nr = (unsigned)nr;
	set->changed_at = ipc_now();
	list_init(&set->sleepers);
	list_init(&set->undos);
	return &set->object;
}

static int check_size(const struct ipc_object *object, uint64_t nr)
{
	return container_of(object, const struct set, object)->nr < nr ? -EINVAL : 0;
}

int64_t semaphore_get(int key, int nr, int flags)
{
	return nr < 0 || (unsigned)nr > ipc_limits.semmsl ? -EINVAL : ipc_get(&sets, key, (uint64_t)nr, flags);
}

/* ---- Operations; lock held ---- */

/* One operation: 0, PENDING: not possible yet, or -ERANGE. */
static int apply(struct set *set, const struct linux_sembuf *operation, struct undo *undo)
{
	struct semaphore *semaphore = &set->semaphores[operation->number];
	int value = semaphore->value + operation->operation, adjustment;

	if (!operation->operation)
		return semaphore->value ? PENDING : 0;
	if (value < 0)
		return PENDING;
	if (value > LINUX_SEMVMX)
		return -ERANGE;
	if (operation->flags & LINUX_SEM_UNDO) {
		adjustment = undo->adjustments[operation->number] - operation->operation;
		if (adjustment < -LINUX_SEMVMX - 1 || adjustment > LINUX_SEMVMX)
			return -ERANGE;
		undo->adjustments[operation->number] = (int16_t)adjustment;
	}
	semaphore->value = value;
	return 0;
}

static void take_back(struct set *set, const struct linux_sembuf *operation, struct undo *undo)
{
	set->semaphores[operation->number].value -= operation->operation;
	if (operation->operation && (operation->flags & LINUX_SEM_UNDO))
		undo->adjustments[operation->number] = (int16_t)(undo->adjustments[operation->number] + operation->operation);
}

/* All or none: 0, PENDING with sleeper->blocking set, -ERANGE. */
static int try(struct set *set, struct sleeper *sleeper)
{
	unsigned i;
	int ret = 0;

	for (i = 0; i < sleeper->nr; i++) {
		ret = apply(set, &sleeper->operations[i], sleeper->undo);
		if (ret)
			break;
	}
	if (ret) {
		sleeper->blocking = i;
		while (i--)
			take_back(set, &sleeper->operations[i], sleeper->undo);
		return ret;
	}
	for (i = 0; i < sleeper->nr; i++)
		set->semaphores[sleeper->operations[i].number].last_pid = sleeper->pid;
	set->operated_at = ipc_now();
	return 0;
}

static void finish(struct sleeper *sleeper, int result)
{
	list_remove(&sleeper->node);
	sleeper->result = result;
	wait_wake_all(&sleeper->queue, 0);
}

/* Values have changed: carries out what is possible now; each success may make another one so. */
static void serve(struct set *set)
{
	struct sleeper *sleeper, *next;
	bool is_changed;

	do {
		is_changed = false;
		list_for_each_safe(sleeper, next, &set->sleepers, node)
		{
			int ret = try(set, sleeper);

			if (ret == PENDING)
				continue;
			is_changed |= !ret;
			finish(sleeper, ret);
		}
	} while (is_changed);
}

/* ---- semop(2) ---- */

/* The running process's record of what to undo in the set. NULL: no memory. */
static struct undo *undo_of(struct set *set, struct process *process)
{
	struct undo *undo;

	list_for_each(undo, &set->undos, node)
	{
		if (undo->pid == process->pid)
			return undo;
	}
	undo = heap_alloc_zero(sizeof(*undo) + set->nr * sizeof(undo->adjustments[0]));
	if (!undo)
		return NULL;
	undo->pid = process->pid;
	list_push_back(&set->undos, &undo->node);
	process->undoes_semaphores = true;
	return undo;
}

/* Sleeps until somebody has finished it; the lock is released meanwhile. */
static int sleep(struct sleeper *sleeper, uint64_t deadline_ns)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &sleeper->queue);
	while (sleeper->result == PENDING && !ret) {
		spin_unlock(&sets.lock);
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
		spin_lock(&sets.lock);
	}
	wait_end(&waiter);
	if (sleeper->result != PENDING)
		return sleeper->result;
	list_remove(&sleeper->node);
	return ret == -ETIMEDOUT ? -EAGAIN : ret;
}

static bool alters(const struct linux_sembuf *operations, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		if (operations[i].operation)
			return true;
	return false;
}

static int operate_locked(struct set *set, struct sleeper *sleeper, uint64_t deadline_ns)
{
	int ret = 0;

	for (unsigned i = 0; i < sleeper->nr; i++)
		if (sleeper->operations[i].number >= set->nr)
			return -EFBIG;
	ret = ipc_permission(&set->object, alters(sleeper->operations, sleeper->nr) ? 0222 : 0444);
	for (unsigned i = 0; !ret && i < sleeper->nr && !sleeper->undo; i++) {
		if (!(sleeper->operations[i].flags & LINUX_SEM_UNDO))
			continue;
		sleeper->undo = undo_of(set, process_current());
		ret = sleeper->undo ? 0 : -ENOMEM;
	}
	if (ret)
		return ret;
	ret = try(set, sleeper);
	if (!ret)
		serve(set);
	if (ret != PENDING)
		return ret;
	if (sleeper->operations[sleeper->blocking].flags & LINUX_IPC_NOWAIT)
		return -EAGAIN;
	list_push_back(&set->sleepers, &sleeper->node);
	return sleep(sleeper, deadline_ns);
}

int semaphore_operate(int id, const struct linux_sembuf *operations, unsigned nr, uint64_t deadline_ns)
{
	struct sleeper sleeper = {.operations = operations, .nr = nr, .pid = process_current()->pid, .result = PENDING};
	int error;
	struct ipc_object *object = ipc_lock(&sets, id, 0, &error);

	if (!object)
		return error;
	list_init(&sleeper.node);
	wait_queue_init(&sleeper.queue);
	error = operate_locked(of(object), &sleeper, deadline_ns);
	spin_unlock(&sets.lock);
	return error;
}

/* ---- The end of a process ---- */

static void undo_in(struct set *set, struct undo *undo)
{
	for (unsigned i = 0; i < set->nr; i++) {
		int value = set->semaphores[i].value + undo->adjustments[i];

		if (!undo->adjustments[i])
			continue;
		set->semaphores[i].value = value < 0 ? 0 : value > LINUX_SEMVMX ? LINUX_SEMVMX : value;
		set->semaphores[i].last_pid = undo->pid;
	}
	list_remove(&undo->node);
	heap_free(undo);
	set->operated_at = ipc_now();
	serve(set);
}

static void process_ends(struct process *process)
{
	struct ipc_object *object;
	struct undo *undo, *next;

	spin_lock(&sets.lock);
	for (unsigned slot = 0; (object = ipc_next(&sets, &slot)); slot++) {
		list_for_each_safe(undo, next, &of(object)->undos, node)
		{
			if (undo->pid == process->pid)
				undo_in(of(object), undo);
		}
	}
	spin_unlock(&sets.lock);
}

static void start(void)
{
	process_set_semaphores_hook(process_ends);
}
INITCALL(semaphores, INIT_CORE, start);

/* ---- semctl(2) ---- */

static void describe_locked(const struct set *set, struct linux_semid_ds *to)
{
	*to = (struct linux_semid_ds){.otime = set->operated_at, .ctime = set->changed_at, .nsems = set->nr};
	ipc_describe(&set->object, &to->perm);
}

int semaphore_stat(int id, bool is_slot, bool check_permission, struct linux_semid_ds *to, int *found_id)
{
	unsigned mode = check_permission ? 0444 : 0;
	struct ipc_object *object;
	int error;

	object = is_slot ? ipc_lock_slot(&sets, id, mode, &error) : ipc_lock(&sets, id, mode, &error);
	if (!object)
		return error;
	describe_locked(of(object), to);
	*found_id = object->id;
	spin_unlock(&sets.lock);
	return 0;
}

int semaphore_set(int id, const struct linux_ipc_perm *perm)
{
	int error;
	struct ipc_object *object = ipc_lock_own(&sets, id, &error);

	if (!object)
		return error;
	ipc_set(object, perm);
	of(object)->changed_at = ipc_now();
	spin_unlock(&sets.lock);
	return 0;
}

int semaphore_remove(int id)
{
	int error;
	struct ipc_object *object = ipc_lock_own(&sets, id, &error);
	struct list *node;

	if (!object)
		return error;
	while (!list_empty(&of(object)->sleepers))
		finish(container_of(of(object)->sleepers.next, struct sleeper, node), -EIDRM);
	while ((node = list_pop_front(&of(object)->undos)))
		heap_free(container_of(node, struct undo, node));
	ipc_remove(&sets, object);
	spin_unlock(&sets.lock);
	heap_free(of(object));
	return 0;
}

/* How many wait for the semaphore to become zero, or to grow. */
static int count_sleepers(const struct set *set, int number, bool for_zero)
{
	struct sleeper *sleeper;
	int nr = 0;

	list_for_each(sleeper, &set->sleepers, node)
	{
		const struct linux_sembuf *blocking = &sleeper->operations[sleeper->blocking];

		nr += blocking->number == number && !blocking->operation == for_zero;
	}
	return nr;
}

static int ask_locked(const struct set *set, int number, int command)
{
	switch (command) {
	case LINUX_GETVAL:
		return set->semaphores[number].value;
	case LINUX_GETPID:
		return set->semaphores[number].last_pid;
	default:
		return count_sleepers(set, number, command == LINUX_GETZCNT);
	}
}

int semaphore_ask(int id, int number, int command)
{
	int ret;
	struct ipc_object *object = ipc_lock(&sets, id, 0444, &ret);

	if (!object)
		return ret;
	ret = number < 0 || (unsigned)number >= of(object)->nr ? -EINVAL : ask_locked(of(object), number, command);
	spin_unlock(&sets.lock);
	return ret;
}

/* Sets one value; whoever was to undo something of it forgets that. */
static void set_value_locked(struct set *set, unsigned number, int value)
{
	struct undo *undo;

	list_for_each(undo, &set->undos, node)
	{
		undo->adjustments[number] = 0;
	}
	set->semaphores[number].value = value;
	set->semaphores[number].last_pid = process_current()->pid;
}

int semaphore_set_value(int id, int number, int value)
{
	int error;
	struct ipc_object *object;

	if (value < 0 || value > LINUX_SEMVMX)
		return -ERANGE;
	object = ipc_lock(&sets, id, 0222, &error);
	if (!object)
		return error;
	if (number < 0 || (unsigned)number >= of(object)->nr) {
		spin_unlock(&sets.lock);
		return -EINVAL;
	}
	set_value_locked(of(object), (unsigned)number, value);
	of(object)->changed_at = ipc_now();
	serve(of(object));
	spin_unlock(&sets.lock);
	return 0;
}

int semaphore_get_all(int id, uint16_t *values, size_t nr)
{
	int error;
	struct ipc_object *object = ipc_lock(&sets, id, 0444, &error);

	if (!object)
		return error;
	error = nr == of(object)->nr ? 0 : -EINVAL;
	for (size_t i = 0; !error && i < nr; i++)
		values[i] = (uint16_t)of(object)->semaphores[i].value;
	spin_unlock(&sets.lock);
	return error;
}

int semaphore_set_all(int id, const uint16_t *values, size_t nr)
{
	int error;
	struct ipc_object *object;

	for (size_t i = 0; i < nr; i++)
		if (values[i] > LINUX_SEMVMX)
			return -ERANGE;
	object = ipc_lock(&sets, id, 0222, &error);
	if (!object)
		return error;
	error = nr == of(object)->nr ? 0 : -EINVAL;
	for (size_t i = 0; !error && i < nr; i++)
		set_value_locked(of(object), (unsigned)i, values[i]);
	of(object)->changed_at = ipc_now();
	serve(of(object));
	spin_unlock(&sets.lock);
	return error;
}

int semaphore_count(int *nr_sets, int *nr_semaphores)
{
	struct ipc_object *object;
	int last;

	*nr_sets = *nr_semaphores = 0;
	spin_lock(&sets.lock);
	for (unsigned slot = 0; (object = ipc_next(&sets, &slot)); slot++) {
		++*nr_sets;
		*nr_semaphores += (int)of(object)->nr;
	}
	last = ipc_last_slot(&sets);
	spin_unlock(&sets.lock);
	return last;
}

bool semaphore_next(unsigned *slot, struct linux_semid_ds *to, int *id)
{
	struct ipc_object *object;

	spin_lock(&sets.lock);
	object = ipc_next(&sets, slot);
	if (object) {
		describe_locked(of(object), to);
		*id = object->id;
	}
	spin_unlock(&sets.lock);
	return object;
}
