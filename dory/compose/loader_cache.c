/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cache's layout: header, entries in descending order of names, texts. Offsets of texts count from the header's
 * start.
 */
#include "dory/compose/loader_cache.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

#define CACHE_MAGIC "glibc-ld.so.cache1.1"

enum {
	LITTLE_ENDIAN_CACHE = 2,
	FLAGS_X86_64 = 0x0303, /* ELF library for glibc 2, x86-64 */
};

struct cache_header {
	char magic[20];
	uint32_t count, texts_length;
	uint8_t flags, padding[3];
	uint32_t extensions, unused[3];
};

struct cache_entry {
	int32_t flags;
	uint32_t name, path, version;
	uint64_t hwcap;
};

/* A run of digits at *text as a number; the loader compares "libx.so.10" and "libx.so.9" by it. */
static uint64_t take_number(const char **text)
{
	uint64_t number = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++)
		number = number * 10 + (uint64_t)(**text - '0');
	return number;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The order that the loader's binary search goes by. */
static int compare_names(const char *a, const char *b)
{
	while (*a) {
		if (is_digit(*a) && is_digit(*b)) {
			uint64_t x = take_number(&a), y = take_number(&b);

			if (x != y)
				return x < y ? -1 : 1;
		} else if (is_digit(*a) || is_digit(*b)) {
			return is_digit(*a) ? 1 : -1;
		} else if (*a != *b) {
			return *a - *b;
		} else {
			a++;
			b++;
		}
	}
	return *a - *b;
}

static int compare_entries(const void *a, const void *b)
{
	const struct loader_cache_entry *x = a, *y = b;
	int order = compare_names(y->name, x->name);

	if (order == 0)
		order = strcmp(y->name, x->name);
	return order ? order : x->path < y->path ? -1 : x->path > y->path;
}

static uint32_t put_text(struct text_buffer *texts, size_t base, const char *text)
{
	uint32_t at = (uint32_t)(base + texts->length);

	text_append(texts, text, strlen(text) + 1);
	return at;
}

void *loader_cache_make(struct loader_cache_entry *entries, size_t count, size_t *length)
{
	struct cache_header header = {.flags = LITTLE_ENDIAN_CACHE, .count = (uint32_t)count};
	size_t base = sizeof(header) + count * sizeof(struct cache_entry);
	struct text_buffer texts = {0};
	uint8_t *cache;

	qsort(entries, count, sizeof(*entries), compare_entries);
	text_append(&texts, "", 0);
	cache = calloc(1, base);
	if (!cache)
		abort();
	for (size_t i = 0; i < count; i++) {
		struct cache_entry entry = {.flags = FLAGS_X86_64};

		entry.name = put_text(&texts, base, entries[i].name);
		entry.path = put_text(&texts, base, entries[i].path);
		memcpy(cache + sizeof(header) + i * sizeof(entry), &entry, sizeof(entry));
	}
	memcpy(header.magic, CACHE_MAGIC, sizeof(header.magic));
	header.texts_length = (uint32_t)texts.length;
	memcpy(cache, &header, sizeof(header));
	*length = base + texts.length;
	cache = realloc(cache, *length + 1);
	if (!cache)
		abort();
	if (texts.length > 0)
		memcpy(cache + base, texts.text, texts.length);
	free(texts.text);
	return cache;
}

static const char *text_at(const void *cache, size_t length, uint32_t offset)
{
	if (offset >= length || !memchr((const char *)cache + offset, '\0', length - offset))
		return NULL;
	return (const char *)cache + offset;
}

/* Linear: it is asked for a few names, and does not depend on the order that somebody else's ldconfig left. */
const char *loader_cache_find(const void *cache, size_t length, const char *name)
{
	struct cache_header header;
	struct cache_entry entry;

	if (length < sizeof(header) || memcmp(cache, CACHE_MAGIC, sizeof(header.magic)) != 0)
		return NULL;
	memcpy(&header, cache, sizeof(header));
	if (header.count > (length - sizeof(header)) / sizeof(entry))
		return NULL;
	for (uint32_t i = 0; i < header.count; i++) {
		const char *found;

		memcpy(&entry, (const uint8_t *)cache + sizeof(header) + i * sizeof(entry), sizeof(entry));
		if (entry.flags != FLAGS_X86_64 ||
			entry.hwcap != 0) /* libraries for better processors: the guest's is not known */
			continue;
		found = text_at(cache, length, entry.name);
		if (found && strcmp(found, name) == 0)
			return text_at(cache, length, entry.path);
	}
	return NULL;
}
