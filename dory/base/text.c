/* SPDX-License-Identifier: BSD-3-Clause */
/* Owned strings and growing arrays. */
#include "dory/base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *memory)
{
	if (memory)
		return memory;
	fputs("dory: out of memory\n", stderr);
	abort();
}

char *text_copy(const char *text)
{
	return text ? check(strdup(text)) : NULL;
}

char *text_copy_n(const char *text, size_t length)
{
	return check(strndup(text, length));
}

char *text_format(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	return check(length < 0 ? NULL : text);
}

void text_replace(char **text, char *owned)
{
	free(*text);
	*text = owned;
}

void text_cut_to(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

char *text_printable(const char *text, const char *kept)
{
	char *copy = text_copy(text);

	for (unsigned char *at = (unsigned char *)copy; *at; at++) {
		if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) /* U+0080 to U+009F */
			at[0] = at[1] = '?';
		else if ((*at < ' ' || *at == 0x7f) && !strchr(kept, *at))
			*at = *at == '\n' || *at == '\t' || *at == '\r' ? ' ' : '?';
	}
	return copy;
}

bool text_has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (*words) {
		size_t n = strcspn(words, " \t\n,");

		if (n == length && memcmp(words, word, n) == 0)
			return true;
		words += n;
		words += strspn(words, " \t\n,");
	}
	return false;
}

/* The capacity is the power of two at or above the count, so that it need not be kept. */
void *array_push(void *items_pointer, size_t *count, size_t size)
{
	char *items = *(void **)items_pointer;
	void *element;

	if ((*count & (*count - 1)) == 0) {
		items = check(reallocarray(items, *count ? *count * 2 : 1, size));
		*(void **)items_pointer = items;
	}
	element = items + *count * size;
	memset(element, 0, size);
	(*count)++;
	return element;
}

void text_append(struct text_buffer *buffer, const char *bytes, size_t length)
{
	if (buffer->length + length + 1 > buffer->capacity) {
		buffer->capacity = (buffer->length + length + 1) * 2;
		buffer->text = check(realloc(buffer->text, buffer->capacity));
	}
	memcpy(buffer->text + buffer->length, bytes, length);
	buffer->length += length;
	buffer->text[buffer->length] = '\0';
}

void text_append_format(struct text_buffer *buffer, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	check(length < 0 ? NULL : text);
	text_append(buffer, text, (size_t)length);
	free(text);
}
