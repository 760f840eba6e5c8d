/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock's part that is not for the kernel above: start, interrupt, rate. */
#pragma once
#include "lib/attr.h"

void clock_init(void);		/* boot CPU, once the local APIC is enabled: starts the reference; no waiting */
void clock_interrupt(void);	/* the timer's vector */
uint64_t clock_cycles_per_second(void);
uint64_t clock_cycles_to_ns(uint64_t cycles); /* since the machine started */
