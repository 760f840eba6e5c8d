/* SPDX-License-Identifier: BSD-3-Clause */
/* dory volume: its actions, which dory-compose does. */
#pragma once
#include "cli/command.h"

extern const struct verb verb_volume_create, verb_volume_ls, verb_volume_delete;
int volume_create(struct invocation *invocation);
int volume_delete(struct invocation *invocation);
