/* SPDX-License-Identifier: BSD-3-Clause */
/* The addresses of networks, and who gets which. Pure functions but for subnet_choose. */
#pragma once
#include "dory/network/store.h"

/* A subnet as a person wrote it. Error: USAGE. */
int subnet_parse(const char *text, struct ip_network *subnet, struct dory_error *err) must_check;

/* 0: nobody has any of it. CONFLICT: a network of the list, or nat, has. */
int subnet_check(const struct ip_network *subnet, const struct network *networks, size_t count, struct dory_error *err) must_check;

/* A private /24 that neither a network nor this machine has, chosen at random. CONFLICT: none was found. */
int subnet_choose(struct ip_network *subnet, const struct network *networks, size_t count, struct dory_error *err) must_check;
/* A unique local /64 (RFC 4193 §3.2), at random. */
void subnet6_choose(struct ip_network *subnet);

/*
 * An address of the network that no member has; the same name gets the same one as long as it is free. False: all are
 * taken. `address6` is the one with the same number.
 */
bool subnet_assign(const struct network *network, const char *name, struct ip_address *address);
struct ip_address subnet6_of(const struct network *network, const struct ip_address *address);
