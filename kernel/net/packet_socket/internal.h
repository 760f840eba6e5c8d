/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to packet sockets.
 *
 * Locks: what a tap looks at (protocol, index, filter, ring) is guarded by the lock of the stack; packet_socket.lock, taken after it, guards the queue and counts.
 * Whoever reads holds read_lock (sleeping), so that the first frame stays while it is copied to the program.
 */
#pragma once
#include "kernel/arch/spinlock.h"
#include "kernel/net/packet_socket/view.h"
#include "kernel/net/socket/socket.h"
#include "kernel/net/system/system.h"

/* A frame that waits to be read. */
struct packet_frame {
	struct list link;
	uint32_t len, whole_len; /* here; of the frame */
	uint32_t network_offset, status; /* as of a view */
	struct linux_sockaddr_ll from;
	uint8_t data[];
};

struct packet_filter {
	size_t nr;
	struct bpf_instruction program[];
};

struct packet_ring;

struct packet_socket {
	struct socket socket;
	struct net_tap tap;	/* linked: protocol is not 0 */
	uint16_t protocol;	/* 0: receives nothing; machine's order */
	uint32_t index;		/* of the interface; 0: all */
	struct packet_filter *filter;
	bool ignores_outgoing, wants_auxiliary, is_filter_locked;
	struct packet_ring *ring;
	uint32_t reserve;
	struct spinlock lock;
	struct mutex read_lock;
	struct wait_queue wait;
	struct list frames;
	size_t queued;
	struct linux_tpacket_stats stats;
};

static inline struct packet_socket *packet_socket_of(struct socket *socket)
{
	return container_of(socket, struct packet_socket, socket);
}

/* ---- socket.c ---- */
/* From now on it sees frames of that protocol and interface. */
void packet_socket_listen(struct packet_socket *s, uint16_t protocol, uint32_t index);
/* ---- send.c ---- */
extern const struct packet_socket *packet_socket_sending; /* which does not see its own frame go out; guarded by the lock of the stack */
long packet_socket_send(struct socket *socket, struct socket_message *message);
/* ---- option.c ---- */
int packet_socket_set_option(struct socket *socket, int level, int option, const void *value, size_t len);
long packet_socket_get_option(struct socket *socket, int level, int option, void *value, size_t size);

/* ---- ring.c: a ring of frames in memory that the program maps (networking/packet_mmap, TPACKET_V2) ---- */
/* Replaces the socket's ring; block_nr 0: removes it. -EINVAL, -ENOMEM; -EBUSY: there is one, or it was mapped once. */
int packet_ring_set(struct packet_socket *s, const struct linux_tpacket_req *request) must_check;
void packet_ring_free(struct packet_ring *ring); /* accepts NULL */
/* Under the lock of the stack. False: the program has not emptied the next slot. */
bool packet_ring_put(struct packet_ring *ring, const struct packet_view *view, uint32_t len, uint64_t time_ns);
bool packet_ring_is_readable(struct packet_ring *ring);
int packet_ring_map(struct socket *socket, struct mapped_file *mapped);
