/* SPDX-License-Identifier: BSD-3-Clause */
#include "dory/base/json.h"
#include "dory/base/text.h"

char *json_member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text_copy(text ? text : "");
}

json_t *json_of_list(const struct text_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++) {
		if (json_array_append_new(array, json_string(list->items[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}
