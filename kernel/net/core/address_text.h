/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as text. */
#pragma once
#include "kernel/net/core/net.h"

#define NET_ADDRESS_TEXT 48 /* room for any, with its NUL */

/* Reads an address of either version from the start of `text`; the end of it, NULL: there is none, and *address is not changed. */
const char *net_address_parse(const char *text, struct net_address *address);
/* Writes it, those of IPv4 dotted; as snprintf(3). */
int net_address_format(const struct net_address *address, char *to, size_t size);
