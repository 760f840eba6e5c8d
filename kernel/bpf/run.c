/* SPDX-License-Identifier: BSD-3-Clause */
/* Running checked programs. */
#include "kernel/bpf/bpf.h"
#include "lib/string.h"

struct machine {
	uint32_t a, x;
	uint32_t memory[BPF_MEMORY_WORDS];
};

static uint32_t load_ancillary(const struct bpf_packet *packet, uint32_t what, const struct machine *m)
{
	switch (what) {
	case BPF_PROTOCOL:
		return packet->protocol;
	case BPF_PACKET_TYPE:
		return packet->packet_type;
	case BPF_INTERFACE:
		return packet->interface;
	case BPF_HARDWARE_TYPE:
		return packet->hardware_type;
	case BPF_RANDOM:
		return packet->random;
	case BPF_XOR_X:
		return m->a ^ m->x;
	default: /* marks, queues, hashes, VLAN tags beside the packet: there are none; and one CPU is as good as another */
		return 0;
	}
}

/* A big-endian number of 1, 2 or 4 bytes. False: it is not all in the packet, which ends the program. */
static bool load_bytes(const struct bpf_packet *packet, uint32_t offset, unsigned size, uint32_t *value)
{
	uint8_t bytes[4];
	uint32_t from = 0, number = 0;

	if (offset >= BPF_NETWORK) {
		from = packet->network_offset;
		offset -= BPF_NETWORK;
	} else if (offset >= BPF_LINK) {
		offset -= BPF_LINK;
	}
	if (from > packet->len || offset > packet->len - from || size > packet->len - from - offset)
		return false;
	packet->read(packet, from + offset, bytes, size);
	for (unsigned i = 0; i < size; i++)
		number = number << 8 | bytes[i];
	*value = number;
	return true;
}

static unsigned size_of(uint16_t code)
{
	return (code & 0x18) == BPF_W ? 4 : (code & 0x18) == BPF_H ? 2 : 1;
}

static bool load(const struct bpf_instruction *i, const struct bpf_packet *packet, struct machine *m)
{
	switch (i->code & 0xe0) {
	case BPF_IMM:
		m->a = i->k;
		return true;
	case BPF_MEM:
		m->a = m->memory[i->k];
		return true;
	case BPF_LEN:
		m->a = packet->len;
		return true;
	case BPF_IND:
		return load_bytes(packet, m->x + i->k, size_of(i->code), &m->a);
	default:
		if (i->k < BPF_ANCILLARY)
			return load_bytes(packet, i->k, size_of(i->code), &m->a);
		m->a = load_ancillary(packet, i->k - BPF_ANCILLARY, m);
		return true;
	}
}

static bool load_index(const struct bpf_instruction *i, const struct bpf_packet *packet, struct machine *m)
{
	switch (i->code & 0xe0) {
	case BPF_IMM:
		m->x = i->k;
		return true;
	case BPF_MEM:
		m->x = m->memory[i->k];
		return true;
	case BPF_LEN:
		m->x = packet->len;
		return true;
	default: /* the length of an IPv4 header */
		if (!load_bytes(packet, i->k, 1, &m->x))
			return false;
		m->x = (m->x & 15) * 4;
		return true;
	}
}

/* False: a division by 0, which ends the program. */
static bool compute(const struct bpf_instruction *i, struct machine *m)
{
	uint32_t by = i->code & BPF_X ? m->x : i->k;
	unsigned operation = i->code & 0xf0;

	switch (operation) {
	case BPF_ADD:
		m->a += by;
		break;
	case BPF_SUB:
		m->a -= by;
		break;
	case BPF_MUL:
		m->a *= by;
		break;
	case BPF_DIV:
	case BPF_MOD:
		if (!by)
			return false;
		m->a = operation == BPF_DIV ? m->a / by : m->a % by;
		break;
	case BPF_OR:
		m->a |= by;
		break;
	case BPF_AND:
		m->a &= by;
		break;
	case BPF_XOR:
		m->a ^= by;
		break;
	case BPF_LSH:
		m->a <<= by & 31;
		break;
	case BPF_RSH:
		m->a >>= by & 31;
		break;
	default:
		m->a = 0 - m->a;
	}
	return true;
}

/* How many instructions are left out. */
static uint32_t jump(const struct bpf_instruction *i, const struct machine *m)
{
	uint32_t with = i->code & BPF_X ? m->x : i->k;
	bool is_true;

	switch (i->code & 0xf0) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		is_true = m->a == with;
		break;
	case BPF_JGT:
		is_true = m->a > with;
		break;
	case BPF_JGE:
		is_true = m->a >= with;
		break;
	default:
		is_true = m->a & with;
	}
	return is_true ? i->if_true : i->if_false;
}

uint32_t bpf_run(const struct bpf_instruction *i, const struct bpf_packet *packet)
{
	struct machine m = {.a = 0};

	for (;; i++) {
		bool goes_on = true;

		switch (i->code & 7) {
		case BPF_LD:
			goes_on = load(i, packet, &m);
			break;
		case BPF_LDX:
			goes_on = load_index(i, packet, &m);
			break;
		case BPF_ST:
			m.memory[i->k] = m.a;
			break;
		case BPF_STX:
			m.memory[i->k] = m.x;
			break;
		case BPF_ALU:
			goes_on = compute(i, &m);
			break;
		case BPF_JMP:
			i += jump(i, &m);
			break;
		case BPF_RET:
			return i->code & BPF_A ? m.a : i->k;
		default:
			if (i->code & BPF_TXA)
				m.a = m.x;
			else
				m.x = m.a;
		}
		if (!goes_on)
			return 0;
	}
}
