/* SPDX-License-Identifier: BSD-3-Clause */
/* Who has a port of this machine. */
#pragma once
#include "dory/network/forward.h"

/* "redis-server (process 123)"; returns owned, NULL if it cannot be seen: other users' processes are not shown to all. */
char *port_owner(const struct forward *forward);
