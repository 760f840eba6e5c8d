/* SPDX-License-Identifier: BSD-3-Clause */
/* The chain of frame pointers that -fno-omit-frame-pointer keeps: each frame is the caller's rbp, then the return address. */
#include "kernel/arch/cpu.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/arch/page_table.h"

#define FRAME_MAX 16384 /* a caller's frame lies on the same stack, above */

extern const char image_start[], text_end[];

static bool is_on_stack(uint64_t frame)
{
	return frame >= DIRECT_BASE && !(frame & 7) && (frame < DIRECT_BASE + (511ull << 30) || (frame >= (uint64_t)image_start && frame < KERNEL_BASE + 0x400000));
}

size_t cpu_backtrace(uint64_t frame, uint64_t *addresses, size_t max)
{
	size_t n = 0;

	if (!frame)
		frame = (uint64_t)__builtin_frame_address(0);
	while (n < max && is_on_stack(frame)) {
		uint64_t next = ((const uint64_t *)frame)[0], address = ((const uint64_t *)frame)[1];

		if (address < (uint64_t)image_start || address >= (uint64_t)text_end)
			break;
		addresses[n++] = address;
		if (next <= frame || next - frame > FRAME_MAX)
			break;
		frame = next;
	}
	return n;
}
