/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Networks among the machines of this user: $DORY_ROOT/networks/NAME/ holds
 *
 *   network.json      the addresses that the network has
 *   members/INSTANCE  one machine's part of them; locked by the process that runs it, so that one without a lock is left over
 *   ports/            sockets, see switch.h
 *
 * Everything is changed under one lock, networks/.lock, for a moment. What killed processes left is removed by the next
 * that comes by.
 */
#pragma once
#include "dory/network/address.h"

struct network_member {
	char *name;
	struct ip_address ip4, ip6;
	char mac[MAC_TEXT_SIZE];
};

struct network {
	char *name, *created; /* created: UTC, as date -u +%FT%TZ */
	struct ip_network ip4, ip6;
	struct network_member *members; /* machines that run; by name */
	size_t member_count;
};
void network_release(struct network *network);

/*
 * `subnet`: "10.7.0.0/24", NULL: one that nobody has. CONFLICT: there is such a network, or another has some of these
 * addresses. USAGE: a bad name or subnet.
 */
int network_create(const char *root, const char *name, const char *subnet, struct dory_error *err) must_check;
/* By name; returns owned. */
int network_list(const char *root, struct network **networks, size_t *count, struct dory_error *err) must_check;
void network_list_free(struct network *networks, size_t count);
/* CONFLICT: a machine is on it. NOT_FOUND, with near names. */
int network_remove(const char *root, const char *name, struct dory_error *err) must_check;

/* A machine's part of a network while it runs. */
struct membership {
	char *network_name, *directory; /* directory: of the network */
	struct network_member member;
	unsigned prefix, prefix6;
	bool has_created; /* the network was not there */
	int fd;           /* the locked file */
};

struct membership_request {
	const char *network, *name; /* name: the instance's, a label */
	bool is_name_chosen;        /* otherwise a number behind it may tell it from others */
	struct ip_address ip4, ip6; /* family 0: any that is free */
	unsigned prefix, prefix6;   /* said with them, and to be the network's; 0: not said */
	const char *mac;            /* "": any */
};

/* Makes the network if need be. CONFLICT: name, address or Ethernet address are another machine's; USAGE: not in the network. */
int network_join(const char *root, const struct membership_request *request, struct membership *membership,
	struct dory_error *err) must_check;
void network_leave(const char *root, struct membership *membership); /* accepts a zeroed one */
