/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Return addresses on a kernel stack. The kernel keeps no frame pointers: they cost each function three instructions. The table of symbols knows
 * how far a function's return address lies above its stack pointer; before its first instructions have run, behind pushed arguments, in assembly
 * and in functions whose frame varies this is wrong or unknown: then the next word that a call instruction can have pushed is taken.
 */
#include "kernel/arch/cpu.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/log/log.h"

#define STACK_MAX 16384 /* kernel stacks are aligned to it; others end somewhere before */

extern const char image_start[], image_end[], text_end[], trap_kernel_returns[], context_begin_returns[];

static bool is_on_stack(uint64_t address)
{
	return !(address & 7) && ((address >= DIRECT_BASE && address < DIRECT_BASE + (511ull << 30)) ||
				     (address >= (uint64_t)image_start && address < (uint64_t)image_end));
}

/* SDM 2A, CALL: E8 with four bytes of distance, FF /2 with a register or memory operand of up to six bytes more. */
static bool follows_call(uint64_t address)
{
	const uint8_t *end = (const uint8_t *)address;

	if (address < (uint64_t)image_start + 8 || address >= (uint64_t)text_end)
		return false;
	if (end[-5] == 0xe8)
		return true;
	for (int length = 2; length <= 7; length++)
		if (end[-length] == 0xff && (end[-length + 1] & 0x38) == 0x10)
			return true;
	return false;
}

static uint64_t word_at(uint64_t address)
{
	return *(const uint64_t *)address;
}

/* The place of the return address of the code at `address`; 0 if there is none. */
static uint64_t find_return(uint64_t address, uint64_t stack)
{
	uint64_t end = align_down(stack, STACK_MAX) + STACK_MAX;
	struct symbol symbol;

	if (symbol_find(address, &symbol) && symbol.frame_size != SYMBOL_FRAME_UNKNOWN && stack + symbol.frame_size < end)
		stack += symbol.frame_size;
	while (stack < end && !follows_call(word_at(stack)))
		stack += 8;
	return stack < end ? stack : 0;
}

size_t cpu_backtrace(uint64_t address, uint64_t stack, uint64_t *addresses, size_t max)
{
	size_t n = 0;

	while (n < max && is_on_stack(stack) && (stack = find_return(address, stack))) {
		address = word_at(stack);
		stack += 8;
		if (address == (uint64_t)context_begin_returns)
			break;
		addresses[n++] = address;
		if (address == (uint64_t)trap_kernel_returns && n < max) {
			const struct trap_frame *frame = (const struct trap_frame *)stack;

			addresses[n++] = address = frame->rip;
			stack = frame->rsp;
		}
	}
	return n;
}
