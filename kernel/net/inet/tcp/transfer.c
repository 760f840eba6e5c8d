/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending and receiving over TCP sockets. User memory is copied outside of the stack's lock: what is sent into a block, whose bytes the connection then
 * refers to, in one turn; a file's pages (sendfile(2)) are referred to as they are; what is received from the packets that the connection holds, which a
 * first turn looks up and a second one takes away. Few bytes are received in a single turn, if the program's pages are there.
 */
#include "kernel/mem/heap.h"
#include "kernel/mem/page.h"
#include "kernel/net/inet/tcp/socket.h"
#include "kernel/net/system/system.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"
#include "kernel/vm/user_memory.h"

#define SMALL	  512u				    /* what goes by way of the stack, behind bytes that wait already */
#define BLOCK_MAX (65536u - sizeof(struct net_block)) /* so that memory for it is a power of two */
#define BLOCK_MIN (4096u - sizeof(struct net_block))
#define PIECES	  32
#define AT_ONCE	  4096u			    /* what is copied to the program under the stack's lock */
#define PAGES_AT_ONCE 16

/* ---- Sending ---- */

/* Like Linux: what was never connected, and what is no longer, is a broken pipe. */
static long send_error(long error)
{
	return error == -ENOTCONN ? -EPIPE : error;
}

static long hand_over(struct tcp_socket *t, struct net_block *block, size_t len, unsigned flags)
{
	const struct tcp_piece piece = {.block = block, .bytes = block->bytes, .len = len};
	long taken;

	net_enter();
	taken = tcp_send_pieces(t->tcp, &piece, 1, flags);
	net_block_put(block);
	net_leave();
	return taken;
}

/* A block of `len` bytes, or smaller where memory is short. */
static struct net_block *block_new(struct tcp_socket *t, size_t len)
{
	struct net_block *block = net_block_new(t->inet.stack, len);

	while (!block && len > BLOCK_MIN) {
		len = max_u64(len / 2, BLOCK_MIN);
		block = net_block_new(t->inet.stack, len);
	}
	return block;
}

static void block_free(struct net_block *block)
{
	block->release(block); /* nobody else knows it */
}

static long send_by_block(struct tcp_socket *t, struct io_vector *io, size_t room, unsigned flags)
{
	size_t len = min_u64(io->left, min_u64(max_u64(room, BLOCK_MIN), BLOCK_MAX)), copied;
	struct net_block *block = block_new(t, len);
	long taken;

	if (!block)
		return -ENOBUFS;
	copied = io_vector_get(io, block->bytes, min_u64(len, block->size));
	if (!copied) {
		block_free(block);
		return -EFAULT;
	}
	if (io->left)
		flags = (flags | TCP_MORE) & ~(unsigned)TCP_OUT_OF_BAND;
	taken = hand_over(t, block, copied, flags);
	io_vector_back(io, copied - (taken > 0 ? (size_t)taken : 0));
	return taken;
}

static long send_small(struct tcp_socket *t, struct io_vector *io, unsigned flags)
{
	uint8_t bytes[SMALL];
	size_t len = io->left;
	long taken;

	if (io_vector_get(io, bytes, len) != len)
		return -EFAULT;
	net_enter();
	taken = tcp_send(t->tcp, bytes, len, flags);
	net_leave();
	io_vector_back(io, len - (taken > 0 ? (size_t)taken : 0));
	return taken;
}

static long send_some(struct tcp_socket *t, struct io_vector *io, unsigned flags)
{
	size_t room = tcp_send_room(t->tcp); /* a hint, without the lock */

	if (!room && tcp_state(t->tcp) == TCP_ESTABLISHED && !(tcp_poll(t->tcp) & (TCP_ERROR | TCP_HANGUP | TCP_WRITABLE)))
		return -EAGAIN; /* without copying for nothing */
	return io->left <= SMALL ? send_small(t, io, flags) : send_by_block(t, io, room, flags);
}

static unsigned send_flags(const struct socket_message *message)
{
	return (message->flags & LINUX_MSG_MORE ? TCP_MORE : 0u) | (message->flags & LINUX_MSG_OOB ? TCP_OUT_OF_BAND : 0u);
}

static int wait_for_room(struct tcp_socket *t, const struct socket_message *message, uint64_t *deadline)
{
	struct socket *socket = &t->inet.socket;

	if (socket_is_nonblocking(socket, message->flags)) {
		(void)tcp_socket_ready(t); /* room will be news */
		return -EAGAIN;
	}
	if (!*deadline)
		*deadline = inet_deadline(socket->send_timeout_ns);
	return tcp_socket_wait(t, TCP_WRITABLE | TCP_ERROR | TCP_HANGUP, *deadline, socket->send_timeout_ns);
}

long tcp_socket_send(struct socket *socket, struct socket_message *message)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	unsigned flags = send_flags(message);
	uint64_t deadline = 0;
	long sent = 0, ret;

	do {
		ret = send_some(t, message->io, flags);
		if (ret >= 0)
			sent += ret;
		else if (ret == -EAGAIN)
			ret = message->io->left ? wait_for_room(t, message, &deadline) : 0;
		cpu_poll();
	} while (ret >= 0 && message->io->left);
	return sent ? sent : send_error(ret);
}

/* ---- Pages of files: referred to, not copied ---- */

struct page_block {
	struct net_block block;
	struct page *page;
};

static void page_block_release(struct net_block *block)
{
	struct page_block *p = container_of(block, struct page_block, block);

	page_put(p->page);
	heap_free(p);
}

static struct net_block *page_block_new(struct net_stack *stack, struct page *page)
{
	struct page_block *p = heap_alloc(sizeof(*p));

	if (!p)
		return NULL;
	page_get(page);
	p->page = page;
	p->block = (struct net_block){.references = 1, .size = PAGE_SIZE, .bytes = page_virt(page), .stack = stack, .release = page_block_release};
	return &p->block;
}

/* As many of the bytes as there is room for, in one turn. */
static long hand_over_pages(struct tcp_socket *t, struct page **pages, size_t offset, size_t len, bool more)
{
	struct tcp_piece pieces[PAGES_AT_ONCE];
	size_t nr = 0, at = 0;
	long ret = -ENOBUFS;

	for (; at < len && nr < PAGES_AT_ONCE; at += pieces[nr++].len, offset = 0) {
		struct net_block *block = page_block_new(t->inet.stack, pages[nr]);

		if (!block)
			break;
		pieces[nr] = (struct tcp_piece){.block = block, .bytes = block->bytes + offset, .len = min_u64(len - at, PAGE_SIZE - offset)};
	}
	net_enter();
	if (nr)
		ret = tcp_send_pieces(t->tcp, pieces, nr, more || at < len ? TCP_MORE : 0);
	for (size_t i = 0; i < nr; i++)
		net_block_put(pieces[i].block);
	net_leave();
	return ret;
}

long tcp_socket_send_pages(struct socket *socket, struct page **pages, size_t offset, size_t len, bool more)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	struct socket_message message = {.flags = 0};
	uint64_t deadline = 0;
	long ret;

	while ((ret = hand_over_pages(t, pages, offset, len, more)) == -EAGAIN) {
		ret = wait_for_room(t, &message, &deadline);
		if (ret)
			break;
	}
	return send_error(ret);
}

/* ---- Receiving ---- */

struct pieces {
	unsigned nr;
	size_t skip, len; /* skip: bytes to pass over before */
	struct {
		const uint8_t *bytes;
		size_t len;
	} piece[PIECES];
};

static long note_piece(void *context, const uint8_t *bytes, size_t len)
{
	struct pieces *p = context;
	size_t skipped = min_u64(p->skip, len);

	p->skip -= skipped;
	if (skipped == len || p->nr == PIECES)
		return (long)skipped;
	p->piece[p->nr].bytes = bytes + skipped;
	p->piece[p->nr++].len = len - skipped;
	p->len += len - skipped;
	return (long)len;
}

static long skip_piece(void *context, const uint8_t *bytes, size_t len)
{
	return (long)len;
}

static long take_away(struct tcp_socket *t, size_t len)
{
	long ret;

	net_enter();
	ret = tcp_receive(t->tcp, skip_piece, NULL, len, 0);
	net_leave();
	return ret;
}

/* Looks up the bytes to read behind the first `offset`; those that are to be passed over go. */
static long look_up(struct tcp_socket *t, struct pieces *pieces, size_t offset, size_t len, bool is_look_only)
{
	long ret;

	pieces->nr = 0;
	pieces->len = 0;
	pieces->skip = offset;
	net_enter();
	ret = tcp_receive(t->tcp, note_piece, pieces, offset + len, TCP_PEEK);
	if (ret == -EAGAIN && !is_look_only && tcp_reading_is_at_mark(t->tcp))
		(void)tcp_receive(t->tcp, skip_piece, NULL, 1, 0); /* the urgent byte alone */
	net_leave();
	return ret > 0 && !pieces->len ? -EAGAIN : ret;
}

static size_t copy_pieces(const struct pieces *pieces, struct io_vector *io)
{
	size_t copied = 0;

	for (unsigned i = 0; i < pieces->nr; i++) {
		size_t part = io_vector_put(io, pieces->piece[i].bytes, pieces->piece[i].len);

		copied += part;
		if (part < pieces->piece[i].len)
			break;
	}
	return copied;
}

struct putting {
	struct io_vector *io;
	bool lacks_page;
};

static long put_piece(void *context, const uint8_t *bytes, size_t len)
{
	struct putting *putting = context;
	size_t copied = io_vector_put(putting->io, bytes, len);

	putting->lacks_page = copied < len;
	return copied ? (long)copied : -EFAULT;
}

/* What is there, as far as it can be copied without waiting for a page: -EFAULT if none can. */
static long receive_at_once(struct tcp_socket *t, struct io_vector *io, bool *is_all)
{
	struct putting putting = {.io = io};
	struct thread *thread = thread_current();
	long ret;

	net_enter();
	thread->no_faults = true;
	ret = tcp_receive(t->tcp, put_piece, &putting, io->left, 0);
	thread->no_faults = false;
	net_leave();
	*is_all = !putting.lacks_page;
	return ret;
}

/* What is there, at most what the vector has room for. With read_lock held, so that the pieces stay while they are copied. */
static long receive_some(struct tcp_socket *t, struct io_vector *io, int flags, bool *is_all)
{
	size_t copied, readable = tcp_readable(t->tcp); /* a hint, without the lock */
	struct pieces pieces;
	long ret;

	if (readable && readable <= AT_ONCE && !(flags & (LINUX_MSG_PEEK | LINUX_MSG_TRUNC))) {
		ret = receive_at_once(t, io, is_all);
		if (ret != -EFAULT)
			return ret;
	}
	ret = look_up(t, &pieces, inet_peek_offset(&t->inet, flags), io->left, flags & LINUX_MSG_PEEK);
	*is_all = pieces.nr < PIECES;
	if (ret <= 0)
		return ret;
	if (flags & LINUX_MSG_TRUNC) { /* thrown away (tcp(7)) */
		copied = pieces.len;
		io_vector_skip(io, copied);
	} else {
		copied = copy_pieces(&pieces, io);
	}
	if (!copied)
		return -EFAULT;
	if (!(flags & LINUX_MSG_PEEK))
		(void)take_away(t, copied);
	return (long)copied;
}

static long receive_urgent(struct tcp_socket *t, struct socket_message *message)
{
	uint8_t byte;
	long ret;

	net_enter();
	ret = tcp_receive_urgent(t->tcp, &byte, message->flags & LINUX_MSG_PEEK);
	net_leave();
	if (ret < 1)
		return ret;
	message->flags_out |= LINUX_MSG_OOB;
	if (!message->io->left) {
		message->flags_out |= LINUX_MSG_TRUNC;
		return 0;
	}
	return io_vector_put(message->io, &byte, 1) == 1 ? 1 : -EFAULT;
}

static bool has_more_than(struct tcp_socket *t, size_t len)
{
	unsigned ready = tcp_poll(t->tcp);

	return ready & (TCP_READ_CLOSED | TCP_ERROR | TCP_HANGUP) || (ready & TCP_READABLE && (!len || tcp_readable(t->tcp) > len));
}

/* Sleeps, without read_lock, until there is more than `len` bytes, or there will be no more. 0: look again. */
static int wait_for_data(struct tcp_socket *t, const struct socket_message *message, size_t len, uint64_t *deadline)
{
	struct socket *socket = &t->inet.socket;
	struct waiter waiter;
	int ret = 0;

	if (socket_is_nonblocking(socket, message->flags))
		return -EAGAIN;
	if (!*deadline)
		*deadline = inet_deadline(socket->receive_timeout_ns);
	mutex_unlock(&t->read_lock);
	wait_begin(&waiter, &t->inet.wait);
	while (!has_more_than(t, len) && !ret)
		ret = wait_sleep(*deadline, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	mutex_lock(&t->read_lock);
	return ret && !has_more_than(t, len) ? inet_wait_result(ret, socket->receive_timeout_ns) : 0;
}

static size_t least(const struct tcp_socket *t, const struct socket_message *message)
{
	size_t len = message->io->left;

	return message->flags & LINUX_MSG_WAITALL ? len : min_u64(len, (uint64_t)t->inet.set.receive_low);
}

/* A look takes nothing, so that it begins anew after each wait. */
static long look_at_stream(struct tcp_socket *t, struct socket_message *message)
{
	size_t target = least(t, message), offset = inet_peek_offset(&t->inet, message->flags);
	uint64_t deadline = 0;
	bool is_all;

	for (;;) {
		long got = receive_some(t, message->io, message->flags, &is_all), ret;

		if (got == -EAGAIN)
			got = 0;
		else if (got <= 0)
			return got;
		if ((size_t)got >= target || !is_all || (got + offset && tcp_poll(t->tcp) & (TCP_READ_CLOSED | TCP_ERROR)))
			return got;
		ret = wait_for_data(t, message, offset + (size_t)got, &deadline);
		if (ret)
			return got ? got : ret;
		io_vector_back(message->io, (size_t)got);
	}
}

/* As much as was asked for, or what there is once it is enough. */
static long receive_stream(struct tcp_socket *t, struct socket_message *message)
{
	size_t target = least(t, message), got = 0;
	uint64_t deadline = 0;
	long ret = 0;
	bool is_all;

	if (!message->io->left) /* nothing is read, but as Linux, only once there is something */
		return has_more_than(t, 0) ? 0 : wait_for_data(t, message, 0, &deadline);
	while (message->io->left) {
		ret = receive_some(t, message->io, message->flags, &is_all);
		if (ret > 0)
			got += (size_t)ret;
		if (ret > 0 && got >= target && is_all)
			break;
		if (ret == -EAGAIN && got >= target && got)
			break;
		if (ret == -EAGAIN)
			ret = wait_for_data(t, message, 0, &deadline);
		else if (ret <= 0)
			break;
		if (ret < 0)
			break;
		cpu_poll();
	}
	return got ? (long)got : ret;
}

long tcp_socket_receive(struct socket *socket, struct socket_message *message)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	long ret;

	message->name_len = 0;
	if (message->flags & LINUX_MSG_ERRQUEUE)
		return -EAGAIN;
	if (socket->is_listening)
		return -ENOTCONN;
	if (message->flags & LINUX_MSG_OOB)
		return receive_urgent(t, message);
	mutex_lock(&t->read_lock);
	ret = message->flags & LINUX_MSG_PEEK ? look_at_stream(t, message) : receive_stream(t, message);
	if (ret > 0)
		inet_peek_moved(&t->inet, message->flags, (size_t)ret);
	mutex_unlock(&t->read_lock);
	return ret;
}
