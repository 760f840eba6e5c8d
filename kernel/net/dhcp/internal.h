/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to dhcp. The message (RFC 2131 §2):
 *
 *	  0 op | 1 hardware type 1 | 2 length 6 | 3 hops | 4 transaction | 8 seconds | 10 flags, 0x8000: answer by broadcast
 *	 12 client's address | 16 yours | 20 server's | 24 relay's | 28 hardware address 16 | 44 server name 64 | 108 file 128
 *	236 magic 0x63825363 | 240 options: code, length, value
 */
#pragma once
#include "kernel/net/dhcp/dhcp.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/udp/udp.h"

enum { DHCP_HEADER = 240, DHCP_MESSAGE_MAX = 576 - 28, DHCP_CLIENT_PORT = 68, DHCP_SERVER_PORT = 67 };
enum { DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK, DHCP_RELEASE };

struct dhcp_question {
	uint8_t type;
	uint32_t transaction, client, wanted, server; /* 0: not said */
	uint16_t seconds;
	const uint8_t *hardware;
	const char *host_name;
};

/* The length of the message; `to` has DHCP_MESSAGE_MAX bytes. */
size_t dhcp_message_put(uint8_t *to, const struct dhcp_question *question);
/* Reads an answer to the transaction. Its type, 0: not one, or not well formed. */
uint8_t dhcp_message_parse(const uint8_t *message, size_t len, uint32_t transaction, const uint8_t hardware[6], struct dhcp_lease *lease);
