/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions by address, from the table that build/symbols makes of the first link: count, offsets from the image's base in order, sizes of frames, names. */
#include "kernel/log/log.h"
#include "lib/string.h"

#define IMAGE_OFFSET  0x100000 /* of the image's first byte from the base */
#define WORDS_UNKNOWN 65535

extern const char image_start[];
extern const uint32_t kernel_symbols[] __attribute__((weak)); /* absent in the first link */

/* How many of the functions begin at or before the offset. */
static uint32_t count_before(const uint32_t *offsets, uint32_t count, uint64_t offset)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (offsets[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool symbol_find(uint64_t address, struct symbol *symbol)
{
	const uint32_t *offsets;
	const uint16_t *frames;
	uint64_t base = (uint64_t)image_start - IMAGE_OFFSET; /* wherever it was put */
	uint32_t count, before;

	if (!kernel_symbols || address < base)
		return false;
	count = kernel_symbols[0];
	offsets = kernel_symbols + 1;
	frames = (const uint16_t *)(offsets + count);
	before = count_before(offsets, count, address - base);
	if (!before)
		return false;
	symbol->name = (const char *)(frames + count);
	for (uint32_t i = 0; i + 1 < before; i++)
		symbol->name += strlen(symbol->name) + 1;
	symbol->offset = address - base - offsets[before - 1];
	symbol->frame_size = frames[before - 1] == WORDS_UNKNOWN ? SYMBOL_FRAME_UNKNOWN : frames[before - 1] * 8u;
	return true;
}
