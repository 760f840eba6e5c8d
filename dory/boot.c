/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations of an image, at run time. */
#include "dory/boot.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/runtime/boot.h"

/* What the image's file sets for its default configurations would otherwise stay. */
static void unset_defaults(const struct boot_sets *sets, struct text_list *unset)
{
	struct text_list names = {0};

	run_sets_split(sets->default_sets, &names);
	for (size_t i = 0; i < names.count; i++) {
		const struct boot_set *set = boot_sets_find(sets, names.items[i]);

		for (size_t k = 0; set && k < set->count; k++)
			if (!set->variables[k].is_private && !text_list_has(unset, set->variables[k].name))
				text_list_add(unset, set->variables[k].name);
	}
	text_list_release(&names);
}

/* The configurations that the run names, as its command line or, without one, by options; false: none. */
static bool name_sets(const struct dory_run *run, struct text_list *names)
{
	if (run->command)
		return boot_sets_named(run->command, names);
	for (size_t i = 0; i < run->boot_count; i++)
		run_sets_split(run->boots[i], names);
	return run->boot_count > 0;
}

static int choose(const struct boot_sets *sets, const struct dory_run *run, struct text_list *names, struct command_line *command,
	struct text_list *environment, struct dory_error *err)
{
	if (names->count == 0)
		run_sets_split(sets->default_sets, names);
	return boot_command(sets, names, run->config.environment, run->config.environment_count, command, environment, err);
}

int boot_choose(const struct image *image, const struct dory_run *run, struct command_line *command,
	struct text_list *environment, struct text_list *unset, struct dory_error *err)
{
	struct text_list names = {0};
	bool is_named = name_sets(run, &names);
	struct boot_sets sets;
	int result = 0;

	if (is_named && !image->boot) {
		error_set(err, DORY_ERROR_NOT_FOUND, "the image %s has no configurations", image->name);
		result = error_hint(err, "They come from meta/run.yaml, with `dory package compose`.");
	} else if (is_named || (image->boot && !run->command && run->config.environment_count > 0)) {
		result = boot_sets_from_json(image->boot, &sets, err);
		if (result == 0) {
			result = choose(&sets, run, &names, command, environment, err);
			if (is_named)
				unset_defaults(&sets, unset);
			boot_sets_release(&sets);
		}
	}
	text_list_release(&names);
	return result;
}
