/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the finders of devices and device_discover. */
#pragma once
#include "kernel/platform/platform.h"

void device_found(const struct device *device); /* copies it */
void virtio_mmio_discover(void);
void pci_discover(void);
