/* SPDX-License-Identifier: BSD-3-Clause */
/* A growing list of owned texts. Zeroed is empty. */
#pragma once
#include "lib/attr.h"

struct text_list {
	char **items;
	size_t count;
};

void text_list_add(struct text_list *list, const char *text); /* copies */
void text_list_take(struct text_list *list, char *text);      /* takes */
/* Of a list of NAME=TEXT: sets the one of that name, or adds it. */
void text_list_set(struct text_list *list, const char *name, const char *text);
bool text_list_has(const struct text_list *list, const char *text);
/* All with `separator` in between; returns owned. */
char *text_list_join(const struct text_list *list, const char *separator);
void text_list_sort(struct text_list *list);
void text_list_release(struct text_list *list);
