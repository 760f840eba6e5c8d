/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Netlink: messages between programs and the network stack (netlink(7), rtnetlink(7)). The handling of requests is a function from bytes to bytes over a
 * stack, free of sockets; socket.c puts sockets around it. Links are known here; each version of IP, and what knows neighbours, registers its part
 * (NETLINK_HANDLER, NETLINK_NOTICE) from a module of its own below this folder. All under the lock of the stack.
 *
 * On the wire: struct linux_nlmsghdr, a header of the type (such as struct linux_ifinfomsg), attributes (struct linux_nlattr and its bytes); each padded to 4 bytes.
 */
#pragma once
#include "kernel/net/core/net.h"
#include "kernel/uapi/netlink.h"
#include "kernel/uapi/socket.h"
#include "lib/linkerset.h"

/* ---- Reading (parse.c) ---- */

struct netlink_attribute {
	const uint8_t *data; /* NULL: not there */
	size_t len;
};

/* Sorts the attributes in bytes[0..len) into table[0..max], by type; the last of a type counts, types over max are left out. -EINVAL: one does not fit. */
int netlink_parse(const uint8_t *bytes, size_t len, struct netlink_attribute *table, unsigned max) must_check;
/* The number in an attribute; `otherwise` if it is not there. -EINVAL through *error if it is too short. */
uint32_t netlink_get_u32(const struct netlink_attribute *attribute, uint32_t otherwise, int *error);
/* The first message of bytes[0..len), its header copied to *header. Its length, no more than len; 0: there is none. */
size_t netlink_next(const uint8_t *bytes, size_t len, struct linux_nlmsghdr *header);

/* ---- Writing (write.c) ---- */

/* A datagram of one or more whole messages. */
struct netlink_piece {
	struct list link;
	uint32_t len, capacity;
	uint32_t group; /* that it was sent to; 0: to one socket */
	uint32_t sender; /* port; 0: the kernel */
	bool is_dump;	 /* holds a part of a dump */
	uint8_t data[];
};

enum { NETLINK_MESSAGE_MAX = 2048, NETLINK_PIECE_MIN = 3776, NETLINK_PIECE_MAX = 32768 };

/* Writes messages one after the other; they gather in pieces. */
struct netlink_writer {
	struct net_stack *stack; /* whose memory is used */
	struct list pieces;
	size_t piece_size;	 /* that readers can be expected to have room for */
	uint32_t port, sequence; /* of the headers to come */
	uint16_t flags;
	int error;		 /* the first: -ENOMEM, -EMSGSIZE */
	size_t used;		 /* of the message under way */
	uint8_t message[NETLINK_MESSAGE_MAX];
};

struct netlink_writer *netlink_writer_new(struct net_stack *stack); /* NULL: no memory */
void netlink_writer_free(struct netlink_writer *writer);	    /* with its pieces; accepts NULL */
/* Begins a message; its body of `len` bytes, zeroed, to be filled before the next call. Longer than NETLINK_MESSAGE_MAX less a header: not allowed. */
void *netlink_begin(struct netlink_writer *writer, uint16_t type, size_t len);
void netlink_put(struct netlink_writer *writer, uint16_t attribute, const void *data, size_t len);
void netlink_put_u8(struct netlink_writer *writer, uint16_t attribute, uint8_t value);
void netlink_put_u32(struct netlink_writer *writer, uint16_t attribute, uint32_t value);
void netlink_put_text(struct netlink_writer *writer, uint16_t attribute, const char *text);
size_t netlink_nest(struct netlink_writer *writer, uint16_t attribute); /* what follows is inside, until */
void netlink_unnest(struct netlink_writer *writer, size_t nest);
void netlink_put_raw(struct netlink_writer *writer, const void *data, size_t len); /* bytes that are no attribute */
void netlink_end(struct netlink_writer *writer);
void netlink_pieces_free(struct net_stack *stack, struct list *pieces);

/* ---- Requests (request.c) ---- */

/* One request, its header read. */
struct netlink_request {
	struct net_stack *stack;
	struct netlink_writer *reply;
	uint16_t type, flags;
	uint8_t family;	     /* AF_*: the first byte of all bodies */
	bool is_strict;	     /* the body is at least as long as the type's header, and is to be believed as a filter of dumps */
	const uint8_t *body; /* after the message's header */
	size_t len;
};

/* What answers requests of a type. One that no handler has answers -EOPNOTSUPP. */
struct netlink_handler {
	uint8_t protocol; /* NETLINK_* */
	uint8_t family;	  /* AF_*; AF_UNSPEC: whatever no other handler of the type has */
	uint16_t type;
	uint8_t header_len;			    /* of the body's header */
	int (*one)(struct netlink_request *request); /* NULL: only dumps. -errno */
	int (*all)(struct netlink_request *request); /* a dump; NULL: none. A dump of AF_UNSPEC asks all families that have one. -errno */
};
#define NETLINK_HANDLER(n) LINKER_SET_MEMBER(netlink_handler, struct netlink_handler, n)

/* Copies the body's header; what the body is too short for is 0. Then the attributes behind it, as netlink_parse. */
int netlink_read(const struct netlink_request *request, void *header, size_t header_len, struct netlink_attribute *table, unsigned max) must_check;

/* How a socket wants to be answered, and what it may. */
struct netlink_session {
	uint8_t protocol;
	uint32_t port;
	size_t piece_size;
	bool may_change; /* CAP_NET_ADMIN */
	bool is_strict, caps_acks; /* NETLINK_GET_STRICT_CHK, NETLINK_CAP_ACK */
	bool is_dumping; /* the answer to a dump is not read yet: another is refused, -EBUSY */
};

/* Is there a handler of the protocol? */
bool netlink_has_protocol(int protocol);
/* Handles all messages in bytes[0..len). The answers are appended to *pieces, which the caller then owns; NLMSG_DONE is the last of a dump. -ENOMEM. */
int netlink_handle(struct net_stack *stack, const struct netlink_session *session, const uint8_t *bytes, size_t len, struct list *pieces) must_check;

/* ---- Notices (notice.c) ---- */

/* How a change is told to the sockets that listen. */
struct netlink_notice {
	enum net_object object;
	unsigned version;
	uint32_t group; /* RTNLGRP_* */
	uint16_t type_new, type_removed;
	void (*write)(struct netlink_writer *writer, uint16_t type, const void *object);
};
#define NETLINK_NOTICE(n) LINKER_SET_MEMBER(netlink_notice, struct netlink_notice, n)

/* Who takes notices to sockets: wants says whether anybody listens; deliver takes the piece. Set before anybody can listen. */
void netlink_set_listener(bool (*wants)(uint32_t group), void (*deliver)(struct net_stack *stack, struct netlink_piece *piece));
int netlink_init(struct net_stack *stack) must_check; /* begins to watch the stack; never fails */
/* For what no net_change tells of. */
void netlink_tell(struct net_stack *stack, uint32_t group, uint16_t type, void (*write)(struct netlink_writer *, uint16_t type, const void *), const void *object);

/* ---- What the versions of IP share (address.c, route.c) ---- */

struct netlink_address {
	uint8_t family, prefix, scope, flags;
	struct net_interface *interface;
	uint8_t address[16], broadcast[16];
	bool has_broadcast, has_label;
	uint32_t preferred, valid; /* seconds; all ones: for ever */
};
size_t netlink_address_len(uint8_t family); /* 4 or 16 bytes */
void netlink_put_address(struct netlink_writer *writer, uint16_t type, const struct netlink_address *address);
/* Reads RTM_NEWADDR, RTM_DELADDR. -EINVAL, -ENODEV. */
int netlink_get_address(const struct netlink_request *request, struct netlink_address *address) must_check;
/* Whether a dump is to leave the address out. */
bool netlink_filters_address(const struct netlink_request *request, const struct net_interface *interface);

struct netlink_route {
	uint8_t family, prefix, protocol, scope, type;
	uint32_t table, flags, metric, mtu;
	struct net_interface *interface; /* NULL: not given */
	uint8_t destination[16], gateway[16], source[16];
	bool has_gateway, has_source, has_metric, is_answer; /* is_answer: to a lookup */
};
void netlink_put_route(struct netlink_writer *writer, uint16_t type, const struct netlink_route *route);
/* Reads RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE. -EINVAL, -ENODEV, -EOPNOTSUPP. */
int netlink_get_route(const struct netlink_request *request, struct netlink_route *route) must_check;
/* Answers a lookup (RTM_GETROUTE): the way that the version's packets go. */
int netlink_lookup_route(struct netlink_request *request);
/* Writes the route if the dump asks for it. */
void netlink_dump_route(struct netlink_request *request, const struct netlink_route *route);
/* The rules that there always are: local, main and default tables. */
void netlink_put_rules(struct netlink_request *request, uint8_t family);
struct net_address netlink_to_net_address(uint8_t family, const uint8_t *bytes);
