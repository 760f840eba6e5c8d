/* SPDX-License-Identifier: BSD-3-Clause */
/* How device files open. */
#pragma once
#include "kernel/file/file.h"

int character_device_open(struct inode *inode, struct file *file) must_check;
/*
 * Opens the device of that name at the start, as open(2) of its file in /dev would, but without making /dev if nobody needed it yet: the file
 * gets its inode and its place when somebody asks for them, or walks to /dev (early_file.c). -ENOENT: there is no such device.
 */
int early_file_open(const char *name, int flags, struct file **file) must_check;
void early_file_forget(struct file *file); /* it is being closed */
/* /dev was made: `mount` shows it. */
void early_files_place(struct mount *mount);
int block_device_open(struct inode *inode, struct file *file) must_check;
/* What opens block devices: fs/dev sets it; without, they answer ENXIO. */
void block_device_set_open_hook(int (*open)(struct inode *inode, struct file *file));
