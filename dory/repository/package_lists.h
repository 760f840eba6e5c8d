/* SPDX-License-Identifier: BSD-3-Clause */
/* The package lists that release files name: which are new, their download, the .solv files made of them. */
#pragma once
#include "refresh_task.h"

/* Adds the lists of a task's release file that are not cached to refresh->downloads. NOT_FOUND if it lacks one. */
int package_lists_plan(struct refresh *refresh, struct task *task, struct dory_error *err) must_check;

/* Downloads what was planned and makes the .solv files; a task whose list fails ends with the error. */
void package_lists_take(struct refresh *refresh);

void package_lists_fini(struct refresh *refresh);
