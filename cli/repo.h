/* SPDX-License-Identifier: BSD-3-Clause */
/* dory repo: the verbs and their options in repo.c; what they do, which needs the composing half, in repo_verbs.c. */
#pragma once
#include "cli/command.h"

struct repo_values {
	bool json, quiet, insecure;
	const char *key, *layout, *new_key;
};
extern struct repo_values repo_values;

extern const struct verb verb_repo_add, verb_repo_ls, verb_repo_rm, verb_repo_update, verb_repo_index, verb_repo_sign;

int repo_add(struct invocation *invocation);
int repo_ls(struct invocation *invocation);
int repo_rm(struct invocation *invocation);
int repo_update(struct invocation *invocation);
int repo_index(struct invocation *invocation);
int repo_sign(struct invocation *invocation);
