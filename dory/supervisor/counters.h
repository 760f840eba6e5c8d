/* SPDX-License-Identifier: BSD-3-Clause */
/* What a machine uses: as the host's kernel tells it of the hypervisor's process, and as the guest tells it. */
#pragma once
#include "dory/base/error.h"

struct host_counters {
	uint64_t cpu_ms;   /* of all its threads since it started */
	uint64_t resident; /* bytes of this computer's memory */
};
/* Of /proc/PID/stat (proc_pid_stat(5)) and the page size; false: that is no such text. */
bool host_counters_parse(const char *stat, unsigned ticks_per_second, unsigned page_size, struct host_counters *counters);
/* False: there is no such process. */
bool host_counters_read(int64_t pid, struct host_counters *counters);

struct guest_counters { /* bytes */
	uint64_t memory_total, memory_available, net_received, net_sent, disk_read, disk_written;
};
/* "NAME=NUMBER ..." (abi/control.h); names that are not known are passed over. False: one that is needed is missing, or no number. */
bool guest_counters_parse(const char *text, struct guest_counters *counters);
