/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions about sockets of AF_INET and AF_INET6 (sock_diag(7)): all in some states, or the one between two ends. Who asks with a filter in byte code
 * (INET_DIAG_REQ_BYTECODE) applies it to the answers as well, so that it is not needed here.
 */
#include "kernel/net/inet/inet.h"
#include "kernel/net/netlink/netlink.h"
#include "kernel/uapi/sock_diag.h"

/* How the protocols call their sockets. */
static const struct {
	uint8_t protocol;
	int type;
} types[] = {{LINUX_IPPROTO_TCP, LINUX_SOCK_STREAM}, {LINUX_IPPROTO_UDP, LINUX_SOCK_DGRAM}, {LINUX_IPPROTO_RAW, LINUX_SOCK_RAW}};

struct question {
	struct netlink_request *request;
	struct linux_inet_diag_req body;
	const struct inet_protocol *protocol;
	bool is_answered; /* of a question for one */
};

/* -ENOENT: nothing tells of such a protocol. */
static int read_question(struct netlink_request *request, struct question *q)
{
	struct netlink_attribute table[LINUX_INET_DIAG_REQ_PROTOCOL + 1];
	uint32_t protocol;
	int error;

	*q = (struct question){.request = request};
	error = netlink_read(request, &q->body, sizeof(q->body), table, LINUX_INET_DIAG_REQ_PROTOCOL);
	if (request->len < sizeof(q->body))
		error = -EINVAL;
	protocol = netlink_get_u32(&table[LINUX_INET_DIAG_REQ_PROTOCOL], q->body.protocol, &error);
	if (error)
		return error;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].protocol == protocol)
			q->protocol = inet_lister(types[i].type, types[i].type == LINUX_SOCK_RAW ? 0 : types[i].protocol);
	return q->protocol ? 0 : -ENOENT;
}

/* Without an address, a socket is at its own family's. */
static void put_end(const struct inet_listing *l, const struct inet_end *end, uint8_t port[2], uint8_t address[16])
{
	wire_put16(port, end->port);
	if (!l->is_ip6)
		memcpy(address, end->address.byte + 12, 4);
	else if (!net_address_is_any(&end->address))
		memcpy(address, end->address.byte, 16);
}

static void put_report(const struct question *q, const struct inet_listing *l)
{
	struct netlink_writer *reply = q->request->reply;
	struct linux_tcp_info info;
	const char *congestion;

	if (!(q->body.extensions & (1 << (LINUX_INET_DIAG_INFO - 1) | 1 << (LINUX_INET_DIAG_CONG - 1))))
		return;
	if (!q->protocol->report || !q->protocol->report(l, &info, &congestion))
		return;
	if (q->body.extensions & 1 << (LINUX_INET_DIAG_INFO - 1))
		netlink_put(reply, LINUX_INET_DIAG_INFO, &info, sizeof(info));
	if (q->body.extensions & 1 << (LINUX_INET_DIAG_CONG - 1) && *congestion)
		netlink_put_text(reply, LINUX_INET_DIAG_CONG, congestion);
}

static void put_attributes(const struct question *q, const struct inet_listing *l)
{
	struct netlink_writer *reply = q->request->reply;
	const uint32_t memory[9] = {l->backlog ? 0 : l->unread, 0, l->unsent}; /* what is queued, in and out */
	bool is_listening = l->state == LINUX_TCP_LISTEN || l->state == LINUX_TCP_CLOSE;

	if (q->body.extensions & 1 << (LINUX_INET_DIAG_TOS - 1) && !l->is_ip6)
		netlink_put_u8(reply, LINUX_INET_DIAG_TOS, l->traffic_class);
	if (q->body.extensions & 1 << (LINUX_INET_DIAG_TCLASS - 1) && l->is_ip6)
		netlink_put_u8(reply, LINUX_INET_DIAG_TCLASS, l->traffic_class);
	if (l->is_ip6 && is_listening)
		netlink_put_u8(reply, LINUX_INET_DIAG_SKV6ONLY, l->is_ip6_only);
	if (q->body.extensions & 1 << (LINUX_INET_DIAG_SKMEMINFO - 1))
		netlink_put(reply, LINUX_INET_DIAG_SKMEMINFO, memory, sizeof(memory));
	put_report(q, l);
}

static void put_socket(const struct question *q, const struct inet_listing *l)
{
	struct linux_inet_diag_msg *body = netlink_begin(q->request->reply, LINUX_SOCK_DIAG_BY_FAMILY, sizeof(*body));

	*body = (struct linux_inet_diag_msg){
	    .family = l->is_ip6 ? LINUX_AF_INET6 : LINUX_AF_INET, .state = l->state, .receive_queue = l->unread, .uid = l->uid, .inode = (uint32_t)l->inode,
	    .send_queue = l->state == LINUX_TCP_LISTEN ? l->backlog : l->unsent,
	    .id = {.interface = l->bound_index, .cookie = {(uint32_t)l->cookie, (uint32_t)(l->cookie >> 32)}},
	};
	put_end(l, &l->local, body->id.source_port, body->id.source);
	put_end(l, &l->remote, body->id.destination_port, body->id.destination);
	put_attributes(q, l);
	netlink_end(q->request->reply);
}

/* A port of the question, 0: any. */
static bool has_port(const uint8_t wanted[2], const struct inet_end *end)
{
	return !wire_get16(wanted) || wire_get16(wanted) == end->port;
}

static void give_if_wanted(void *context, const struct inet_listing *l)
{
	const struct question *q = context;

	if (l->is_ip6 == (q->body.family == LINUX_AF_INET6) && q->body.states >> l->state & 1 && has_port(q->body.id.source_port, &l->local) &&
	    has_port(q->body.id.destination_port, &l->remote))
		put_socket(q, l);
}

static int dump_sockets(struct netlink_request *request)
{
	struct question q;
	int error = read_question(request, &q);

	if (!error)
		q.protocol->list(request->stack, give_if_wanted, &q);
	return error;
}

/* The connection between just these ends, or, before there is one, whoever waits for it at the first of them. */
static bool is_meant(const struct question *q, const struct inet_listing *l)
{
	const struct linux_inet_diag_sockid *id = &q->body.id;
	struct linux_inet_diag_sockid has = {.interface = 0};

	if (l->is_ip6 != (q->body.family == LINUX_AF_INET6))
		return false;
	put_end(l, &l->local, has.source_port, has.source);
	put_end(l, &l->remote, has.destination_port, has.destination);
	return !memcmp(id->source_port, has.source_port, 2) && !memcmp(id->destination_port, has.destination_port, 2) && !memcmp(id->source, has.source, 16) &&
	       !memcmp(id->destination, has.destination, 16);
}

static void give_if_meant(void *context, const struct inet_listing *l)
{
	struct question *q = context;

	if (q->is_answered || !is_meant(q, l))
		return;
	put_socket(q, l);
	q->is_answered = true;
}

static int find_socket(struct netlink_request *request)
{
	struct question q;
	int error = read_question(request, &q);

	if (error)
		return error;
	q.protocol->list(request->stack, give_if_meant, &q);
	return q.is_answered ? 0 : -ENOENT;
}

#define HANDLER .protocol = LINUX_NETLINK_SOCK_DIAG, .type = LINUX_SOCK_DIAG_BY_FAMILY, .header_len = sizeof(struct linux_inet_diag_req), .one = find_socket, .all = dump_sockets
NETLINK_HANDLER(inet_diag4) = {HANDLER, .family = LINUX_AF_INET};
NETLINK_HANDLER(inet_diag6) = {HANDLER, .family = LINUX_AF_INET6};
