/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sysrq-trigger: a letter written to it is a command to the kernel (proc(5)); how tests see what a panic looks like. */
#include "kernel/fs/proc/proc.h"
#include "kernel/log/log.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"

static int sysrq(const char *text, size_t len)
{
	switch (text[0]) {
	case 'b':
		power_reset();
	case 'c':
		panic("a crash was asked for through /proc/sysrq-trigger");
	case 'o':
		power_off();
	case 's':
		return mount_sync_all();
	default:
		return -EINVAL;
	}
}
PROC_FILE(sysrq_trigger) = {.path = "sysrq-trigger", .mode = 0200, .store = sysrq};
