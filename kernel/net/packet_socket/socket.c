/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet sockets: making, binding, what they see and how it is read. */
#include "kernel/file/random.h"
#include "kernel/mem/heap.h"
#include "kernel/net/core/interface_flags.h"
#include "kernel/net/packet_socket/internal.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"
#include "kernel/uapi/poll.h"

static const struct socket_ops packet_ops;
static const struct socket_family socket_family_packet; /* what SOCKET_FAMILY(packet) below defines */

/* ---- Seeing frames, under the lock of the stack ---- */

static bool wants(const struct packet_socket *s, const struct net_interface *interface, const struct packet_view *view, bool is_outgoing)
{
	if ((s->index && s->index != interface->index) || (is_outgoing && s == packet_socket_sending))
		return false;
	if (s->protocol == LINUX_ETH_P_ALL)
		return !is_outgoing || !s->ignores_outgoing;
	return !is_outgoing && wire_get16((const uint8_t *)&view->from.protocol) == s->protocol;
}

static bool enqueue(struct packet_socket *s, const struct packet_view *view, uint32_t len)
{
	struct packet_frame *frame;
	bool has_room = s->queued + len + sizeof(*frame) <= s->socket.receive_buffer;

	frame = has_room ? heap_alloc(sizeof(*frame) + len) : NULL;
	if (!frame)
		return false;
	*frame = (struct packet_frame){.len = len, .whole_len = view->len, .network_offset = view->network_offset, .status = view->status, .from = view->from};
	packet_view_read(view, 0, frame->data, len);
	spin_lock(&s->lock);
	list_push_back(&s->frames, &frame->link);
	s->queued += len + sizeof(*frame);
	spin_unlock(&s->lock);
	return true;
}

static void see(struct net_tap *tap, struct net_interface *interface, const struct net_packet *packet, bool is_outgoing)
{
	struct packet_socket *s = container_of(tap, struct packet_socket, tap);
	struct packet_view view;
	uint32_t len;
	bool is_taken;

	if (!packet_view_init(&view, interface, packet, is_outgoing, s->socket.type == LINUX_SOCK_RAW) || !wants(s, interface, &view, is_outgoing))
		return;
	len = s->filter ? (uint32_t)min_u64(packet_view_filter(&view, s->filter->program, (uint32_t)random_u64()), view.len) : view.len;
	if (!len)
		return;
	is_taken = s->ring ? packet_ring_put(s->ring, &view, len, clock_realtime_ns()) : enqueue(s, &view, len);
	spin_lock(&s->lock);
	s->stats.packets++;
	s->stats.drops += !is_taken;
	spin_unlock(&s->lock);
	if (is_taken)
		wait_wake(&s->wait, 1, POLLIN | POLLRDNORM);
}

static void listen_locked(struct net_stack *stack, struct packet_socket *s, uint16_t protocol, uint32_t index)
{
	list_remove(&s->tap.link);
	s->protocol = protocol;
	s->index = index;
	if (protocol)
		list_push_back(&stack->taps, &s->tap.link);
}

void packet_socket_listen(struct packet_socket *s, uint16_t protocol, uint32_t index)
{
	listen_locked(net_enter(), s, protocol, index);
	net_leave();
}

/* ---- Making, binding, ending ---- */

static uint16_t swap16(uint16_t n)
{
	return (uint16_t)(n >> 8 | n << 8);
}

static int create(int type, int protocol, struct socket **socket)
{
	struct packet_socket *s;

	if (!task_is_capable(CAPABILITY_NET_RAW))
		return -EPERM;
	if (type != LINUX_SOCK_RAW && type != LINUX_SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	s = heap_alloc_zero(sizeof(*s));
	if (!s)
		return -ENOMEM;
	socket_init(&s->socket, &packet_ops, &socket_family_packet, type, protocol);
	mutex_init(&s->read_lock);
	wait_queue_init(&s->wait);
	list_init(&s->frames);
	list_init(&s->tap.link);
	s->tap.see = see;
	packet_socket_listen(s, swap16((uint16_t)protocol), 0);
	*socket = &s->socket;
	return 0;
}

static void release(struct socket *socket)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct list *node;

	packet_socket_listen(s, 0, 0);
	while ((node = list_pop_front(&s->frames)))
		heap_free(container_of(node, struct packet_frame, link));
	packet_ring_free(s->ring);
	heap_free(s->filter);
	heap_free(s);
}

static int bind(struct socket *socket, const void *address, size_t len)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct linux_sockaddr_ll name;
	struct net_stack *stack;
	int error = 0;

	if (len < sizeof(name))
		return -EINVAL;
	memcpy(&name, address, sizeof(name));
	if (name.family != LINUX_AF_PACKET)
		return -EINVAL;
	stack = net_enter();
	if (name.index && !net_interface_by_index(stack, (unsigned)name.index))
		error = -ENODEV;
	else
		listen_locked(stack, s, name.protocol ? swap16(name.protocol) : s->protocol, (uint32_t)name.index);
	net_leave();
	return error;
}

static long get_name(struct socket *socket, bool of_peer, void *address)
{
	struct packet_socket *s = packet_socket_of(socket);
	struct linux_sockaddr_ll name = {.family = LINUX_AF_PACKET, .protocol = swap16(s->protocol), .index = (int32_t)s->index};
	const struct net_interface *interface;

	if (of_peer)
		return -EOPNOTSUPP;
	interface = net_interface_by_index(net_enter(), s->index);
	if (interface) {
		name.hatype = (uint16_t)net_interface_linux_type(interface);
		name.halen = 6;
		memcpy(name.addr, interface->hardware, 6);
	}
	net_leave();
	memcpy(address, &name, sizeof(name));
	return (long)(offsetof(struct linux_sockaddr_ll, addr) + name.halen);
}

/* ---- Reading ---- */

static struct packet_frame *first_frame(struct packet_socket *s)
{
	struct packet_frame *frame;

	spin_lock(&s->lock);
	frame = list_empty(&s->frames) ? NULL : container_of(s->frames.next, struct packet_frame, link);
	spin_unlock(&s->lock);
	return frame;
}

/* With read_lock held, released while it sleeps. */
static int wait_for_frame(struct packet_socket *s, int flags, uint64_t deadline, struct packet_frame **frame)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin_exclusive(&waiter, &s->wait);
	while (!(*frame = first_frame(s)) && !ret) {
		if (socket_is_nonblocking(&s->socket, flags)) {
			ret = -EAGAIN;
			break;
		}
		mutex_unlock(&s->read_lock);
		ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
		mutex_lock(&s->read_lock);
	}
	wait_end(&waiter);
	if (*frame)
		return 0;
	return ret == -ETIMEDOUT ? -EAGAIN : ret == -EINTR ? -ERESTART_SYS : ret;
}

static void remove_frame(struct packet_socket *s, struct packet_frame *frame)
{
	spin_lock(&s->lock);
	list_remove(&frame->link);
	s->queued -= frame->len + sizeof(*frame);
	spin_unlock(&s->lock);
	heap_free(frame);
}

/* What a ring's header says. */
static void note_auxiliary(const struct packet_frame *frame, struct socket_message *message)
{
	const struct linux_tpacket_auxdata told = {
	    .status = LINUX_TP_STATUS_USER | frame->status, .len = frame->whole_len, .snaplen = frame->len, .net = (uint16_t)frame->network_offset,
	};

	socket_note(message, LINUX_SOL_PACKET, LINUX_PACKET_AUXDATA, &told, sizeof(told));
}

static long receive_locked(struct packet_socket *s, struct socket_message *message, uint64_t deadline)
{
	struct packet_frame *frame;
	size_t room = message->io->left, len;
	long ret = wait_for_frame(s, message->flags, deadline, &frame);

	if (ret)
		return ret;
	len = min_u64(room, frame->len);
	if (io_vector_put(message->io, frame->data, len) != len)
		return -EFAULT;
	if (frame->len > room)
		message->flags_out |= LINUX_MSG_TRUNC;
	ret = (long)(message->flags & LINUX_MSG_TRUNC ? frame->whole_len : len);
	if (s->wants_auxiliary)
		note_auxiliary(frame, message);
	memcpy(message->name, &frame->from, sizeof(frame->from));
	message->name_len = sizeof(frame->from);
	if (!(message->flags & LINUX_MSG_PEEK))
		remove_frame(s, frame);
	return ret;
}

static long receive(struct socket *socket, struct socket_message *message)
{
	struct packet_socket *s = packet_socket_of(socket);
	uint64_t deadline = WAIT_FOREVER;
	long ret;

	message->name_len = 0;
	if (message->flags & LINUX_MSG_OOB)
		return -EINVAL;
	if (socket->receive_timeout_ns != WAIT_FOREVER)
		deadline = clock_monotonic_ns() + socket->receive_timeout_ns;
	mutex_lock(&s->read_lock);
	ret = receive_locked(s, message, deadline);
	mutex_unlock(&s->read_lock);
	return ret;
}

static unsigned poll(struct socket *socket, struct poll_table *table)
{
	struct packet_socket *s = packet_socket_of(socket);
	unsigned events = POLLOUT | POLLWRNORM;
	bool is_readable;

	if (table)
		table->add(table, &s->wait);
	net_enter();
	is_readable = !list_empty(&s->frames) || (s->ring && packet_ring_is_readable(s->ring));
	net_leave();
	return is_readable ? events | POLLIN | POLLRDNORM : events;
}

static const struct socket_ops packet_ops = {
    .bind = bind, .send = packet_socket_send, .receive = receive, .name = get_name, .poll = poll, .map = packet_ring_map, .set_option = packet_socket_set_option,
    .get_option = packet_socket_get_option, .release = release,
};

SOCKET_FAMILY(packet) = {.family = LINUX_AF_PACKET, .create = create};
