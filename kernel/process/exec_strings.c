/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments and environment on their way to the new program's stack: copied page by page, since the old memory goes before the new is used. */
#include "kernel/mem/heap.h"
#include "kernel/process/exec.h"
#include "kernel/uapi/errno.h"
#include "kernel/vm/user_memory.h"
#include "lib/string.h"

/* Room behind the last byte; a new page if there is none. NULL: no memory. */
static char *next_room(struct string_area *area, size_t *room)
{
	size_t offset = area->len % PAGE_SIZE;

	if (area->len == area->nr_pages * PAGE_SIZE) {
		char **pages = heap_resize(area->pages, (area->nr_pages + 1) * sizeof(*pages));

		if (!pages)
			return NULL;
		area->pages = pages;
		pages[area->nr_pages] = heap_alloc(PAGE_SIZE);
		if (!pages[area->nr_pages])
			return NULL;
		area->nr_pages++;
	}
	*room = PAGE_SIZE - offset;
	return area->pages[area->len / PAGE_SIZE] + offset;
}

static bool is_full(const struct string_area *area)
{
	return area->len + (area->count + 1) * sizeof(uint64_t) > STRINGS_MAX;
}

int string_area_add(struct string_area *area, const char *text)
{
	size_t left = strlen(text) + 1;

	area->count++;
	while (left) {
		size_t room;
		char *to = is_full(area) ? NULL : next_room(area, &room);

		if (!to)
			return is_full(area) ? -E2BIG : -ENOMEM;
		room = min_u64(room, left);
		memcpy(to, text, room);
		text += room;
		left -= room;
		area->len += room;
	}
	return 0;
}

static int add_user_string(struct string_area *area, uint64_t address)
{
	size_t start = area->len;

	area->count++;
	for (;;) {
		size_t room;
		char *to = is_full(area) || area->len - start > STRING_MAX ? NULL : next_room(area, &room);
		long len;

		if (!to)
			return is_full(area) || area->len - start > STRING_MAX ? -E2BIG : -ENOMEM;
		len = user_copy_string(to, address, room);
		if (len >= 0) {
			area->len += (size_t)len + 1;
			return area->len - start > STRING_MAX ? -E2BIG : 0;
		}
		if (len != -ENAMETOOLONG)
			return (int)len;
		area->len += room;
		address += room;
	}
}

int string_area_add_user(struct string_area *area, uint64_t array, unsigned first)
{
	if (!array)
		return 0;
	for (unsigned i = 0;; i++) {
		uint64_t string;
		int ret = copy_from_user(&string, array + i * sizeof(string), sizeof(string));

		if (ret || !string)
			return ret;
		if (i < first)
			continue;
		ret = add_user_string(area, string);
		if (ret)
			return ret;
	}
}

void string_area_free(struct string_area *area)
{
	for (size_t i = 0; i < area->nr_pages; i++)
		heap_free(area->pages[i]);
	heap_free(area->pages);
	*area = (struct string_area){0};
}
