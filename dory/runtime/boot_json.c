/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations as image.json keeps them. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/json.h"
#include "dory/base/text.h"
#include "dory/runtime/boot.h"

static json_t *variable_json(const struct boot_variable *variable)
{
	json_t *object = json_pack("{s:s, s:s, s:b}", "name", variable->name, "value", variable->value, "private", variable->is_private);

	if (object && variable->is_list) {
		json_t *words = json_array();

		for (size_t i = 0; i < variable->words.count; i++)
			json_array_append_new(words, json_string(variable->words.items[i]));
		json_object_set_new(object, "words", words);
	}
	return object;
}

static json_t *set_json(const struct boot_set *set)
{
	json_t *variables = json_array();

	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(variables, variable_json(&set->variables[i]));
	return json_pack("{s:s, s:s, s:o}", "name", set->name, "command", set->command, "variables", variables);
}

char *boot_sets_to_json(const struct boot_sets *sets)
{
	json_t *list, *object;
	char *text;

	if (sets->count == 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < sets->count; i++)
		json_array_append_new(list, set_json(&sets->sets[i]));
	object = json_pack("{s:s, s:o}", "default", sets->default_sets ? sets->default_sets : "", "sets", list);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static void read_variable(const json_t *object, struct boot_variable *variable)
{
	const json_t *words = json_object_get(object, "words");

	variable->name = json_member_text(object, "name");
	variable->value = json_member_text(object, "value");
	variable->is_private = json_is_true(json_object_get(object, "private"));
	variable->is_list = json_is_array(words);
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		text_list_add(&variable->words, word ? word : "");
	}
}

static void read_set(const json_t *object, struct boot_set *set)
{
	const json_t *variables = json_object_get(object, "variables");

	set->name = json_member_text(object, "name");
	set->command = json_member_text(object, "command");
	for (size_t i = 0; i < json_array_size(variables); i++)
		read_variable(json_array_get(variables, i), array_push(&set->variables, &set->count, sizeof(*set->variables)));
}

int boot_sets_from_json(const char *json, struct boot_sets *sets, struct dory_error *err)
{
	json_error_t failure;
	json_t *object = json_loads(json, 0, &failure);
	const json_t *list = json_object_get(object, "sets");

	*sets = (struct boot_sets){0};
	if (!json_is_object(object)) {
		json_decref(object);
		return error_set(err, DORY_ERROR_FORMAT, "the configurations of the image are damaged: %s", failure.text);
	}
	sets->default_sets = json_member_text(object, "default");
	for (size_t i = 0; i < json_array_size(list); i++)
		read_set(json_array_get(list, i), array_push(&sets->sets, &sets->count, sizeof(*sets->sets)));
	json_decref(object);
	return 0;
}
