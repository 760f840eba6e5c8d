/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes mappings of texts and lists in the style in which Capstan's manifests stand: block style, list items at column
 * 0, texts quoted where YAML 1.1 would take them for something else.
 */
#pragma once
#include "dory/base/text.h"
#include "dory/base/text_list.h"

struct emitter;

struct emitter *emitter_new(void);
void emitter_begin_mapping(struct emitter *emitter, const char *key); /* NULL: the outermost, or one in a list */
void emitter_end_mapping(struct emitter *emitter);
void emitter_begin_list(struct emitter *emitter, const char *key);
void emitter_end_list(struct emitter *emitter);
void emitter_put(struct emitter *emitter, const char *key, const char *value);
void emitter_put_number(struct emitter *emitter, const char *key, uint64_t value);
void emitter_put_list(struct emitter *emitter, const char *key, const struct text_list *list); /* nothing if empty */
/* The whole text; returns owned; frees the emitter. */
char *emitter_finish(struct emitter *emitter);
