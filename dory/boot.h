/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of an image's configurations a run takes. */
#pragma once
#include "dory/base/text_list.h"
#include "dory/dory.h"

/*
 * The command of the configurations `boots` of the image (or of those that the run's command names: boot_sets_named), or, if none are named and
 * the run has no command, of its default ones where one of the run's variables changes it. Leaves `command` empty where the image's own is meant. `environment` gets, before what
 * the run sets itself, what the configurations set; `unset` the variables of the default ones that these do not have.
 * Error: NOT_FOUND.
 */
int boot_choose(const struct image *image, const struct dory_run *run, struct command_line *command,
	struct text_list *environment, struct text_list *unset, struct dory_error *err) must_check;
