/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Classic BPF (McCanne and Jacobson, "The BSD Packet Filter", 1993; Linux: networking/filter): an accumulator, an index register, sixteen words of memory,
 * and jumps that only go forward, so that every program ends. A program is checked once; running it then needs no checks but of what it reads of the packet.
 */
#pragma once
#include "lib/attr.h"

struct bpf_instruction { /* struct sock_filter */
	uint16_t code;
	uint8_t if_true, if_false; /* of jumps: how many instructions are left out */
	uint32_t k;
};

enum { BPF_INSTRUCTIONS_MAX = 4096, BPF_MEMORY_WORDS = 16 };

/* Codes: a class, and fields of it. */
enum { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC };
enum { BPF_W = 0x00, BPF_H = 0x08, BPF_B = 0x10 };
enum { BPF_IMM = 0x00, BPF_ABS = 0x20, BPF_IND = 0x40, BPF_MEM = 0x60, BPF_LEN = 0x80, BPF_MSH = 0xa0 };
enum { BPF_ADD = 0x00, BPF_SUB = 0x10, BPF_MUL = 0x20, BPF_DIV = 0x30, BPF_OR = 0x40, BPF_AND = 0x50, BPF_LSH = 0x60, BPF_RSH = 0x70, BPF_NEG = 0x80, BPF_MOD = 0x90, BPF_XOR = 0xa0 };
enum { BPF_JA = 0x00, BPF_JEQ = 0x10, BPF_JGT = 0x20, BPF_JGE = 0x30, BPF_JSET = 0x40 };
enum { BPF_K = 0x00, BPF_X = 0x08, BPF_A = 0x10 };
enum { BPF_TAX = 0x00, BPF_TXA = 0x80 };

/* Loads from these negative offsets read what is known about the packet, or relative to its headers. */
#define BPF_ANCILLARY	0xfffff000u
#define BPF_NETWORK	0xfff00000u /* from the network header on */
#define BPF_LINK	0xffe00000u /* from the link header on */
enum bpf_ancillary {
	BPF_PROTOCOL = 0, BPF_PACKET_TYPE = 4, BPF_INTERFACE = 8, BPF_MARK = 20, BPF_QUEUE = 24, BPF_HARDWARE_TYPE = 28, BPF_HASH = 32, BPF_CPU = 36, BPF_XOR_X = 40, BPF_VLAN_TAG = 44,
	BPF_VLAN_PRESENT = 48, BPF_RANDOM = 56, BPF_VLAN_TYPE = 60,
};

/* A packet, as a program sees it. */
struct bpf_packet {
	uint32_t len;
	uint32_t network_offset; /* of the network header */
	uint32_t protocol, packet_type, interface, hardware_type, random;
	/* Copies bytes that lie within len. */
	void (*read)(const struct bpf_packet *packet, uint32_t offset, void *to, size_t len);
	const void *of; /* the reader's */
};

/* -EINVAL: an unknown code, a jump out of the program, memory read before it is written or that is not there, a division by 0, no return at the end.
 * scratch: memory for nr numbers. */
int bpf_check(const struct bpf_instruction *program, size_t nr, uint16_t *scratch) must_check;
/* Runs a checked program: how many bytes of the packet are wanted; 0: none, it is dropped. */
uint32_t bpf_run(const struct bpf_instruction *program, const struct bpf_packet *packet);
