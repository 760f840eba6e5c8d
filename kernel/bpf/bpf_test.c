/* SPDX-License-Identifier: BSD-3-Clause */
/* Classic BPF: what is refused, each operation, tcpdump's programs, and random programs, which always end within their packet. */
#include <string.h>
#include "kernel/bpf/bpf.h"
#include "kernel/uapi/errno.h"
#include "tests/unit/test.h"

#define S(c, v)	      {.code = (c), .k = (v)}
#define J(c, v, t, f) {.code = (c), .if_true = (t), .if_false = (f), .k = (v)}
#define RET_K	      (BPF_RET | BPF_K)
#define RET_A	      (BPF_RET | BPF_A)

static uint16_t scratch[BPF_INSTRUCTIONS_MAX];

static int check(const struct bpf_instruction *program, size_t nr)
{
	return bpf_check(program, nr, scratch);
}

static void read_bytes(const struct bpf_packet *packet, uint32_t offset, void *to, size_t len)
{
	if (offset > packet->len || len > packet->len - offset)
		abort();
	memcpy(to, (const uint8_t *)packet->of + offset, len);
}

static uint32_t run_on(const struct bpf_instruction *program, const void *bytes, uint32_t len)
{
	const struct bpf_packet packet = {
	    .len = len, .network_offset = 14, .protocol = 0x800, .packet_type = 4, .interface = 7, .hardware_type = 772, .read = read_bytes, .of = bytes,
	};

	return bpf_run(program, &packet);
}

TEST(refused)
{
	static const struct {
		const char *why;
		size_t nr;
		struct bpf_instruction program[4];
	} bad[] = {
	    {"empty", 0, {S(RET_K, 0)}},
	    {"no return", 1, {S(BPF_LD | BPF_IMM, 0)}},
	    {"unknown load", 2, {S(BPF_LD | BPF_MSH | BPF_B, 0), S(RET_K, 0)}},
	    {"half a load", 2, {S(BPF_LD | BPF_H | BPF_MEM, 0), S(RET_K, 0)}},
	    {"code over a byte", 2, {S(0x100, 0), S(RET_K, 0)}},
	    {"unknown arithmetic", 2, {S(BPF_ALU | 0xb0, 0), S(RET_K, 0)}},
	    {"division by 0", 2, {S(BPF_ALU | BPF_DIV, 0), S(RET_K, 0)}},
	    {"remainder by 0", 2, {S(BPF_ALU | BPF_MOD, 0), S(RET_K, 0)}},
	    {"shift by 32", 2, {S(BPF_ALU | BPF_LSH, 32), S(RET_K, 0)}},
	    {"jump out", 2, {J(BPF_JMP | BPF_JEQ, 0, 1, 0), S(RET_K, 0)}},
	    {"jump out if not", 2, {J(BPF_JMP | BPF_JEQ, 0, 0, 1), S(RET_K, 0)}},
	    {"far jump out", 2, {S(BPF_JMP | BPF_JA, 1), S(RET_K, 0)}},
	    {"farther", 2, {S(BPF_JMP | BPF_JA, 0xffffffff), S(RET_K, 0)}},
	    {"no such memory", 2, {S(BPF_ST, 16), S(RET_K, 0)}},
	    {"memory not written", 2, {S(BPF_LD | BPF_MEM, 3), S(RET_K, 0)}},
	    {"written on one way only", 4, {J(BPF_JMP | BPF_JEQ, 0, 0, 1), S(BPF_ST, 3), S(BPF_LDX | BPF_MEM, 3), S(RET_K, 0)}},
	    {"no such knowledge", 2, {S(BPF_LD | BPF_W | BPF_ABS, BPF_ANCILLARY + 12), S(RET_K, 0)}},
	    {"return of x", 1, {S(BPF_RET | BPF_X, 0)}},
	    {"unknown move", 2, {S(BPF_MISC | 0x40, 0), S(RET_K, 0)}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (check(bad[i].program, bad[i].nr) != -EINVAL)
			printf("# %s is not refused\n", bad[i].why);
		CHECK_EQ(check(bad[i].program, bad[i].nr), -EINVAL);
	}
}

/* a OPERATION 5, with a constant and with x. */
static uint32_t compute(uint16_t operation, uint32_t a, uint32_t by)
{
	const struct bpf_instruction constant[] = {S(BPF_LD | BPF_IMM, a), S((uint16_t)(BPF_ALU | operation), by), S(RET_A, 0)};
	const struct bpf_instruction index[] = {S(BPF_LD | BPF_IMM, a), S(BPF_LDX | BPF_IMM, by), S((uint16_t)(BPF_ALU | operation | BPF_X), 0), S(RET_A, 0)};

	if (check(constant, 3) || check(index, 4) || run_on(constant, "", 0) != run_on(index, "", 0))
		abort();
	return run_on(constant, "", 0);
}

TEST(arithmetic)
{
	const struct bpf_instruction negate[] = {S(BPF_LD | BPF_IMM, 5), S(BPF_ALU | BPF_NEG, 0), S(RET_A, 0)};
	const struct bpf_instruction by_zero[] = {S(BPF_LD | BPF_IMM, 5), S(BPF_ALU | BPF_DIV | BPF_X, 0), S(RET_K, 9)};

	CHECK_EQ(compute(BPF_ADD, 0xfffffffe, 5), 3);
	CHECK_EQ(compute(BPF_SUB, 3, 5), 0xfffffffe);
	CHECK_EQ(compute(BPF_MUL, 7, 5), 35);
	CHECK_EQ(compute(BPF_DIV, 37, 5), 7);
	CHECK_EQ(compute(BPF_MOD, 37, 5), 2);
	CHECK_EQ(compute(BPF_OR, 10, 5), 15);
	CHECK_EQ(compute(BPF_AND, 12, 5), 4);
	CHECK_EQ(compute(BPF_XOR, 12, 5), 9);
	CHECK_EQ(compute(BPF_LSH, 3, 5), 96);
	CHECK_EQ(compute(BPF_RSH, 96, 5), 3);
	CHECK_EQ(check(negate, 3), 0);
	CHECK_EQ(run_on(negate, "", 0), 0xfffffffb);
	CHECK_EQ(check(by_zero, 3), 0);
	CHECK_EQ(run_on(by_zero, "", 0), 0);
}

TEST(loads)
{
	static const uint8_t bytes[20] = {0x45, 1, 2, 3, 4, 5, 6, 7, [14] = 0xaa, 0xbb, 0xcc, 0xdd};
	struct bpf_instruction load[] = {S(BPF_LDX | BPF_IMM, 2), S(BPF_LD | BPF_W | BPF_ABS, 1), S(RET_A, 0)};
	const struct bpf_instruction header_len[] = {S(BPF_LDX | BPF_B | BPF_MSH, 0), S(BPF_MISC | BPF_TXA, 0), S(RET_A, 0)};
	const struct bpf_instruction memory[] = {S(BPF_LDX | BPF_IMM, 9), S(BPF_STX, 15), S(BPF_LD | BPF_MEM, 15), S(RET_A, 0)};

	CHECK_EQ(check(load, 3), 0);
	CHECK_EQ(run_on(load, bytes, 20), 0x01020304);
	load[1].code = BPF_LD | BPF_H | BPF_ABS;
	CHECK_EQ(run_on(load, bytes, 20), 0x0102);
	load[1].code = BPF_LD | BPF_B | BPF_IND;
	CHECK_EQ(run_on(load, bytes, 20), 3);
	load[1].k = 17; /* 19 with x */
	CHECK_EQ(run_on(load, bytes, 20), 0);
	load[1] = (struct bpf_instruction)S(BPF_LD | BPF_W | BPF_ABS, 16);
	CHECK_EQ(run_on(load, bytes, 20), 0xccdd0000);
	CHECK_EQ(run_on(load, bytes, 19), 0);
	load[1].k = BPF_NETWORK + 1;
	CHECK_EQ(run_on(load, bytes, 20), 0xbbccdd00);
	load[1].k = BPF_NETWORK + 3;
	CHECK_EQ(run_on(load, bytes, 20), 0);
	CHECK_EQ(run_on(load, bytes, 3), 0);
	load[1].k = BPF_LINK;
	CHECK_EQ(run_on(load, bytes, 20), 0x45010203);
	load[1].k = 0xfffffff0;
	CHECK_EQ(check(load, 3), -EINVAL);
	load[1].k = BPF_ANCILLARY + BPF_PACKET_TYPE;
	CHECK_EQ(check(load, 3), 0);
	CHECK_EQ(run_on(load, bytes, 20), 4);
	load[1].k = BPF_ANCILLARY + BPF_INTERFACE;
	CHECK_EQ(run_on(load, bytes, 20), 7);
	load[1] = (struct bpf_instruction)S(BPF_LD | BPF_LEN, 0);
	CHECK_EQ(run_on(load, bytes, 20), 20);
	CHECK_EQ(run_on(header_len, bytes, 20), 20);
	CHECK_EQ(check(memory, 4), 0);
	CHECK_EQ(run_on(memory, bytes, 20), 9);
}

/* `tcpdump -dd udp port 53` on Ethernet, its part for IPv4. */
TEST(tcpdumps)
{
	static const struct bpf_instruction udp53[] = {
	    S(0x28, 12), J(0x15, 0x800, 0, 10), S(0x30, 23), J(0x15, 17, 0, 8), S(0x28, 20), J(0x45, 0x1fff, 6, 0), S(0xb1, 14), S(0x48, 14), J(0x15, 53, 2, 0),
	    S(0x48, 16), J(0x15, 53, 0, 1), S(0x06, 262144), S(0x06, 0),
	};
	uint8_t frame[60] = {[12] = 8, 0, 0x45, [23] = 17, [34] = 0x30, 0x39, 0, 53};

	CHECK_EQ(check(udp53, ARRAY_SIZE(udp53)), 0);
	CHECK_EQ(run_on(udp53, frame, sizeof(frame)), 262144);
	frame[37] = 54;
	CHECK_EQ(run_on(udp53, frame, sizeof(frame)), 0);
	frame[35] = 53;
	frame[34] = 0;
	CHECK_EQ(run_on(udp53, frame, sizeof(frame)), 262144);
	frame[20] = 0x1f; /* a fragment */
	CHECK_EQ(run_on(udp53, frame, sizeof(frame)), 0);
	CHECK_EQ(run_on(udp53, frame, 13), 0);
}

/* Whatever the check lets pass runs to its end and reads nothing outside (the sanitizer watches memory, read_bytes the packet). */
TEST(random_programs)
{
	unsigned good = 0;

	for (unsigned round = 0; round < 400000; round++) {
		size_t nr = 1 + test_random() % 12;
		struct bpf_instruction *program = malloc(nr * sizeof(*program));
		uint8_t *bytes = malloc(40);

		for (size_t i = 0; i < nr; i++) {
			static const uint32_t offsets[] = {BPF_ANCILLARY, BPF_NETWORK, BPF_LINK, 0x80000000};

			program[i] = (struct bpf_instruction){.code = (uint16_t)(test_random() & 0xff), .if_true = test_random() % 4, .if_false = test_random() % 4,
							      .k = (uint32_t)test_random() % 24 + (test_random() % 8 ? 0 : offsets[test_random() % 4])};
		}
		if (test_random() % 8)
			program[nr - 1].code = test_random() % 2 ? RET_K : RET_A;
		for (unsigned i = 0; i < 40; i++)
			bytes[i] = (uint8_t)test_random();
		if (check(program, nr) == 0) {
			good++;
			run_on(program, bytes, (uint32_t)test_random() % 41);
		}
		free(program);
		free(bytes);
	}
	CHECK(good > 1000);
}

TEST_MAIN()
