/* SPDX-License-Identifier: BSD-3-Clause */
/* The clocks that system calls name by number. */
#pragma once
#include "kernel/platform/platform.h"
#include "kernel/syscall/syscall.h"

int clock_read(int clock, uint64_t *ns) must_check; /* -EINVAL: no such clock */
bool clock_is_realtime(int clock);
bool clock_takes_timers(int clock); /* one can sleep on it too */
/* The monotonic time at which `ns` of the clock is reached, from now or from the clock's zero; where that is the time of day: as it is set now. */
uint64_t clock_deadline(int clock, uint64_t ns, bool is_absolute);
