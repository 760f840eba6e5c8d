/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of texts. */
#include "dory/base/text_list.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

void text_list_take(struct text_list *list, char *text)
{
	*(char **)array_push(&list->items, &list->count, sizeof(*list->items)) = text;
}

void text_list_add(struct text_list *list, const char *text)
{
	text_list_take(list, text_copy(text));
}

void text_list_set(struct text_list *list, const char *name, const char *text)
{
	size_t length = strlen(name);
	char *item = text_format("%s=%s", name, text);

	for (size_t i = 0; i < list->count; i++) {
		if (strncmp(list->items[i], item, length + 1) != 0)
			continue;
		text_replace(&list->items[i], item);
		return;
	}
	text_list_take(list, item);
}

bool text_list_has(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

char *text_list_join(const struct text_list *list, const char *separator)
{
	struct text_buffer joined = {0};

	text_append(&joined, "", 0);
	for (size_t i = 0; i < list->count; i++)
		text_append_format(&joined, "%s%s", i ? separator : "", list->items[i]);
	return joined.text ? joined.text : text_copy("");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void text_list_sort(struct text_list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), compare);
}

void text_list_release(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct text_list){0};
}
