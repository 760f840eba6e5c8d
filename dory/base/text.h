/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Owned strings and growing arrays for the host's half. They never return NULL: a host that cannot give a few bytes ends
 * the program with a line, since nothing sensible can be reported then.
 */
#pragma once
#include "lib/attr.h"

char *text_copy(const char *text);			/* NULL stays NULL */
char *text_copy_n(const char *text, size_t length);
char *text_format(const char *format, ...) printf_like(1, 2);
void text_replace(char **text, char *owned);		/* frees the former one; takes `owned` */

/* Copies at most size - 1 bytes; what does not fit is cut off. */
void text_cut_to(char *to, size_t size, const char *from);

/*
 * What others wrote, for a person's terminal: control characters, which could move its cursor or worse, but for those of `kept`, are question marks,
 * blanks where they stand for blanks. Returns owned.
 */
char *text_printable(const char *text, const char *kept);

/* Is `word` one of the words, separated by blanks (or commas), of `words`? */
bool text_has_word(const char *words, const char *word);

/* A zeroed new last element of an array of `*count` elements of `size` bytes; the array may move. */
void *array_push(void *items_pointer, size_t *count, size_t size);

/* A text that grows at its end. Zeroed is empty; `text` is NULL while it is. */
struct text_buffer {
	char *text;
	size_t length, capacity;
};
void text_append(struct text_buffer *buffer, const char *bytes, size_t length);
void text_append_format(struct text_buffer *buffer, const char *format, ...) printf_like(2, 3);
