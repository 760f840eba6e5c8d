/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals as people write them: TERM, SIGTERM, 15. */
#pragma once
#include "dory/base/error.h"

int signal_parse(const char *text, int64_t *number, struct dory_error *err) must_check; /* error: USAGE */
