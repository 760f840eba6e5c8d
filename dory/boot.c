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

static int choose(const struct boot_sets *sets, const struct dory_run *run, struct command_line *command,
	struct text_list *environment, struct dory_error *err)
{
	struct text_list names = {0};
	int result;

	for (size_t i = 0; i < run->boot_count; i++)
		run_sets_split(run->boots[i], &names);
	if (run->boot_count == 0)
		run_sets_split(sets->default_sets, &names);
	result = boot_command(sets, &names, run->config.environment, run->config.environment_count, command, environment, err);
	text_list_release(&names);
	return result;
}

int boot_choose(const struct image *image, const struct dory_run *run, struct command_line *command,
	struct text_list *environment, struct text_list *unset, struct dory_error *err)
{
	struct boot_sets sets;
	int result;

	if (run->boot_count == 0 && run->config.environment_count == 0)
		return 0;
	if (!image->boot) {
		if (run->boot_count == 0)
			return 0;
		error_set(err, DORY_ERROR_NOT_FOUND, "the image %s has no configurations", image->name);
		return error_hint(err, "They come from meta/run.yaml, with `dory package compose`.");
	}
	if (boot_sets_from_json(image->boot, &sets, err) < 0)
		return -1;
	result = choose(&sets, run, command, environment, err);
	if (run->boot_count > 0)
		unset_defaults(&sets, unset);
	boot_sets_release(&sets);
	return result;
}
