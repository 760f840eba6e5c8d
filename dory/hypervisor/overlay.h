/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The layer over a disk image, which takes what the guest writes. The temporary one has no name, and is gone with the
 * machine however that ends. An empty qcow2 file, whose backing file is named when QEMU opens it. (QEMU's own snapshot=on does the same
 * 3 ms slower.)
 */
#pragma once
#include "dory/base/error.h"

/* For a disk of `size` bytes. In $TMPDIR, or /var/tmp: it may grow as large as what the guest writes. Returns a
 * descriptor. */
int overlay_open(uint64_t size, struct dory_error *err) must_check;

/* The same with a name, for what is kept; beside its draft, so that it is whole when it is there. */
int overlay_make(const char *path, uint64_t size, struct dory_error *err) must_check;
