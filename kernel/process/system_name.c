/* SPDX-License-Identifier: BSD-3-Clause */
/* Storage of the host's name. */
#include "kernel/process/system_name.h"

char system_host_name[SYSTEM_NAME_MAX + 1] = "dory";
char system_domain_name[SYSTEM_NAME_MAX + 1] = "(none)";
