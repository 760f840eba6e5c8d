/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The socket protocol of virtio (virtio 1.2 §5.10): an instance with sockets, free of devices; time is handed in. Everything is called under one lock of the
 * caller's. A turn is: lock; calls; vsock_end; unlock. Callbacks come during any call; they may not call back.
 *
 * Flow control (§5.10.6.3): each side tells how large its buffer is and how much was taken from it; who sends keeps within.
 */
#pragma once
#include "lib/attr.h"
#include "lib/list.h"

enum { VSOCK_CID_HYPERVISOR = 0, VSOCK_CID_LOCAL = 1, VSOCK_CID_HOST = 2 };
#define VSOCK_ANY 0xffffffffu /* as a CID and as a port */

enum vsock_type { VSOCK_STREAM = 1, VSOCK_SEQPACKET = 2 };
enum vsock_operation { VSOCK_REQUEST = 1, VSOCK_RESPONSE, VSOCK_RST, VSOCK_SHUTDOWN, VSOCK_RW, VSOCK_CREDIT_UPDATE, VSOCK_CREDIT_REQUEST };
enum { VSOCK_NO_RECEIVE = 1, VSOCK_NO_SEND = 2 };	      /* flags of SHUTDOWN: what its sender does no more */
enum { VSOCK_END_OF_MESSAGE = 1, VSOCK_END_OF_RECORD = 2 }; /* flags of RW */

enum { VSOCK_HEADER = 44, VSOCK_PAYLOAD_MAX = 16384 - 128, VSOCK_PORT_RESERVED = 1023 /* the last that needs a privilege */ };
#define VSOCK_CLOSE_NS 8000000000ull   /* so long a closed connection waits for the peer to agree */
#define VSOCK_CONNECT_NS 2000000000ull /* connect_ns, if nothing else is said */

struct vsock_address {
	uint32_t cid, port;
};

struct vsock_header {
	struct vsock_address from, to;
	uint32_t len, flags, buffer, taken; /* buf_alloc, fwd_cnt */
	uint16_t type, operation;
};

/* A packet, sent or received. */
struct vsock_packet {
	struct list link;
	struct vsock_header header;
	uint32_t start, end, capacity; /* of data: what is left to be read */
	uint8_t wire[VSOCK_HEADER];    /* the header as a device reads or writes it */
	uint8_t data[];
};

/* Reads the header from VSOCK_HEADER bytes. False: addresses of more than 32 bits, which there are none of. */
bool vsock_header_read(const uint8_t *bytes, struct vsock_header *header);
void vsock_header_write(uint8_t *bytes, const struct vsock_header *header);

struct vsock_environment {
	void *(*alloc)(size_t size); /* NULL: no memory */
	void (*free)(void *memory);
	uint64_t (*random)(void);
};

struct vsock {
	const struct vsock_environment *environment;
	struct list sockets;	/* all: bound, connected, closing */
	struct list looped;	/* packets to ourselves */
	uint32_t cid;		/* of this machine; VSOCK_ANY: there is no device */
	bool has_seqpacket;	/* the device can */
	void (*transmit)(struct vsock *vsock, struct vsock_packet *packet); /* takes the packet; NULL: no device */
	uint64_t now_ns;
	uint32_t next_port;
};

enum vsock_state { VSOCK_IDLE, VSOCK_LISTENING, VSOCK_CONNECTING, VSOCK_CONNECTED, VSOCK_ENDED /* was connected */, VSOCK_CLOSING /* nobody's any more */ };

enum { VSOCK_EVENT_READABLE = 1, VSOCK_EVENT_WRITABLE = 2, VSOCK_EVENT_ENDED = 4 };

struct vsock_socket {
	struct list link;
	struct vsock *vsock;
	enum vsock_type type;
	enum vsock_state state;
	bool is_bound;
	struct vsock_address local, remote;
	int error; /* positive errno: why the connection was not made */
	uint8_t own_shutdown, peer_shutdown; /* VSOCK_NO_* */
	/* Sending: bytes sent, and what the peer says. All count modulo 2^32. */
	uint32_t sent, peer_buffer, peer_taken;
	bool is_credit_asked;
	/* Receiving. */
	uint32_t buffer, queued, taken, told_taken; /* buffer: most bytes to be queued */
	uint32_t edge; /* the room that the peer was told of ends there; it never moves back, as what is within may be on its way */
	struct list received;
	uint32_t nr_received, nr_messages;	/* packets; whole messages among them */
	/* Listening. */
	struct list pending, pending_link;
	unsigned nr_pending, backlog;
	uint64_t connect_ns;	/* how long to wait for an answer */
	uint64_t end_at_ns;	/* CONNECTING, CLOSING: not longer than that */
	void (*event)(struct vsock_socket *s, unsigned events);
	void *owner; /* NULL: not accepted yet */
};

void vsock_init(struct vsock *vsock, const struct vsock_environment *environment);
/* Takes what goes to ourselves; ends what waits for the peer for too long. When that is due next, UINT64_MAX: never. */
uint64_t vsock_end(struct vsock *vsock);
/* A packet from the device; takes it. header.len bytes are in data[0..end). */
void vsock_input(struct vsock *vsock, struct vsock_packet *packet);
/* The device says that all connections through it are gone, and maybe its CID is another (§5.10.6.7). */
void vsock_reset_transport(struct vsock *vsock, uint32_t cid);
bool vsock_is_loopback(const struct vsock *vsock, uint32_t cid);

struct vsock_packet *vsock_packet_new(struct vsock *vsock, size_t capacity); /* NULL: no memory */
void vsock_packet_free(struct vsock *vsock, struct vsock_packet *packet);

/* ---- Sockets ---- */
struct vsock_socket *vsock_socket_new(struct vsock *vsock, enum vsock_type type); /* NULL: no memory */
/* Closes it: the peer is told, and what was not read is dropped. */
void vsock_socket_release(struct vsock_socket *s);
/* -EADDRINUSE, -EADDRNOTAVAIL; -EINVAL: is bound. */
int vsock_bind(struct vsock_socket *s, struct vsock_address to) must_check;
int vsock_listen(struct vsock_socket *s, unsigned backlog) must_check; /* -EINVAL: not bound, or connected */
/* Asks for a connection; an event tells how it ends: state CONNECTED, or IDLE with `error` set. -EISCONN, -EALREADY, -EINVAL, -ENODEV: no way there. */
int vsock_connect(struct vsock_socket *s, struct vsock_address to) must_check;
void vsock_connect_abort(struct vsock_socket *s, int error); /* not wanted any more, for that (positive) reason */
struct vsock_socket *vsock_accept(struct vsock_socket *s); /* NULL: none is waiting */
int vsock_shutdown(struct vsock_socket *s, unsigned flags) must_check; /* -ENOTCONN */

/* ---- Data ---- */
/* Bytes that the peer has room for. If there is none, it is asked to say so when there is. */
uint32_t vsock_room(struct vsock_socket *s);
/* Sends the bytes data[0..end) of the packet, or as many as there is room for; takes the packet. How many. flags: of the last byte. */
uint32_t vsock_send(struct vsock_socket *s, struct vsock_packet *packet, uint32_t flags);
bool vsock_is_readable(const struct vsock_socket *s); /* bytes, or of SEQPACKET a whole message */
/* The first packet, which stays; NULL: there is none. */
struct vsock_packet *vsock_first(const struct vsock_socket *s);
/* n bytes of the first packet were read; it goes when it is used up. */
void vsock_take(struct vsock_socket *s, uint32_t n);
/* Changes how much may be queued. */
void vsock_set_buffer(struct vsock_socket *s, uint32_t bytes);
