/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of IPv4 and IPv6, networks of them, and Ethernet addresses, as people write them. Pure functions. */
#pragma once
#include <netinet/in.h>
#include "dory/base/error.h"

struct ip_address {
	int family; /* AF_INET, AF_INET6; 0 (AF_UNSPEC): none */
	unsigned char bytes[16]; /* in network order */
};

enum { IP_TEXT_SIZE = INET6_ADDRSTRLEN };

/* "192.0.2.1", "2001:db8::1", without brackets and zones. */
bool ip_address_parse(const char *text, struct ip_address *address);
const char *ip_address_print(const struct ip_address *address, char text[IP_TEXT_SIZE]); /* returns `text` */
bool ip_address_equal(const struct ip_address *a, const struct ip_address *b);
unsigned ip_address_bits(const struct ip_address *address); /* 32, 128 */
struct ip_address ip4_address(uint32_t number);             /* in the order of this machine */
uint32_t ip4_number(const struct ip_address *address);

/* The bits behind the prefix: all 0, or all 1. */
struct ip_address ip_address_fill(const struct ip_address *address, unsigned prefix, bool with_ones);
bool ip_address_is_within(const struct ip_address *address, const struct ip_address *network, unsigned prefix);

/* A network as "10.1.2.0/24"; `prefix` bits. */
struct ip_network {
	struct ip_address address;
	unsigned prefix;
};
bool ip_network_parse(const char *text, struct ip_network *network); /* bits behind the prefix are kept */
char *ip_network_print(const struct ip_network *network);           /* returns owned */
bool ip_network_overlaps(const struct ip_network *a, const struct ip_network *b);

/* What an interface is given: --ip ADDRESS[/PREFIX][,GATEWAY]. */
struct interface_address {
	struct ip_address address, gateway; /* gateway: may be none */
	unsigned prefix;                    /* 24 and 64 if nothing else is said */
	unsigned said_prefix;               /* 0: nothing was said */
};
/* Error: USAGE, with the right form in the hint. */
int interface_address_parse(const char *text, struct interface_address *address, struct dory_error *err) must_check;

enum { MAC_TEXT_SIZE = 18 };
/* "52:54:00:12:34:56", also with '-'; one host's, not a group's. Writes it with ':' and small letters. Error: USAGE. */
int mac_address_parse(const char *text, char mac[MAC_TEXT_SIZE], struct dory_error *err) must_check;
/* A locally administered address with these last four bytes. */
void mac_address_print(uint32_t last, char mac[MAC_TEXT_SIZE]);
