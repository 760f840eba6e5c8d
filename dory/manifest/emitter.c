/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing YAML with libyaml's emitter. */
#include "dory/manifest/emitter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "dory/manifest/document.h"

struct emitter {
	yaml_emitter_t yaml;
	struct text_buffer text;
};

static int take_output(void *context, unsigned char *bytes, size_t size)
{
	struct emitter *emitter = context;

	text_append(&emitter->text, (const char *)bytes, size);
	return 1;
}

/* Only memory can fail here: see dory/base/text.h. */
static void emit(struct emitter *emitter, yaml_event_t *event)
{
	if (!yaml_emitter_emit(&emitter->yaml, event))
		abort();
}

struct emitter *emitter_new(void)
{
	struct emitter *emitter = calloc(1, sizeof(*emitter));
	yaml_event_t event;

	if (!emitter || !yaml_emitter_initialize(&emitter->yaml))
		abort();
	yaml_emitter_set_output(&emitter->yaml, take_output, emitter);
	yaml_emitter_set_width(&emitter->yaml, -1);
	yaml_emitter_set_unicode(&emitter->yaml, 1);
	yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
	emit(emitter, &event);
	yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
	emit(emitter, &event);
	return emitter;
}

/*
 * How many bytes the character at `c` has in UTF-8; 0: it is none, for instance one that is written in more bytes
 * than it takes.
 */
static size_t character_size(const unsigned char *c)
{
	static const struct {
		unsigned char mask, sign;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t size = 1; size <= ARRAY_SIZE(forms); size++) {
		uint32_t value = *c & (unsigned char)~forms[size - 1].mask;

		if ((*c & forms[size - 1].mask) != forms[size - 1].sign)
			continue;
		for (size_t i = 1; i < size; i++) {
			if ((c[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (c[i] & 0x3f);
		}
		return value >= forms[size - 1].least && value <= 0x10ffff && value >> 11 != 0xd800 >> 11 ? size : 0;
	}
	return 0;
}

/* `text` where it is UTF-8; otherwise a copy with '?' for each byte beyond ASCII, in *copy. */
static const char *as_utf8(const char *text, char **copy)
{
	for (const char *c = text; *c;) {
		size_t size = character_size((const unsigned char *)c);

		if (size == 0) {
			*copy = text_copy(text);
			for (char *d = *copy; *d; d++)
				*d = (unsigned char)*d < 0x80 ? *d : '?';
			return *copy;
		}
		c += size;
	}
	return text;
}

static void put_scalar(struct emitter *emitter, const char *text, yaml_scalar_style_t style)
{
	yaml_event_t event;
	char *copy = NULL;
	const char *value = as_utf8(text, &copy);

	if (!yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)value, (int)strlen(value), 1, 1, style))
		abort();
	emit(emitter, &event);
	free(copy);
}

static void put_text(struct emitter *emitter, const char *text)
{
	put_scalar(emitter, text, scalar_is_typed(text) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
}

void emitter_begin_mapping(struct emitter *emitter, const char *key)
{
	yaml_event_t event;

	if (key)
		put_text(emitter, key);
	yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
	emit(emitter, &event);
}

void emitter_end_mapping(struct emitter *emitter)
{
	yaml_event_t event;

	yaml_mapping_end_event_initialize(&event);
	emit(emitter, &event);
}

void emitter_begin_list(struct emitter *emitter, const char *key)
{
	yaml_event_t event;

	if (key)
		put_text(emitter, key);
	yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
	emit(emitter, &event);
}

void emitter_end_list(struct emitter *emitter)
{
	yaml_event_t event;

	yaml_sequence_end_event_initialize(&event);
	emit(emitter, &event);
}

void emitter_put(struct emitter *emitter, const char *key, const char *value)
{
	put_text(emitter, key);
	put_text(emitter, value);
}

void emitter_put_number(struct emitter *emitter, const char *key, uint64_t value)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	put_text(emitter, key);
	put_scalar(emitter, digits, YAML_PLAIN_SCALAR_STYLE);
}

void emitter_put_list(struct emitter *emitter, const char *key, const struct text_list *list)
{
	if (list->count == 0)
		return;
	emitter_begin_list(emitter, key);
	for (size_t i = 0; i < list->count; i++)
		put_text(emitter, list->items[i]);
	emitter_end_list(emitter);
}

char *emitter_finish(struct emitter *emitter)
{
	yaml_event_t event;
	char *text;

	yaml_document_end_event_initialize(&event, 1);
	emit(emitter, &event);
	yaml_stream_end_event_initialize(&event);
	emit(emitter, &event);
	yaml_emitter_delete(&emitter->yaml);
	text = emitter->text.text ? emitter->text.text : text_copy("");
	free(emitter);
	return text;
}
