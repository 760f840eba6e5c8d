/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Against who serves an old index with its old signature, to keep this machine at packages with known faults: the greatest serial that a signed
 * repository's index had here is kept in <root>/repositories/NAME.serial, beside no cache, until the repository is removed.
 */
#pragma once
#include "dory/hub/hub.h"

/* UNTRUSTED: an index with a greater serial than this was here. */
int hub_serial_check(const char *root, const struct hub *hub, uint64_t serial, struct dory_error *err) must_check;
int hub_serial_keep(const char *root, const struct hub *hub, uint64_t serial, struct dory_error *err) must_check;
void hub_serial_forget(const char *root, const char *name);
