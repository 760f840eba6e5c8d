/* SPDX-License-Identifier: BSD-3-Clause */
/* How device files open. */
#pragma once
#include "kernel/file/file.h"

int character_device_open(struct inode *inode, struct file *file) must_check;
/* Opens the device of that name, as open(2) of its file in /dev does. -ENOENT, -ENXIO. */
int character_device_open_named(const char *name, int flags, struct file **file) must_check;
int block_device_open(struct inode *inode, struct file *file) must_check;
/* What opens block devices: fs/dev sets it; without, they answer ENXIO. */
void block_device_set_open_hook(int (*open)(struct inode *inode, struct file *file));
