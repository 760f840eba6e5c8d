/* SPDX-License-Identifier: BSD-3-Clause */
/* Structs as JSON objects, by tables: one row a member, for writing, reading and releasing. */
#pragma once
#include "dory/base/error.h"
#include "dory/base/text_list.h"

enum record_kind {
	RECORD_TEXT,   /* char *, owned; NULL is left out */
	RECORD_LIST,   /* struct text_list */
	RECORD_NUMBER, /* int64_t */
	RECORD_FLAG,   /* bool */
	RECORD_WORD,   /* int, the index of one of `words` */
};

struct record_field {
	const char *name;
	enum record_kind kind;
	size_t offset;
	const char *const *words; /* RECORD_WORD: ended by NULL */
};

/* Tables end with a field that has no name. The text is owned; USAGE: something in it is not UTF-8. */
int record_print(const struct record_field *fields, const void *record, char **text, struct dory_error *err) must_check;
/*
 * Reads into a zeroed record. Members that are missing stay, those that are not known are passed over: another version
 * wrote them. FORMAT, and the record is released, if it is no object or a member is of another kind. `path`: for messages.
 */
int record_parse(const struct record_field *fields, const char *path, const char *text, size_t length, void *record,
	struct dory_error *err) must_check;
void record_release(const struct record_field *fields, void *record);
