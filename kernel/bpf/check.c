/* SPDX-License-Identifier: BSD-3-Clause */
/* What makes a program safe to run. */
#include "kernel/bpf/bpf.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

static bool is_load_known(const struct bpf_instruction *i, bool is_index)
{
	static const uint16_t loads[] = {
	    BPF_W | BPF_ABS, BPF_H | BPF_ABS, BPF_B | BPF_ABS, BPF_W | BPF_IND, BPF_H | BPF_IND, BPF_B | BPF_IND, BPF_W | BPF_LEN, BPF_IMM, BPF_MEM,
	};
	static const uint16_t index_loads[] = {BPF_W | BPF_LEN, BPF_B | BPF_MSH, BPF_IMM, BPF_MEM};
	const uint16_t *known = is_index ? index_loads : loads;
	size_t nr = is_index ? ARRAY_SIZE(index_loads) : ARRAY_SIZE(loads);

	for (size_t n = 0; n < nr; n++)
		if ((i->code & ~7u) == known[n])
			return true;
	return false;
}

/* Of what is known about a packet, only that which there is; other negative offsets are found out when it runs. */
static bool is_ancillary_known(const struct bpf_instruction *i)
{
	static const uint8_t known[] = {
	    BPF_PROTOCOL, BPF_PACKET_TYPE, BPF_INTERFACE, BPF_MARK, BPF_QUEUE, BPF_HARDWARE_TYPE, BPF_HASH, BPF_CPU, BPF_XOR_X, BPF_VLAN_TAG, BPF_VLAN_PRESENT, BPF_RANDOM, BPF_VLAN_TYPE,
	};

	if ((i->code & 0xe0) != BPF_ABS || i->k < BPF_ANCILLARY)
		return true;
	for (size_t n = 0; n < ARRAY_SIZE(known); n++)
		if (i->k - BPF_ANCILLARY == known[n])
			return true;
	return false;
}

static bool is_arithmetic_known(const struct bpf_instruction *i)
{
	unsigned operation = i->code & 0xf0;
	bool is_constant = !(i->code & BPF_X);

	if (operation == BPF_NEG)
		return is_constant;
	if ((operation == BPF_DIV || operation == BPF_MOD) && is_constant)
		return i->k != 0;
	if ((operation == BPF_LSH || operation == BPF_RSH) && is_constant)
		return i->k < 32;
	return operation <= BPF_XOR;
}

/* `rest`: how many instructions follow. */
static bool is_jump_inside(const struct bpf_instruction *i, size_t rest)
{
	unsigned operation = i->code & 0xf0;

	if (operation == BPF_JA)
		return !(i->code & BPF_X) && i->k < rest;
	return operation <= BPF_JSET && i->if_true < rest && i->if_false < rest;
}

static bool is_known(const struct bpf_instruction *i, size_t rest)
{
	if (i->code > 0xff)
		return false;
	switch (i->code & 7) {
	case BPF_LD:
		return is_load_known(i, false) && is_ancillary_known(i);
	case BPF_LDX:
		return is_load_known(i, true);
	case BPF_ST:
	case BPF_STX:
		return !(i->code & ~7u) && i->k < BPF_MEMORY_WORDS;
	case BPF_ALU:
		return is_arithmetic_known(i);
	case BPF_JMP:
		return is_jump_inside(i, rest);
	case BPF_RET:
		return (i->code & ~7u) == BPF_K || (i->code & ~7u) == BPF_A;
	default:
		return (i->code & ~7u) == BPF_TAX || (i->code & ~7u) == BPF_TXA;
	}
}

static bool is_memory_load(const struct bpf_instruction *i)
{
	return ((i->code & 7) == BPF_LD || (i->code & 7) == BPF_LDX) && (i->code & 0xe0) == BPF_MEM;
}

/* The distance of the jumps of instruction i to their targets: one or two. */
static void narrow_targets(const struct bpf_instruction *i, uint16_t *valid, uint16_t now)
{
	if ((i->code & 0xf0) == BPF_JA) {
		valid[1 + i->k] &= now;
		return;
	}
	valid[1 + i->if_true] &= now;
	valid[1 + i->if_false] &= now;
}

/* Memory is read only where every way there has written it. valid[n]: what all jumps to n have. */
static bool is_memory_written_first(const struct bpf_instruction *program, size_t nr, uint16_t *valid)
{
	uint16_t now = 0;

	memset(valid, 0xff, nr * sizeof(valid[0]));
	for (size_t n = 0; n < nr; n++) {
		const struct bpf_instruction *i = &program[n];
		unsigned class = i->code & 7;

		now &= valid[n];
		if (class == BPF_ST || class == BPF_STX)
			now |= (uint16_t)(1u << i->k);
		else if (is_memory_load(i) && (i->k >= BPF_MEMORY_WORDS || !(now >> i->k & 1)))
			return false;
		else if (class == BPF_JMP)
			narrow_targets(i, &valid[n], now);
		if (class == BPF_JMP || class == BPF_RET)
			now = 0xffff; /* only jumps lead to the next */
	}
	return true;
}

int bpf_check(const struct bpf_instruction *program, size_t nr, uint16_t *scratch)
{
	if (!nr || nr > BPF_INSTRUCTIONS_MAX || (program[nr - 1].code & 7) != BPF_RET)
		return -EINVAL;
	for (size_t n = 0; n < nr; n++)
		if (!is_known(&program[n], nr - 1 - n))
			return -EINVAL;
	return is_memory_written_first(program, nr, scratch) ? 0 : -EINVAL;
}
