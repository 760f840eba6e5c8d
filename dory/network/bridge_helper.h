/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU's program that makes tap interfaces on bridges for users who may not (qemu-bridge-helper). */
#pragma once
#include "dory/base/error.h"

/*
 * A descriptor of a new interface, which is up and a port of `bridge`; -1. What is missing is said: the helper, its right,
 * the line in /etc/qemu/bridge.conf.
 */
int bridge_helper_open(const char *bridge, struct dory_error *err) must_check;

/* The helper's path; NULL if it is not installed. */
const char *bridge_helper_find(void);
