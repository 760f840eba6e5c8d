/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans of time as people write them. */
#pragma once
#include "dory/base/error.h"

/* "500ms", "10s", "10" (seconds), "1m", "2h", "1d"; up to a year. Error: USAGE. */
int duration_parse(const char *text, int64_t *milliseconds, struct dory_error *err) must_check;
