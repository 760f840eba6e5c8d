/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports of this machine that lead to the guest's: -p [ADDRESS:]HOST:GUEST[/tcp|/udp]. */
#pragma once
#include "dory/network/address.h"

struct forward {
	struct ip_address address; /* none: all of this machine's addresses of IPv4 */
	uint16_t host_port;        /* 0: any that is free */
	uint16_t guest_port;
	bool is_udp;
	bool is_chosen;  /* host_port was 0 before forwards_reserve */
	int reservation; /* the socket that holds it, -1: none */
};

struct forward_list {
	struct forward *forwards;
	size_t count;
};

/*
 * Adds what `text` asks for: one port, or a range HOST-HOST:GUEST-GUEST. An address of IPv6 stands in brackets. Error:
 * USAGE, also for a port that was asked for before.
 */
int forwards_parse(struct forward_list *list, const char *text, struct dory_error *err) must_check;

/*
 * Chooses ports where any is right, and holds them all for us; the hypervisor can still listen there. CONFLICT: a port is
 * in use, USAGE: there is no such address, IO: it needs rights.
 */
int forwards_reserve(const struct forward_list *list, struct dory_error *err) must_check;

/* "0.0.0.0:8080/tcp", "[::1]:53/udp"; returns owned. */
char *forward_print(const struct forward *forward);

void forwards_release(struct forward_list *list);
