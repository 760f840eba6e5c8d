/* SPDX-License-Identifier: BSD-3-Clause */
/* dory inspect */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/instance_names.h"

static const struct option options[] = {{0}};

static json_t *list;

static json_t *parse(int result, char *text)
{
	json_t *object = result == 0 ? json_loads(text, 0, NULL) : NULL;

	if (result == 0)
		free(text);
	return object;
}

static int inspect_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct instance instance;
	char *text = NULL;
	json_t *spec, *state;
	int result;

	if (instance_find(config->root, name, &instance, err) < 0)
		return -1;
	result = instance_spec_print(&instance.spec, &text, err);
	spec = parse(result, text);
	result = instance_state_print(&instance.state, &text, err);
	state = parse(result, text);
	json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:s++}", "name", instance.name, "config", spec ? spec : json_object(), "state",
					    state ? state : json_object(), "directory", config->root, "/instances/", instance.name));
	instance_release(&instance);
	return 0;
}

static int inspect(struct invocation *invocation)
{
	int status;

	list = json_array();
	status = for_each_instance(invocation, "inspect", inspect_one);
	if (json_array_size(list) > 0) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(list);
	return status;
}

const struct verb verb_inspect = {
	.name = "inspect",
	.operands = "INSTANCE...",
	.summary = "Show all that is known of instances, as JSON",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = inspect,
};
