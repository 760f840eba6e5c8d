/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to sysfs: a folder for each CPU. */
#pragma once
#include "kernel/file/inode.h"

int sysfs_add_cpus(struct inode *root) must_check;
