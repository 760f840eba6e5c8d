/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies of memory on nodes (numa(7)): there is one node, so that a policy, of a thread or a range, is checked, kept and told, and changes nothing. */
#include "kernel/process/access.h"
#include "kernel/process/credentials.h"
#include "kernel/syscall/syscall.h"

enum { MODE_DEFAULT, MODE_PREFERRED, MODE_BIND, MODE_INTERLEAVE, MODE_LOCAL, MODE_PREFERRED_MANY, MODES };
enum { FLAG_STATIC = 1 << 15, FLAG_RELATIVE = 1 << 14, FLAG_BALANCING = 1 << 13, FLAGS = FLAG_STATIC | FLAG_RELATIVE | FLAG_BALANCING };
enum { NODES_MAX = 1024, NODE = 0 /* the one that there is */ };

/* A mask of nodes as three calls take it: *has_ours says whether ours is in it, *has_any whether any is. `bits` counts one too many. */
static int copy_nodes(uint64_t address, uint64_t bits, bool *has_ours, bool *has_any)
{
	*has_ours = *has_any = false;
	if (!address || bits == 1)
		return 0;
	bits--;
	if (bits > PAGE_SIZE * 8)
		return -EINVAL;
	for (uint64_t at = 0; at < bits; at += 64) {
		uint64_t word;

		if (copy_from_user(&word, address + at / 8, sizeof(word)))
			return -EFAULT;
		if (bits - at < 64)
			word &= (1ull << (bits - at)) - 1;
		if (word && at >= NODES_MAX)
			return -EINVAL;
		*has_any |= word != 0;
		if (at == 0)
			*has_ours = word & 1ull << NODE;
	}
	return 0;
}

/* A mode with flags, and the nodes: what becomes of them is in *policy. */
static int make_policy(int given, uint64_t address, uint64_t bits, struct memory_policy *policy)
{
	int flags = given & FLAGS, mode = given & ~FLAGS, ret;
	bool has_ours, has_any;

	if (mode < 0 || mode >= MODES || (flags & (FLAG_STATIC | FLAG_RELATIVE)) == (FLAG_STATIC | FLAG_RELATIVE))
		return -EINVAL;
	if ((flags & FLAG_BALANCING) && mode != MODE_BIND && mode != MODE_PREFERRED_MANY)
		return -EINVAL;
	ret = copy_nodes(address, bits, &has_ours, &has_any);
	if (ret)
		return ret;
	if (mode == MODE_DEFAULT || mode == MODE_LOCAL || (mode == MODE_PREFERRED && !has_any)) {
		if (has_any || (mode != MODE_DEFAULT && (flags & (FLAG_STATIC | FLAG_RELATIVE))))
			return -EINVAL;
		*policy = (struct memory_policy){.mode = (uint16_t)(mode == MODE_PREFERRED ? MODE_LOCAL : mode)};
		return 0;
	}
	/* Relative ones are counted among those that there are: any number is ours. */
	if (!has_ours && !(has_any && (flags & FLAG_RELATIVE)))
		return -EINVAL;
	*policy = (struct memory_policy){.mode = (uint16_t)mode, .flags = (uint16_t)flags, .has_node = true};
	return 0;
}

SYSCALL(set_mempolicy, 3, "xpu")
{
	return make_policy((int)a->v[0], a->v[1], a->v[2], &task_current()->memory_policy);
}

enum { MBIND_FLAGS = 7 /* STRICT, MOVE, MOVE_ALL */, MBIND_MOVE_ALL = 4 };

SYSCALL(mbind, 6, "puxpux")
{
	uint64_t start = a->v[0], len = a->v[1], end;
	struct memory_policy policy;
	int ret;

	if (a->v[5] & ~(uint64_t)MBIND_FLAGS)
		return -EINVAL;
	if ((a->v[5] & MBIND_MOVE_ALL) && !task_is_capable(CAPABILITY_SYS_NICE))
		return -EPERM;
	if (start % PAGE_SIZE || len > UINT64_MAX - PAGE_SIZE || __builtin_add_overflow(start, align_up(len, PAGE_SIZE), &end))
		return -EINVAL;
	ret = make_policy((int)a->v[2], a->v[3], a->v[4], &policy);
	if (ret || start == end)
		return ret;
	return address_space_set_policy(process_current()->space, start, end - start, &policy);
}

/* The mask that a program gets is cleared where no nodes are. */
static int put_nodes(uint64_t address, uint64_t bits, uint64_t nodes)
{
	uint64_t len = align_up(bits - 1, 64) / 8, zero = 0;

	if (len > PAGE_SIZE)
		return -EINVAL;
	if (len && copy_to_user(address, &nodes, sizeof(nodes)))
		return -EFAULT;
	for (uint64_t at = sizeof(nodes); at < len; at += sizeof(zero))
		if (copy_to_user(address + at, &zero, sizeof(zero)))
			return -EFAULT;
	return 0;
}

enum { GET_NODE = 1, GET_OF_ADDRESS = 2, GET_ALLOWED = 4 };

static int get_policy(uint64_t flags, uint64_t address, int *policy, uint64_t *nodes)
{
	struct memory_policy mine = task_current()->memory_policy;

	*policy = 0;
	*nodes = 1ull << NODE;
	if (flags & ~(uint64_t)(GET_NODE | GET_OF_ADDRESS | GET_ALLOWED))
		return -EINVAL;
	if (flags & GET_ALLOWED)
		return flags & (GET_NODE | GET_OF_ADDRESS) ? -EINVAL : 0;
	if (flags & GET_OF_ADDRESS) {
		if (!address_space_policy(process_current()->space, address, &mine))
			return -EFAULT;
	} else if (address) {
		return -EINVAL;
	}
	if (flags & GET_NODE) {
		*policy = NODE;
		if (!(flags & GET_OF_ADDRESS) && mine.mode != MODE_INTERLEAVE)
			return -EINVAL;
	} else {
		*policy = mine.mode | mine.flags;
	}
	*nodes = mine.has_node ? 1ull << NODE : 0;
	return 0;
}

SYSCALL(get_mempolicy, 5, "ppupx")
{
	uint64_t nodes;
	int policy, ret;

	if (a->v[1] && a->v[2] < 1)
		return -EINVAL;
	ret = get_policy(a->v[4], a->v[3], &policy, &nodes);
	if (ret)
		return ret;
	if (a->v[0] && copy_to_user(a->v[0], &policy, sizeof(policy)))
		return -EFAULT;
	return a->v[1] ? put_nodes(a->v[1], a->v[2], nodes) : 0;
}

SYSCALL(set_mempolicy_home_node, 4, "pudx")
{
	uint64_t start = a->v[0], end;
	struct memory_policy policy = {0};

	if (start % PAGE_SIZE || a->v[3] || a->v[2] != NODE || a->v[1] > UINT64_MAX - PAGE_SIZE || __builtin_add_overflow(start, align_up(a->v[1], PAGE_SIZE), &end))
		return -EINVAL;
	if (start == end)
		return 0;
	if (!address_space_policy(process_current()->space, start, &policy) || policy.mode == MODE_DEFAULT)
		return -ENOENT;
	return policy.mode == MODE_BIND || policy.mode == MODE_PREFERRED_MANY ? 0 : -EOPNOTSUPP;
}

/* ---- Moving pages among nodes: they are all where they can be. ---- */

/* The address space of a process that the caller may reach into, with a reference; pid 0: its own. */
static int space_of(int pid, struct address_space **space)
{
	struct process *process;
	int ret = process_access(pid ? pid : process_current()->pid, &process);

	if (ret)
		return ret;
	*space = process_space_get(process);
	process_put(process);
	return *space ? 0 : -ESRCH;
}

SYSCALL(migrate_pages, 4, "dupp")
{
	bool old_ours, old_any, new_ours, new_any;
	struct address_space *space;
	int ret = copy_nodes(a->v[2], a->v[1], &old_ours, &old_any);

	if (!ret)
		ret = copy_nodes(a->v[3], a->v[1], &new_ours, &new_any);
	if (!ret)
		ret = space_of((int)a->v[0], &space);
	if (ret)
		return ret;
	address_space_put(space);
	return new_ours ? 0 : -EINVAL;
}

enum { MOVE = 2, MOVE_ALL = 4 };

/* Of one page: the node that it is on, or why it is on none. */
static int32_t status_of(struct address_space *space, uint64_t address)
{
	uint8_t in_memory;

	if (address_space_mincore(space, align_down(address, PAGE_SIZE), PAGE_SIZE, &in_memory))
		return -EFAULT;
	return in_memory & 1 ? NODE : -ENOENT;
}

static int64_t move_one(struct address_space *space, const struct syscall_arguments *a, uint64_t i)
{
	uint64_t address;
	int32_t node = NODE, status;

	if (copy_from_user(&address, a->v[2] + i * sizeof(address), sizeof(address)))
		return -EFAULT;
	if (a->v[3] && copy_from_user(&node, a->v[3] + i * sizeof(node), sizeof(node)))
		return -EFAULT;
	if (node != NODE)
		return -ENODEV;
	status = status_of(space, address);
	return copy_to_user(a->v[4] + i * sizeof(status), &status, sizeof(status));
}

SYSCALL(move_pages, 6, "dupppx")
{
	struct address_space *space;
	int64_t ret;

	if (a->v[5] & ~(uint64_t)(MOVE | MOVE_ALL))
		return -EINVAL;
	if ((a->v[5] & MOVE_ALL) && !task_is_capable(CAPABILITY_SYS_NICE))
		return -EPERM;
	ret = space_of((int)a->v[0], &space);
	if (ret)
		return ret;
	for (uint64_t i = 0; !ret && i < a->v[1]; i++)
		ret = signal_is_pending() ? -EINTR : move_one(space, a, i);
	address_space_put(space);
	return ret;
}
