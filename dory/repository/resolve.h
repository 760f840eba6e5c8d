/* SPDX-License-Identifier: BSD-3-Clause */
/* Which packages are needed for some, by libsolv over the cached indices. */
#pragma once
#include "debian.h"
#include "index.h"

/*
 * As debian_resolve, over the indices that are cached. An index that cannot be loaded is removed, and FORMAT returned: a refresh makes it
 * again.
 */
int resolve_names(const struct dory_config *config, const struct index_list *list, const char *const *names, size_t count,
    struct debian_set *set, struct dory_error *err) must_check;

/* Changes whenever the same names over the same indices may give another solution. */
extern const char resolve_rules_version[];
