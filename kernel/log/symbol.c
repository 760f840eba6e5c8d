/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of functions, from the table that build/symbols makes of the first link: count, offsets from the image's base in order, names. */
#include "kernel/log/log.h"
#include "lib/string.h"

#define IMAGE_BASE 0xffffffff80000000ull

extern const uint32_t kernel_symbols[] __attribute__((weak)); /* absent in the first link */

const char *symbol_find(uint64_t address, uint64_t *offset)
{
	uint32_t count, low = 0, high;
	const uint32_t *offsets;
	const char *name;

	if (!kernel_symbols || address < IMAGE_BASE)
		return NULL;
	count = high = kernel_symbols[0];
	offsets = kernel_symbols + 1;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (IMAGE_BASE + offsets[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	name = (const char *)(offsets + count);
	for (uint32_t i = 0; i + 1 < low; i++)
		name += strlen(name) + 1;
	*offset = address - IMAGE_BASE - offsets[low - 1];
	return name;
}
