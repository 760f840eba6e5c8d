/* SPDX-License-Identifier: BSD-3-Clause */
/* Verbs that do the same with each of the instances named. */
#pragma once
#include "cli/command.h"

/*
 * Calls `act` for each word; what fails is told, and the others are done all the same. Returns the exit status. `what`: for
 * the sentence if there is no name, as in "stop".
 */
int for_each_instance(const struct invocation *invocation, const char *what,
	int (*act)(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err));
/* Capstan says what it did. */
void say_as_capstan(const struct invocation *invocation, const char *did, const char *name);
