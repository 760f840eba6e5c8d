/* SPDX-License-Identifier: BSD-3-Clause */
/* Bringing cached indices up to date with their sources. */
#pragma once
#include "index.h"

/*
 * Asks the sources whose indices are not there or older than a day (`force`: all). Sources that fail are a warning as long as some
 * index serves; otherwise the first one's error is returned. Touches no network where nothing is due.
 */
int refresh_indices(const struct dory_config *config, struct index_list *list, bool force, struct dory_error *err) must_check;
