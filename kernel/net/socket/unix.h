/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unix sockets (unix(7)), private to this folder. What is sent is queued as packets at the receiver.
 *
 * References: a socket is held by its open file, by its peer, and by a listener that has it pending. Closing the file drops
 * its own hold on the peer, so that the two do not keep each other.
 * Locks: unix_socket.lock guards all of a socket but its name; two are never held at once, but for a listener's and that of a connection
 * that waits there (unix_flight.c). Whoever reads holds read_lock (sleeping),
 * so that the first packet stays while it is copied to the program. names_lock guards names (unix_name.c).
 */
#pragma once
#include "kernel/net/socket/socket.h"

struct unix_name {
	uint32_t references; /* atomic */
	struct list node;    /* abstract names: the table's */
	struct inode *inode; /* of a path; holds a reference */
	struct unix_socket *owner; /* borrowed; NULL once closed; guarded by names_lock */
	size_t len;
	struct linux_sockaddr_un address;
};

struct unix_packet {
	struct list node;
	size_t start, len; /* bytes not yet read: data[start .. len) */
	struct linux_ucred cred;
	struct socket_files *files;
	struct unix_name *from;
	uint8_t data[];
};

struct unix_socket {
	struct socket socket;
	uint32_t references; /* atomic */
	struct list list_node; /* of all */
	struct spinlock lock;
	struct mutex read_lock;
	struct list packets;
	size_t queued;		/* bytes of all packets, their heads included */
	struct wait_queue wait; /* whoever waits for this socket to become readable or writable */
	struct wait_queue room; /* whoever waits to send to it */
	struct unix_socket *peer;
	struct unix_name *name;
	struct linux_ucred cred; /* of whoever made, connected or listened */
	int peek_offset; /* SO_PEEK_OFF; -1: peeks begin with what is unread. Guarded by read_lock */
	bool is_closed, read_shut, write_shut, was_connected;
	struct list pending, pending_node; /* listening: connections not yet accepted */
	unsigned nr_pending, backlog;
	/* unix_flight.c's, and guarded by its lock */
	struct file *file; /* borrowed, while in flight */
	uint32_t flights;  /* references to the file that packets hold */
	uint32_t nr_outside;
	bool is_candidate;
	struct list flight_node, visit_node;
};

struct unix_socket *unix_of(struct socket *socket);
struct unix_socket *unix_of_file(struct file *file); /* NULL: it is none */
void unix_get(struct unix_socket *s);
void unix_put(struct unix_socket *s); /* accepts NULL */
/* The peer with a reference, NULL if there is none. */
struct unix_socket *unix_peer_get(struct unix_socket *s);

/* ---- unix_name.c ---- */
int unix_name_bind(struct unix_socket *s, const void *address, size_t len) must_check;
/* The socket of that type bound to an address, with a reference. -ECONNREFUSED, -ENOENT, -EPROTOTYPE, -EINVAL. */
int unix_name_find(const void *address, size_t len, int type, struct unix_socket **found) must_check;
void unix_name_release(struct unix_socket *s); /* the socket is closed: nobody finds it any more */
void unix_name_put(struct unix_name *name);    /* accepts NULL */

/* ---- unix_list.c ---- */
void unix_list_add(struct unix_socket *s);
void unix_list_remove(struct unix_socket *s);

/* ---- unix_flight.c ---- */
void unix_flight_begin(struct socket_files *files); /* before they are queued */
void unix_flight_end(struct socket_files *files);   /* after they are taken out, and before a reference is dropped or installed */
void unix_flight_closed(void);			    /* a socket was: those that only each other's queues hold end. No lock held */

/* ---- unix_packet.c ---- */
struct unix_packet *unix_packet_new(size_t len);
void unix_packet_free(struct unix_packet *packet);
long unix_send(struct socket *socket, struct socket_message *message);
long unix_receive(struct socket *socket, struct socket_message *message);
bool unix_has_room(struct unix_socket *receiver, uint32_t limit);
