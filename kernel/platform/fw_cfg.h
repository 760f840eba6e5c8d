/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's firmware configuration device beyond files (platform.h). */
#pragma once

#include "lib/attr.h"

#define FW_CFG_E820 "etc/e820"

/*
 * Before there is a heap: the whole content of a file into `to`, memory of the kernel's image. Returns its length: what exceeds `size` was
 * not read; 0 if there is no such file or device.
 */
size_t fw_cfg_read_early(const char *name, void *to, size_t size);
/* The kernel's command line with its ending 0, in the same way; returns its length without that. */
size_t fw_cfg_command_line(char *to, size_t size);
unsigned fw_cfg_cpu_count(void); /* 0: there is no such device */
