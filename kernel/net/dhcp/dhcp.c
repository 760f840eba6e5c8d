/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client's states (RFC 2131 §4.4, figure 5):
 *
 *	SELECTING --offer--> REQUESTING --ack--> BOUND --T1--> RENEWING --T2--> REBINDING --end of the lease--> SELECTING
 *	a NAK leads from each of the later ones to SELECTING; an ACK from the last two back to BOUND
 */
#include "kernel/net/dhcp/internal.h"

enum state { SELECTING, REQUESTING, BOUND, RENEWING, REBINDING };

#define BROADCAST 0xffffffffu
#define ASK_MAX (64 * NET_SECOND)
#define REQUESTS_MAX 4
#define SILENCE (10 * NET_SECOND)

struct dhcp_client {
	struct net_stack *stack;
	struct net_interface *interface;
	struct udp_socket *udp;
	struct net_work work;
	struct net_timer timer;
	dhcp_event_fn *event;
	void *owner;
	char host_name[64];
	enum state state;
	uint32_t transaction;
	unsigned asked; /* in this state */
	uint64_t begun_ns, bound_ns;
	bool has_told, has_lease;
	struct dhcp_lease lease; /* held, or offered */
};

static void send_message(struct dhcp_client *c, uint8_t type)
{
	bool is_unicast = c->state == RENEWING || type == DHCP_RELEASE;
	struct udp_message message = {.remote = net_address_of_ip4(is_unicast ? c->lease.server : BROADCAST), .remote_port = DHCP_SERVER_PORT};
	struct dhcp_question q = {.type = type, .transaction = c->transaction, .hardware = c->interface->hardware, .host_name = c->host_name,
				  .seconds = (uint16_t)min_u64((c->stack->now_ns - c->begun_ns) / NET_SECOND, 65535)};
	uint8_t bytes[DHCP_MESSAGE_MAX];
	struct net_packet *packet;
	size_t len;

	if (c->has_lease)
		q.client = c->lease.address;
	if (c->state == REQUESTING)
		q.wanted = c->lease.address;
	if (c->state == REQUESTING || type == DHCP_RELEASE)
		q.server = c->lease.server;
	len = dhcp_message_put(bytes, &q);
	packet = udp_packet_new(c->stack, len);
	if (!packet)
		return; /* the timer tries again */
	memcpy(packet->data, bytes, len);
	(void)udp_send(c->udp, &message, packet);
}

/* 4, 8, ... 64 s, each a second more or less (§4.1); the first two sooner, since a machine that boots waits for it. */
static uint64_t next_ask(struct dhcp_client *c)
{
	uint64_t wait = min_u64(NET_SECOND << min_u64(c->asked, 6), ASK_MAX);

	return c->stack->now_ns + wait - wait / 8 + c->stack->environment->random() % (wait / 4);
}

static void ask(struct dhcp_client *c)
{
	uint64_t at = next_ask(c), end = c->bound_ns + (c->state == RENEWING ? c->lease.rebind_s : c->lease.lease_s) * NET_SECOND;

	if (c->state == RENEWING || c->state == REBINDING)
		at = min_u64(at + 60 * NET_SECOND, end); /* §4.4.5 */
	c->asked++;
	net_timer_set(c->stack, &c->timer, at);
	send_message(c, c->state == SELECTING ? DHCP_DISCOVER : DHCP_REQUEST);
}

static void enter(struct dhcp_client *c, enum state state)
{
	c->state = state;
	c->asked = 0;
	if (state == SELECTING || state == RENEWING) {
		c->transaction = (uint32_t)c->stack->environment->random();
		c->begun_ns = c->stack->now_ns;
	}
	ask(c);
}

static void drop_lease(struct dhcp_client *c)
{
	if (!c->has_lease)
		return;
	c->has_lease = false;
	if (c->lease.router)
		(void)ip4_route_remove(c->stack, 0, 0, c->lease.router);
	(void)ip4_address_remove(c->stack, c->interface, c->lease.address);
}

static void lose(struct dhcp_client *c)
{
	bool had = c->has_lease;

	drop_lease(c);
	if (had && c->event)
		c->event(c->owner, DHCP_LOST, &c->lease);
	enter(c, SELECTING);
}

static void fire(struct net_timer *timer)
{
	struct dhcp_client *c = container_of(timer, struct dhcp_client, timer);
	uint64_t held = c->stack->now_ns - c->bound_ns;

	if (c->has_lease && held >= c->lease.lease_s * NET_SECOND) {
		lose(c);
	} else if (c->state == BOUND) {
		enter(c, RENEWING);
	} else if (c->state == RENEWING && held >= c->lease.rebind_s * NET_SECOND) {
		enter(c, REBINDING);
	} else if (c->state == REQUESTING && c->asked >= REQUESTS_MAX) {
		enter(c, SELECTING);
	} else {
		if (!c->has_lease && !c->has_told && c->stack->now_ns - c->begun_ns >= SILENCE && c->event) {
			c->has_told = true;
			c->event(c->owner, DHCP_NO_ANSWER, NULL);
		}
		ask(c);
	}
}

static bool set_lease(struct dhcp_client *c)
{
	struct ip4_route route = {.gateway = c->lease.router, .interface = c->interface, .mtu = c->lease.mtu >= 576 ? c->lease.mtu : 0};
	int error = ip4_address_add(c->stack, c->interface, c->lease.address, c->lease.prefix);

	if (error && error != -EEXIST)
		return false;
	/* A router that is not on the link cannot be used; the network itself can. */
	if (route.gateway && ip4_route_add(c->stack, &route) == -ENOMEM)
		return false;
	return true;
}

static void take_ack(struct dhcp_client *c, const struct dhcp_lease *lease)
{
	bool is_renewal = c->has_lease && lease->address == c->lease.address && lease->router == c->lease.router && lease->prefix == c->lease.prefix;

	if (!is_renewal)
		drop_lease(c);
	c->lease = *lease;
	c->bound_ns = c->stack->now_ns;
	if (!is_renewal && !set_lease(c)) {
		enter(c, SELECTING);
		return;
	}
	c->has_lease = true;
	c->state = BOUND;
	net_timer_set(c->stack, &c->timer, c->bound_ns + lease->renew_s * NET_SECOND);
	if (c->event)
		c->event(c->owner, is_renewal ? DHCP_RENEWED : DHCP_BOUND, &c->lease);
}

static void take_answer(struct dhcp_client *c, const uint8_t *bytes, size_t len)
{
	struct dhcp_lease lease;
	uint8_t type = dhcp_message_parse(bytes, len, c->transaction, c->interface->hardware, &lease);
	bool is_usable = lease.address && lease.server && !ip4_is_multicast(lease.address) && !ip4_is_loopback(lease.address) && lease.address != BROADCAST;

	if (type == DHCP_NAK && c->state != SELECTING && c->state != BOUND && (c->state != REQUESTING || lease.server == c->lease.server))
		lose(c);
	if (!type || !is_usable)
		return;
	if (type == DHCP_OFFER && c->state == SELECTING) {
		c->lease = lease;
		enter(c, REQUESTING);
	} else if (type == DHCP_ACK && c->state != SELECTING && c->state != BOUND) {
		take_ack(c, &lease);
	}
}

/* Put off from the arrival, which is within a call of UDP's. */
static void receive(struct net_work *work)
{
	struct dhcp_client *c = container_of(work, struct dhcp_client, work);
	struct udp_message from;
	struct net_packet *packet;
	uint8_t bytes[1500];

	while ((packet = udp_receive(c->udp, &from))) {
		size_t len = min_u64(packet->len, sizeof(bytes));

		net_packet_copy(packet, 0, bytes, len);
		net_packet_free(packet);
		if (from.remote_port == DHCP_SERVER_PORT && len >= DHCP_HEADER)
			take_answer(c, bytes, len);
	}
	(void)udp_error(c->udp);
}

static void has_come(void *owner, unsigned events)
{
	struct dhcp_client *c = owner;

	net_put_off(c->stack, &c->work);
}

struct dhcp_client *dhcp_start(struct net_interface *interface, const char *host_name, dhcp_event_fn *event, void *owner)
{
	struct dhcp_client *c = net_alloc_zero(interface->stack, sizeof(*c));
	struct net_address any = net_address_of_ip4(0);

	if (!c)
		return NULL;
	*c = (struct dhcp_client){.stack = interface->stack, .interface = interface, .event = event, .owner = owner, .work.run = receive, .timer.fire = fire};
	list_init(&c->work.link);
	if (host_name)
		memcpy(c->host_name, host_name, strnlen(host_name, sizeof(c->host_name) - 1));
	c->udp = udp_new(c->stack, has_come, c);
	if (!c->udp) {
		net_free(c->stack, c);
		return NULL;
	}
	udp_settings(c->udp)->may_broadcast = udp_settings(c->udp)->reuse_address = true;
	udp_settings(c->udp)->bound = interface;
	if (udp_bind(c->udp, &any, DHCP_CLIENT_PORT)) {
		udp_close(c->udp);
		net_free(c->stack, c);
		return NULL;
	}
	enter(c, SELECTING);
	return c;
}

void dhcp_stop(struct dhcp_client *c)
{
	if (!c)
		return;
	if (c->has_lease)
		send_message(c, DHCP_RELEASE);
	drop_lease(c);
	net_timer_cancel(c->stack, &c->timer);
	list_remove(&c->work.link);
	udp_close(c->udp);
	net_free(c->stack, c);
}
