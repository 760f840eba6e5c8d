/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes in for raw and echo sockets: each that wants a packet gets a copy. */
#include "kernel/net/inet/raw/raw.h"
#include "kernel/net/system/system.h"
#include "kernel/uapi/poll.h"
#include "kernel/vm/user_memory.h"

#define PACKET_OVERHEAD 512u

static struct list all = LIST_INIT(all); /* guarded by the stack's lock */

static bool is_addressed(const struct raw_socket *r, const struct net_flow *flow)
{
	bool is_ip4 = net_address_is_ip4(&flow->local);

	if (is_ip4 == r->inet.is_ip6)
		return false;
	if (!net_address_is_any(&r->local.address) && !net_address_equal(&r->local.address, &flow->local))
		return false;
	if (r->remote.port && !net_address_equal(&r->remote.address, &flow->remote))
		return false;
	return !r->inet.set.bound_index || r->inet.set.bound_index == flow->interface->index;
}

static bool is_wanted(const struct raw_socket *r, const struct net_packet *packet, uint8_t protocol)
{
	uint8_t head[ICMP_HEADER_LEN];
	bool is_icmp = protocol == NET_PROTOCOL_ICMP || protocol == NET_PROTOCOL_ICMP6;

	if (r->number != protocol && (r->is_echo || r->number != LINUX_IPPROTO_RAW))
		return false;
	if (r->number == LINUX_IPPROTO_RAW || !is_icmp)
		return r->number != LINUX_IPPROTO_RAW; /* that one only sends */
	if (!net_packet_copy(packet, 0, head, sizeof(head)))
		return false;
	if (r->is_echo)
		return head[0] == (protocol == NET_PROTOCOL_ICMP ? ICMP_REPLY : ICMP6_REPLY) && wire_get16(head + 4) == r->local.port;
	if (protocol == NET_PROTOCOL_ICMP)
		return head[0] >= 32 || !(r->filter4 >> head[0] & 1);
	return !(r->filter6[head[0] / 8] >> head[0] % 8 & 1);
}

/* Raw sockets of IPv4 get the IP header, too. */
static struct net_packet *copy(const struct raw_socket *r, const struct net_packet *packet)
{
	const uint8_t *header = packet->buffer + packet->network_offset;
	size_t header_len = r->inet.is_ip6 || r->is_echo ? 0 : (size_t)(packet->data - header);
	struct net_packet *made = net_packet_new(packet->stack, NET_HEAD_ROOM, header_len + packet->len, 0);
	uint8_t *to = made ? net_packet_append(made, header_len + packet->len) : NULL;

	if (!to)
		return NULL;
	memcpy(to, header, header_len);
	net_packet_copy(packet, 0, to + header_len, packet->len);
	return made;
}

static void queue(struct raw_socket *r, const struct net_flow *flow, const struct net_packet *packet)
{
	struct raw_arrival arrival = {.local = flow->local, .remote = flow->remote, .interface_index = flow->interface->index, .ttl = flow->ttl,
				      .traffic_class = flow->traffic_class};
	struct net_packet *made;

	if (r->queued + packet->len + PACKET_OVERHEAD > r->inet.socket.receive_buffer)
		return;
	made = copy(r, packet);
	if (!made)
		return;
	memcpy(made->data - sizeof(arrival), &arrival, sizeof(arrival));
	list_push_back(&r->queue, &made->link);
	r->queued += made->len + PACKET_OVERHEAD;
	wait_wake(&r->inet.wait, 1, POLLIN | POLLRDNORM);
}

static bool input(struct net_stack *stack, const struct net_flow *flow, const struct net_packet *packet, uint8_t protocol)
{
	struct raw_socket *r;
	bool is_taken = false;

	list_for_each(r, &all, link) {
		if (!is_addressed(r, flow) || !is_wanted(r, packet, protocol))
			continue;
		queue(r, flow, packet);
		is_taken = true;
	}
	return is_taken;
}

void raw_add(struct raw_socket *r)
{
	r->inet.stack->tap = input;
	list_push_back(&all, &r->link);
}

void raw_remove(struct raw_socket *r)
{
	struct net_packet *packet, *next;

	list_remove(&r->link);
	list_for_each_safe(packet, next, &r->queue, link)
		net_packet_free(packet);
	if (list_empty(&all))
		r->inet.stack->tap = NULL;
}

static bool identifier_is_taken(const struct raw_socket *r, uint16_t identifier)
{
	const struct raw_socket *other;

	list_for_each(other, &all, link)
		if (other != r && other->is_echo && other->inet.is_ip6 == r->inet.is_ip6 && other->local.port == identifier)
			return true;
	return false;
}

int raw_take_identifier(struct raw_socket *r, uint16_t wanted)
{
	uint16_t first = (uint16_t)r->inet.stack->environment->random();

	if (wanted && identifier_is_taken(r, wanted))
		return -EADDRINUSE;
	for (unsigned i = 0; !wanted && i < 65536; i++) {
		uint16_t identifier = (uint16_t)(first + i);

		if (identifier && !identifier_is_taken(r, identifier))
			wanted = identifier;
	}
	if (!wanted)
		return -EADDRINUSE;
	r->local.port = wanted;
	return 0;
}

void raw_visit(inet_list_fn *give, void *context, bool is_echo)
{
	struct raw_socket *r;

	list_for_each(r, &all, link) {
		struct inet_listing l = {.local = r->local, .remote = r->remote, .state = 7, .unread = (uint32_t)r->queued};

		if (r->is_echo != is_echo)
			continue;
		inet_listing_of(&r->inet, &l);
		if (!is_echo)
			l.local.port = r->number;
		l.remote.port = is_echo ? r->remote.port : 0;
		give(context, &l);
	}
}

/* ---- Receiving ---- */

/* The first packet; of one that is only looked at, a copy. */
static struct net_packet *take(struct raw_socket *r, bool is_look_only)
{
	struct net_packet *packet = NULL, *first;

	if (list_empty(&r->queue)) /* without the lock: an event corrects it */
		return NULL;
	net_enter();
	if (!list_empty(&r->queue)) {
		first = packet = container_of(r->queue.next, struct net_packet, link);
		if (is_look_only) {
			packet = net_packet_copy_part(first, 0, first->len);
			if (packet)
				memcpy(packet->data - sizeof(struct raw_arrival), first->data - sizeof(struct raw_arrival), sizeof(struct raw_arrival));
		} else {
			list_remove(&packet->link);
			r->queued -= packet->len + PACKET_OVERHEAD;
		}
	}
	net_leave();
	return packet;
}

static struct net_packet *wait_for_one(struct raw_socket *r, const struct socket_message *message, int *error)
{
	struct socket *socket = &r->inet.socket;
	bool is_look_only = message->flags & LINUX_MSG_PEEK;
	struct net_packet *packet = take(r, is_look_only);
	struct waiter waiter;
	uint64_t deadline;
	int slept = 0;

	*error = -EAGAIN;
	if (packet || socket_is_nonblocking(socket, message->flags))
		return packet;
	deadline = inet_deadline(socket->receive_timeout_ns);
	wait_begin_exclusive(&waiter, &r->inet.wait);
	while (!(packet = take(r, is_look_only)) && !slept)
		slept = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	*error = inet_wait_result(slept, socket->receive_timeout_ns);
	return packet;
}

long raw_receive(struct socket *socket, struct socket_message *message)
{
	struct raw_socket *r = raw_of(socket);
	struct raw_arrival from;
	struct inet_end end;
	struct net_packet *packet;
	size_t len, whole;
	bool is_good;
	int error;

	message->name_len = 0;
	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	if (message->flags & LINUX_MSG_ERRQUEUE)
		return -EAGAIN;
	packet = wait_for_one(r, message, &error);
	if (!packet)
		return error;
	memcpy(&from, packet->data - sizeof(from), sizeof(from));
	whole = packet->len;
	len = min_u64(whole, message->io->left);
	is_good = io_vector_put(message->io, packet->data, len) == len;
	net_packet_free(packet); /* a copy, all in its own memory */
	if (!is_good)
		return -EFAULT;
	if (len < whole)
		message->flags_out |= LINUX_MSG_TRUNC;
	end = (struct inet_end){.address = from.remote, .scope = from.interface_index};
	message->name_len = inet_address_write(&r->inet, &end, message->name);
	inet_note_arrival(&r->inet, message, &(struct inet_arrival){.local = from.local, .interface_index = from.interface_index, .ttl = from.ttl,
								    .traffic_class = from.traffic_class});
	return (long)(message->flags & LINUX_MSG_TRUNC ? whole : len);
}
