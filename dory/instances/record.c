/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of members, and jansson. */
#include "dory/instances/record.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/json.h"
#include "dory/base/text.h"

static json_t *member_json(const struct record_field *field, const void *member)
{
	switch (field->kind) {
	case RECORD_TEXT:
		return json_string(*(char *const *)member);
	case RECORD_LIST:
		return json_of_list(member);
	case RECORD_NUMBER:
		return json_integer((json_int_t) * (const int64_t *)member);
	case RECORD_FLAG:
		return json_boolean(*(const bool *)member);
	case RECORD_WORD:
		return json_string(field->words[*(const int *)member]);
	}
	return NULL;
}

int record_print(const struct record_field *fields, const void *record, char **text, struct dory_error *err)
{
	json_t *object = json_object();
	int result = 0;

	for (const struct record_field *field = fields; field->name && result == 0; field++) {
		const void *member = (const char *)record + field->offset;

		if (field->kind == RECORD_TEXT && !*(char *const *)member)
			continue;
		result = json_object_set_new(object, field->name, member_json(field, member));
		if (result < 0)
			error_set(err, DORY_ERROR_USAGE, "the %s of the instance is not UTF-8 text", field->name);
	}
	if (result == 0)
		*text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(object);
	return result;
}

static bool read_list(const json_t *value, struct text_list *list)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (!text)
			return false;
		text_list_add(list, text);
	}
	return json_is_array(value);
}

static bool read_word(const json_t *value, const char *const *words, int *index)
{
	const char *text = json_string_value(value);

	for (int i = 0; text && words[i]; i++) {
		if (strcmp(words[i], text) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

static bool read_member(const struct record_field *field, const json_t *value, void *member)
{
	switch (field->kind) {
	case RECORD_TEXT:
		text_replace(member, text_copy(json_string_value(value)));
		return json_is_string(value);
	case RECORD_LIST:
		return read_list(value, member);
	case RECORD_NUMBER:
		*(int64_t *)member = json_integer_value(value);
		return json_is_integer(value);
	case RECORD_FLAG:
		*(bool *)member = json_is_true(value);
		return json_is_boolean(value);
	case RECORD_WORD:
		return read_word(value, field->words, member);
	}
	return false;
}

int record_parse(const struct record_field *fields, const char *path, const char *text, size_t length, void *record,
	struct dory_error *err)
{
	json_error_t failure;
	json_t *object = json_loadb(text, length, 0, &failure);
	int result = 0;

	if (!json_is_object(object))
		result = error_set(err, DORY_ERROR_FORMAT, "%s is damaged (line %d: %s)", path, failure.line,
			object ? "no object" : failure.text);
	for (const struct record_field *field = fields; field->name && result == 0; field++) {
		const json_t *value = json_object_get(object, field->name);

		if (value && !read_member(field, value, (char *)record + field->offset))
			result = error_set(err, DORY_ERROR_FORMAT, "%s is damaged (%s)", path, field->name);
	}
	json_decref(object);
	if (result < 0)
		record_release(fields, record);
	return result;
}

void record_release(const struct record_field *fields, void *record)
{
	for (const struct record_field *field = fields; field->name; field++) {
		void *member = (char *)record + field->offset;

		if (field->kind == RECORD_TEXT)
			text_replace(member, NULL);
		else if (field->kind == RECORD_LIST)
			text_list_release(member);
	}
}
