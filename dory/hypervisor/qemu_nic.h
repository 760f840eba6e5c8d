/* SPDX-License-Identifier: BSD-3-Clause */
/* Network interfaces on QEMU's command line. */
#pragma once
#include "dory/hypervisor/hypervisor.h"

/* The machine's i-th interface; `bus`: how the machine's virtio devices end, "device" or "pci". */
void qemu_add_nic(const struct machine *machine, size_t i, const char *bus, struct arguments *arguments);
