/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine uses, for the tool (abi/control.h). */
#pragma once

void counters_send(void);
