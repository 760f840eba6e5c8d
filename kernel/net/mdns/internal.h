/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to mdns. */
#pragma once
#include "kernel/net/mdns/mdns.h"
#include "kernel/net/mdns/message.h"
#include "kernel/net/udp/udp.h"

#define MDNS_PORT	 5353
#define MDNS_GROUP	 0xe00000fbu /* 224.0.0.251 */
#define MDNS_TTL	 120	     /* seconds that an answer may be kept (RFC 6762 §10) */
#define MDNS_ASK_AGAIN	 (250 * NET_MILLISECOND)
#define MDNS_ASK_MAX	 4
#define MDNS_ANSWERS_MAX 8

/* A question to a link. */
struct mdns_question {
	struct list link; /* of the mdns_link that is asked */
	struct mdns_link *asked;
	const struct dns_name *name; /* borrowed */
	void *owner;
	bool is_ours;
	struct net_timer timer;
	unsigned tries;
	/* Called once, and never from mdns_ask: the addresses, none if nobody knows the name in time. The question is no longer the link's. */
	void (*answered)(struct mdns_question *question, const struct net_address *addresses, unsigned nr);
};

void mdns_ask(struct mdns_link *link, struct mdns_question *question); /* name, owner and answered are set */
void mdns_ask_cancel(struct mdns_question *question);

/* A datagram with these bytes. Lost if there is no memory, as on any network. */
void mdns_send(struct udp_socket *udp, const struct udp_message *to, const uint8_t *bytes, size_t len, struct net_stack *stack);

/* Takes the next datagram of at most `size` bytes; longer ones, and empty ones, are thrown away. Its length, 0: there is none. */
size_t mdns_take(struct udp_socket *udp, struct udp_message *from, uint8_t *bytes, size_t size);

/* ---- The stub ---- */

#define STUB_REQUESTS_MAX 64
#define STUB_LINKS_MAX	  8

/* A program's question on its way. */
struct stub_request {
	struct list link;
	struct mdns_stub *stub;
	struct udp_message client;
	struct dns_question question;
	uint16_t id; /* the program's */
	/* Asked of the links: */
	struct dns_name local_name;
	struct mdns_question asked[STUB_LINKS_MAX];
	unsigned nr_asked;
	/* Or passed on: */
	uint16_t forward_id;
	unsigned server, tries;
	struct net_address server_address;
	struct net_timer timer;
	size_t len;
	uint8_t message[DNS_UDP_MAX];
};

struct mdns_stub {
	struct net_stack *stack;
	struct udp_socket *udp, *upstream;
	struct net_work work;
	struct list requests;
	unsigned nr_requests;
	mdns_server_fn *server;
	struct mdns_link *links[STUB_LINKS_MAX];
	unsigned nr_links;
};

/* stub.c */
void stub_answer(struct stub_request *request, uint16_t code, const struct net_address *addresses, unsigned nr); /* ends the request */
void stub_request_end(struct stub_request *request);
/* forward.c */
void stub_forward(struct stub_request *request);
void stub_receive_upstream(struct mdns_stub *stub);
