/* SPDX-License-Identifier: BSD-3-Clause */
/* The battery-backed clock chip (Motorola MC146818). */
#pragma once
#include "lib/attr.h"

uint64_t rtc_read_seconds(void); /* since 1970; 0 if there is no such chip */
