/* SPDX-License-Identifier: BSD-3-Clause */
/* A disk for tests: a temporary file, mapped into memory, which the real tools can look at too. */
#pragma once
#include "kernel/block/block.h"

extern struct block_device disk_device;
extern char *disk_memory;
extern char disk_path[64];
extern unsigned disk_fail_after; /* so many requests succeed, then all fail; 0: none fails */

void disk_create(void); /* an empty file; starts the stand-in machine */
void disk_open(void);	/* maps what is in the file by now */
void disk_use(const void *content, size_t len); /* a disk of these bytes, without a file */
void disk_sync(void);
void disk_close(void);
