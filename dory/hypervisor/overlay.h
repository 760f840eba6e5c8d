/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The temporary layer over a disk image: takes what the guest writes, has no name, and is gone with the machine however
 * that ends. An empty qcow2 file, whose backing file is named when QEMU opens it. (QEMU's own snapshot=on does the same
 * 3 ms slower.)
 */
#pragma once
#include "dory/base/error.h"

/* For a disk of `size` bytes. In $TMPDIR, or /var/tmp: it may grow as large as what the guest writes. Returns a
 * descriptor. */
int overlay_open(uint64_t size, struct dory_error *err) must_check;
