/* SPDX-License-Identifier: BSD-3-Clause */
/* Device numbers that this folder gives. */
#pragma once
#include "lib/attr.h"

struct block_device;
uint64_t block_device_number(const struct block_device *device); /* major 254, in the order of discovery */
