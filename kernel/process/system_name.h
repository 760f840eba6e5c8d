/* SPDX-License-Identifier: BSD-3-Clause */
/* What the system calls itself: uname(2), /proc/version, /proc/sys/kernel. */
#pragma once

/* The Linux whose interface this kernel has; programs compare it. */
#define SYSTEM_RELEASE "6.1.0-dory"
#define SYSTEM_VERSION "#1 SMP Dory " DORY_VERSION
#define SYSTEM_NAME_MAX 64

/* Written by sethostname(2) and at the start only; racing readers may see a mix, as the program asked for. */
extern char system_host_name[SYSTEM_NAME_MAX + 1];
extern char system_domain_name[SYSTEM_NAME_MAX + 1];
