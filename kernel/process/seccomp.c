/* SPDX-License-Identifier: BSD-3-Clause */
/* Chains of filters of system calls. */
#include "kernel/process/seccomp.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/seccomp.h"
#include "lib/string.h"

enum { CHAIN_MAX = 32768, FILTER_OVERHEAD = 4 }; /* instructions; as Linux counts them */

static struct call_filter strict = {.references = 1, .is_strict = true};

/* Only whole words of the data, and none of what BPF knows of packets. */
static bool is_allowed(const struct bpf_instruction *i)
{
	switch (i->code & 7) {
	case BPF_LD:
		if ((i->code & 0xe0) == BPF_ABS)
			return (i->code & 0x18) == BPF_W && i->k < sizeof(struct call_data) && i->k % 4 == 0;
		return (i->code & 0xe0) != BPF_IND;
	case BPF_LDX:
		return (i->code & 0xe0) != BPF_MSH;
	case BPF_ALU:
		return (i->code & 0xf0) != BPF_MOD;
	default:
		return true;
	}
}

int call_filter_new(const struct bpf_instruction *program, size_t nr, struct call_filter **made)
{
	uint16_t *scratch = heap_alloc(nr * sizeof(*scratch));
	struct call_filter *filter = heap_alloc_zero(sizeof(*filter) + nr * sizeof(program[0]));
	int ret = scratch && filter ? bpf_check(program, nr, scratch) : -ENOMEM;

	for (size_t i = 0; !ret && i < nr; i++)
		ret = is_allowed(&program[i]) ? 0 : -EINVAL;
	heap_free(scratch);
	if (ret) {
		heap_free(filter);
		return ret;
	}
	filter->references = 1;
	filter->nr_filters = 1;
	filter->nr_instructions = (uint32_t)nr;
	memcpy(filter->program, program, nr * sizeof(program[0]));
	*made = filter;
	return 0;
}

void call_filter_put(struct call_filter *filter)
{
	while (filter && __atomic_sub_fetch(&filter->references, 1, __ATOMIC_ACQ_REL) == 0) {
		struct call_filter *previous = filter->previous;

		heap_free(filter);
		filter = previous;
	}
}

static bool is_in_chain(const struct call_filter *filter, const struct call_filter *chain)
{
	while (chain && chain != filter)
		chain = chain->previous;
	return chain || !filter;
}

/* The reference that a task has to its old chain goes; the new one is behind it, so that who runs calls meanwhile has a chain. */
static void give_locked(struct task *task, struct call_filter *filter)
{
	struct call_filter *old = task->filters;

	__atomic_fetch_add(&filter->references, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&task->filters, filter, __ATOMIC_RELEASE);
	call_filter_put(old);
}

void call_filter_inherit_locked(struct task *child, const struct task *parent)
{
	child->no_new_privileges = parent->no_new_privileges;
	give_locked(child, parent->filters);
}

/* The first of the process's threads whose chain is not the caller's or an older part of it; NULL: there is none. */
static struct task *find_other_locked(const struct task *mine)
{
	struct task *task;

	list_for_each(task, &mine->process->tasks, process_node)
		if (!is_in_chain(task->filters, mine->filters))
			return task;
	return NULL;
}

static void give_all_locked(struct task *mine, struct call_filter *filter)
{
	struct task *task;

	list_for_each(task, &mine->process->tasks, process_node) {
		task->no_new_privileges |= mine->no_new_privileges;
		give_locked(task, filter);
	}
}

/* 0, an error, or the thread that cannot have it. */
static int check_locked(const struct task *mine, const struct call_filter *filter, bool to_all)
{
	const struct call_filter *old = mine->filters;
	const struct task *other;

	if (old && old->is_strict)
		return -EINVAL;
	if (old && old->nr_instructions + FILTER_OVERHEAD + filter->nr_instructions > CHAIN_MAX)
		return -ENOMEM;
	other = to_all ? find_other_locked(mine) : NULL;
	return other ? other->tid : 0;
}

int call_filter_add(struct call_filter *filter, bool to_all)
{
	struct task *mine = task_current();
	int ret;

	spin_lock(&process_tree_lock);
	ret = check_locked(mine, filter, to_all);
	if (!ret) {
		struct call_filter *old = mine->filters; /* another thread may have added one just now, to all */

		if (old) {
			filter->nr_instructions += old->nr_instructions + FILTER_OVERHEAD;
			filter->nr_filters += old->nr_filters;
			__atomic_fetch_add(&old->references, 1, __ATOMIC_RELAXED);
		}
		filter->previous = old;
		if (to_all)
			give_all_locked(mine, filter);
		else
			give_locked(mine, filter);
	}
	spin_unlock(&process_tree_lock);
	if (!ret)
		call_filter_put(filter);
	return ret;
}

int call_filter_set_strict(void)
{
	struct task *mine = task_current();

	if (mine->filters && !mine->filters->is_strict)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	give_locked(mine, &strict);
	spin_unlock(&process_tree_lock);
	return 0;
}

/* BPF loads words in the order of the network; the data's are the machine's. */
static void read_word(const struct bpf_packet *packet, uint32_t offset, void *to, size_t len)
{
	uint32_t word;

	memcpy(&word, (const uint8_t *)packet->of + offset, sizeof(word));
	word = __builtin_bswap32(word);
	memcpy(to, &word, len);
}

uint32_t call_filter_judge(const struct call_filter *chain, const struct call_data *data)
{
	const struct bpf_packet packet = {.len = sizeof(*data), .read = read_word, .of = data};
	uint32_t verdict = SECCOMP_RET_ALLOW;

	for (; chain; chain = chain->previous) {
		uint32_t one = bpf_run(chain->program, &packet);

		if ((int32_t)(one & SECCOMP_RET_ACTION_FULL) < (int32_t)(verdict & SECCOMP_RET_ACTION_FULL))
			verdict = one;
	}
	return verdict;
}
