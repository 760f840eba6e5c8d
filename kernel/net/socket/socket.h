/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The socket layer: a socket is an open file whose family does the work. Families register themselves (SOCKET_FAMILY); one that is not linked
 * answers EAFNOSUPPORT. All addresses and control messages here are kernel memory: kernel/syscall/socket.c copies them.
 */
#pragma once
#include "kernel/file/file.h"
#include "kernel/uapi/socket.h"
#include "lib/linkerset.h"

struct socket;

/* Files that travel in a control message (SCM_RIGHTS): references are owned by the list. */
#define SOCKET_FILES_MAX 253 /* unix(7) */
struct socket_files {
	struct list node; /* of those that are being let go */
	size_t count;
	struct file *file[SOCKET_FILES_MAX];
};

/* What of control messages a protocol tells of itself: each as in memory of recvmsg(2), aligned. */
#define SOCKET_NOTES_MAX 256
struct socket_notes {
	size_t len;
	uint8_t bytes[SOCKET_NOTES_MAX];
};

/* One message of sendmsg(2) or recvmsg(2). */
struct socket_message {
	struct io_vector *io;
	uint8_t name[LINUX_SOCKADDR_MAX]; /* to send: destination; received: source */
	size_t name_len;		  /* 0: none */
	int flags;			  /* MSG_* asked for */
	int flags_out;			  /* MSG_TRUNC, MSG_CTRUNC, MSG_EOR of what was received */
	struct socket_files *files;	  /* to send: what travels along; received: what came; NULL: none. The family takes / gives them. */
	struct linux_ucred cred;	  /* of the sender */
	bool has_cred;			  /* to send: an explicit one; received: to be shown */
	const uint8_t *control;		  /* to send: control messages of other levels than SOL_SOCKET are the family's to read */
	size_t control_len;
	struct socket_notes *notes;	  /* received: for socket_note; NULL: nobody asks */
};

/* /proc/sys/net/core: how many connections wait for accept(2) at the most, and bytes of buffers; the `most` is of what is asked for, whose double counts. */
extern struct socket_limits {
	unsigned backlog, send_default, receive_default, send_max, receive_max;
} socket_limits;

struct socket_ops {
	int (*bind)(struct socket *socket, const void *address, size_t len);
	int (*connect)(struct socket *socket, const void *address, size_t len);
	int (*listen)(struct socket *socket, int backlog);
	int (*accept)(struct socket *socket, bool nonblocking, struct socket **accepted);
	/* Bytes sent; -EAGAIN if nothing can be without waiting and `flags` or the file say so. -EPIPE: the layer sends SIGPIPE. */
	long (*send)(struct socket *socket, struct socket_message *message);
	long (*receive)(struct socket *socket, struct socket_message *message);
	/* As file_ops.write_pages; NULL: the bytes are copied. */
	long (*send_pages)(struct socket *socket, struct page **pages, size_t offset, size_t len, bool more);
	int (*shutdown)(struct socket *socket, int how);
	/* Length of the address written to `address` (LINUX_SOCKADDR_MAX bytes), or -errno. */
	long (*name)(struct socket *socket, bool of_peer, void *address);
	unsigned (*poll)(struct socket *socket, struct poll_table *table);
	long (*ioctl)(struct socket *socket, unsigned command, uint64_t argument);
	int (*map)(struct socket *socket, struct mapped_file *mapped); /* as file_ops.map; NULL: -ENODEV */
	/* Options of levels other than SOL_SOCKET, and those of it that the layer does not keep: -ENOPROTOOPT if unknown. */
	int (*set_option)(struct socket *socket, int level, int option, const void *value, size_t len);
	long (*get_option)(struct socket *socket, int level, int option, void *value, size_t size);
	/* The layer has stored an option of SOL_SOCKET that the protocol may have to know. May be NULL. */
	int (*option_changed)(struct socket *socket, int option);
	/* The pending error as a positive errno, 0: none, which is forgotten (SO_ERROR). NULL: socket->error. */
	int (*take_error)(struct socket *socket);
	/* Bytes of the kernel's own that are to be read from it as a datagram; NULL: -EINVAL. */
	int (*deliver)(struct socket *socket, const void *bytes, size_t len);
	void (*release)(struct socket *socket); /* the last reference of the file is gone; frees the socket */
};

struct socket {
	const struct socket_ops *ops;
	const struct socket_family *family;
	int type, protocol;
	struct file *file; /* borrowed: the file owns the socket */
	uint64_t inode;	   /* its number, which stays known when the file is gone; 0: there is none yet */
	/* Options that the layer keeps (socket(7)). */
	uint64_t receive_timeout_ns, send_timeout_ns; /* WAIT_FOREVER: none */
	uint32_t receive_buffer, send_buffer;
	bool passes_credentials, reuse_address, reuse_port, keep_alive, broadcast;
	struct linux_linger linger;
	int error; /* pending, for SO_ERROR; atomic */
	bool is_listening;
};

struct socket_family {
	int family;
	/* Checks type and protocol, makes the socket (zeroed, then socket_init by the family). -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM. */
	int (*create)(int type, int protocol, struct socket **socket);
	int (*pair)(struct socket *a, struct socket *b); /* socketpair(2); NULL: -EOPNOTSUPP */
};
#define SOCKET_FAMILY(n) LINKER_SET_MEMBER(socket_family, struct socket_family, n)

/* Calls of ioctl(2) that all sockets know, whatever their family: those of interfaces (netdevice(7)) register here. */
struct socket_ioctl {
	long (*run)(unsigned command, uint64_t argument); /* -ENOTTY: not one of these */
};
#define SOCKET_IOCTL(n) LINKER_SET_MEMBER(socket_ioctl, struct socket_ioctl, n)

void socket_init(struct socket *socket, const struct socket_ops *ops, const struct socket_family *family, int type, int protocol);
/* Options of a listener go over to the connection that it accepted. */
void socket_inherit(struct socket *to, const struct socket *from);
/* A new socket of a family with its open file; `flags` are SOCK_NONBLOCK. */
int socket_create(int family, int type, int protocol, int flags, struct file **file) must_check;
int socket_create_pair(int family, int type, int protocol, int flags, struct file *files[2]) must_check;
/* The file of a socket that accept gave. NULL: no memory, the socket is released. */
struct file *socket_file_new(struct socket *socket, int flags);
/* The socket of an open file, NULL if it is none. */
struct socket *socket_of(struct file *file);
/* send and receive with what every family needs: SIGPIPE, checks. */
long socket_send(struct socket *socket, struct socket_message *message);
long socket_receive(struct socket *socket, struct socket_message *message);
bool socket_is_nonblocking(const struct socket *socket, int message_flags);
int socket_set_option(struct socket *socket, int level, int option, const void *value, size_t len) must_check;
long socket_get_option(struct socket *socket, int level, int option, void *value, size_t size);

void socket_files_release(struct socket_files *files); /* puts all and frees, however deep they are nested; accepts NULL */

/* ---- Control messages (cmsg(3)) ---- */
/* Reads SCM_RIGHTS and SCM_CREDENTIALS from `control`. -EINVAL, -EBADF, -EPERM. */
int control_message_parse(const uint8_t *control, size_t len, struct socket_message *message) must_check;
/* The next control message from *at on, which moves; false: there is none. They were checked by control_message_parse. */
struct control_message {
	int level, type;
	const uint8_t *data;
	size_t len;
};
bool control_message_next(const struct socket_message *message, size_t *at, struct control_message *next);
/* Adds a control message to what was received. */
void socket_note(struct socket_message *message, int level, int type, const void *data, size_t len);
/* Writes what was received into a buffer of `size` bytes; descriptors are made. The length used; sets MSG_CTRUNC in flags_out where it did not fit. */
size_t control_message_build(struct socket_message *message, uint8_t *control, size_t size);
