/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's firmware configuration device beyond files (platform.h). */
#pragma once

unsigned fw_cfg_cpu_count(void); /* 0: there is no such device */
