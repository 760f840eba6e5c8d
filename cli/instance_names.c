/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of instances on the command line. */
#include "cli/instance_names.h"
#include <stdio.h>
#include <string.h>

int for_each_instance(const struct invocation *invocation, const char *what,
	int (*act)(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err))
{
	const struct word_list *names = &invocation->words.operands;
	struct dory_config config;
	struct dory_error err;
	int status = 0;

	if (names->count == 0)
		return verb_misuse(invocation, "say which instance to %s", what);
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	for (size_t i = 0; i < names->count; i++) {
		if (act(invocation, &config, names->words[i], &err) < 0)
			status = verb_fail(invocation, &err);
	}
	config_release(&config);
	return status;
}

void say_as_capstan(const struct invocation *invocation, const char *did, const char *name)
{
	if (strcmp(invocation->program, "capstan") == 0)
		printf("%s instance: %s\n", did, name);
}
