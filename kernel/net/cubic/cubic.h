/* SPDX-License-Identifier: BSD-3-Clause */
/* CUBIC for TCP (RFC 9438): the window is a cubic function of the time since the last reduction, whatever the round-trip time. */
#pragma once
#include "kernel/net/tcp/tcp.h"

/* Registers it; it becomes what new connections start with. -ENOSPC. */
int cubic_init(struct net_stack *stack) must_check;
