/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once
#include "cli/command.h"

/* Makes the image that the Capstanfile, or else meta/package.yaml, of this folder asks for. *name: its name, owned. */
int run_project_make(const struct dory_config *config, enum dory_refresh refresh, char **name, struct dory_error *err) must_check;
