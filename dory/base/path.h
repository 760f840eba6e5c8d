/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths within a tree whose root they must not leave; nothing is looked up. */
#pragma once
#include "lib/attr.h"

/* Does a step of the path lead upwards? */
bool path_has_parent_step(const char *path);
/* Does a symlink at `path` point above the root that `path` counts from? Absolute targets start at that root. */
bool path_link_climbs_out(const char *path, const char *target);
