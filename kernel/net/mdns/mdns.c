/* SPDX-License-Identifier: BSD-3-Clause */
/* A link: answering for our name, and asking for others' (RFC 6762). */
#include "kernel/net/mdns/internal.h"
#include "kernel/net/ip4/ip4.h"

struct mdns_link {
	struct net_stack *stack;
	struct net_interface *interface;
	struct udp_socket *udp;
	struct net_work work;
	struct dns_name name;
	struct list questions;
};

void mdns_send(struct udp_socket *udp, const struct udp_message *to, const uint8_t *bytes, size_t len, struct net_stack *stack)
{
	struct net_packet *packet = udp_packet_new(stack, len);

	if (!packet)
		return;
	memcpy(packet->data, bytes, len);
	(void)udp_send(udp, to, packet);
}

size_t mdns_take(struct udp_socket *udp, struct udp_message *from, uint8_t *bytes, size_t size)
{
	struct net_packet *packet;
	size_t len = 0;

	while (!len && (packet = udp_receive(udp, from)) != NULL) {
		if (packet->len <= size && net_packet_copy(packet, 0, bytes, packet->len))
			len = packet->len;
		net_packet_free(packet);
	}
	return len;
}

static void send_to_group(struct mdns_link *link, const struct dns_writer *w)
{
	struct udp_message group = {.remote = net_address_of_ip4(MDNS_GROUP), .remote_port = MDNS_PORT};

	if (!w->has_overflowed)
		mdns_send(link->udp, &group, w->bytes, w->len, link->stack);
}

/* ---- Answering ---- */

/* The i-th of the interface's addresses, of all versions of IP. */
static bool our_address(const struct mdns_link *link, unsigned i, struct net_address *address)
{
	for (unsigned v = 0; v < NET_NR_NETWORKS; v++) {
		const struct net_network *network = link->stack->network[v];

		if (!network || !network->address_at)
			continue;
		for (unsigned n = 0; network->address_at(link->interface, n, address); n++)
			if (i-- == 0)
				return true;
	}
	return false;
}

static bool is_about_us(const struct mdns_link *link, const struct dns_question *q)
{
	uint16_t class = q->class & (uint16_t)~DNS_CLASS_TOP_BIT;

	return dns_name_equal(&q->name, &link->name) && (class == DNS_CLASS_IN || class == DNS_CLASS_ANY) &&
	       (q->type == DNS_TYPE_A || q->type == DNS_TYPE_AAAA || q->type == DNS_TYPE_ANY);
}

/* All addresses, whichever version was asked for: who asks learns that there is none of the other (§6.2). */
static void tell_our_addresses(struct mdns_link *link)
{
	uint8_t bytes[DNS_MESSAGE_MAX];
	struct net_address address;
	struct dns_writer w;

	dns_start(&w, bytes, sizeof(bytes), 0, DNS_IS_RESPONSE | DNS_IS_AUTHORITATIVE);
	for (unsigned i = 0; i < MDNS_ANSWERS_MAX && our_address(link, i, &address); i++)
		dns_put_address(&w, &link->name, DNS_CLASS_IN | DNS_CLASS_TOP_BIT, MDNS_TTL, &address);
	send_to_group(link, &w);
}

static void receive_query(struct mdns_link *link, struct dns_reader *r)
{
	struct dns_question q;

	while (dns_next_question(r, &q)) {
		if (is_about_us(link, &q)) {
			tell_our_addresses(link);
			return;
		}
	}
}

/* ---- Asking ---- */

static bool record_address(const struct dns_record *record, struct net_address *address)
{
	if ((record->class & ~DNS_CLASS_TOP_BIT) != DNS_CLASS_IN)
		return false;
	if (record->type == DNS_TYPE_A && record->len == 4)
		*address = net_address_of_ip4(wire_get32(record->data));
	else if (record->type == DNS_TYPE_AAAA && record->len == 16)
		memcpy(address->byte, record->data, 16);
	else
		return false;
	return true;
}

static void finish(struct mdns_question *question, const struct net_address *addresses, unsigned nr)
{
	mdns_ask_cancel(question);
	question->answered(question, addresses, nr);
}

/* Finds in a response the addresses of one name. */
static unsigned collect(const struct dns_reader *response, const struct dns_name *name, struct net_address *addresses)
{
	struct dns_reader r = *response;
	struct dns_record record;
	unsigned nr = 0;

	while (nr < MDNS_ANSWERS_MAX && dns_next_record(&r, &record))
		if (dns_name_equal(&record.name, name) && record_address(&record, &addresses[nr]))
			nr++;
	return nr;
}

static void receive_response(struct mdns_link *link, const struct dns_reader *r)
{
	struct net_address addresses[MDNS_ANSWERS_MAX];
	struct mdns_question *question, *next;

	list_for_each_safe(question, next, &link->questions, link) {
		unsigned nr = collect(r, question->name, addresses);

		if (nr)
			finish(question, addresses, nr);
	}
}

static void send_question(struct mdns_question *question)
{
	struct dns_question q = {.name = *question->name, .type = DNS_TYPE_ANY, .class = DNS_CLASS_IN};
	uint8_t bytes[DNS_UDP_MAX];
	struct dns_writer w;

	dns_start(&w, bytes, sizeof(bytes), 0, 0);
	dns_put_question(&w, &q);
	send_to_group(question->asked, &w);
	net_timer_set(question->asked->stack, &question->timer, question->asked->stack->now_ns + (MDNS_ASK_AGAIN << question->tries));
}

static void answer_ourselves(struct mdns_question *question)
{
	struct net_address addresses[MDNS_ANSWERS_MAX];
	unsigned nr = 0;

	while (nr < MDNS_ANSWERS_MAX && our_address(question->asked, nr, &addresses[nr]))
		nr++;
	finish(question, addresses, nr);
}

static void on_time(struct net_timer *timer)
{
	struct mdns_question *question = container_of(timer, struct mdns_question, timer);

	if (question->is_ours)
		answer_ourselves(question);
	else if (++question->tries == MDNS_ASK_MAX)
		finish(question, NULL, 0);
	else
		send_question(question);
}

void mdns_ask(struct mdns_link *link, struct mdns_question *question)
{
	question->asked = link;
	question->tries = 0;
	question->timer = (struct net_timer){.fire = on_time};
	question->is_ours = dns_name_equal(question->name, &link->name);
	list_push_back(&link->questions, &question->link);
	if (question->is_ours)
		net_timer_set(link->stack, &question->timer, link->stack->now_ns);
	else
		send_question(question);
}

void mdns_ask_cancel(struct mdns_question *question)
{
	net_timer_cancel(question->asked->stack, &question->timer);
	list_remove(&question->link);
	list_init(&question->link);
}

/* ---- Start and end ---- */

/* Only what came through this interface counts; who is no neighbour answers from another port than 5353, and is not heard (§6, §11). */
static void receive_all(struct net_work *work)
{
	struct mdns_link *link = container_of(work, struct mdns_link, work);
	struct udp_message message;
	uint8_t bytes[DNS_MESSAGE_MAX];
	struct dns_reader r;
	size_t len;

	while ((len = mdns_take(link->udp, &message, bytes, sizeof(bytes))) != 0) {
		if (message.interface_index != link->interface->index || !dns_open(&r, bytes, len) || r.flags & DNS_OPCODE)
			continue;
		if (!(r.flags & DNS_IS_RESPONSE))
			receive_query(link, &r);
		else if (message.remote_port == MDNS_PORT)
			receive_response(link, &r);
	}
}

static void on_event(void *owner, unsigned events)
{
	struct mdns_link *link = owner;

	net_put_off(link->stack, &link->work);
}

static bool open_socket(struct mdns_link *link)
{
	struct net_address any = net_address_of_ip4(0);
	struct udp_settings *settings;

	link->udp = udp_new(link->stack, on_event, link);
	if (!link->udp)
		return false;
	settings = udp_settings(link->udp);
	settings->reuse_address = settings->reuse_port = true;
	settings->multicast_ttl = 255; /* §11 */
	settings->multicast_interface = settings->bound = link->interface;
	return udp_bind(link->udp, &any, MDNS_PORT) == 0 && ip4_group_join(link->stack, link->interface, MDNS_GROUP) == 0;
}

struct mdns_link *mdns_start(struct net_interface *interface, const char *host_name)
{
	struct mdns_link *link = net_alloc_zero(interface->stack, sizeof(*link));

	if (!link)
		return NULL;
	link->stack = interface->stack;
	link->interface = interface;
	link->work.run = receive_all;
	list_init(&link->work.link);
	list_init(&link->questions);
	if (dns_name_local(&link->name, host_name) && open_socket(link))
		return link;
	udp_close(link->udp);
	net_free(interface->stack, link);
	return NULL;
}

void mdns_stop(struct mdns_link *link)
{
	struct mdns_question *question, *next;

	if (!link)
		return;
	list_for_each_safe(question, next, &link->questions, link)
		finish(question, NULL, 0);
	(void)ip4_group_leave(link->stack, link->interface, MDNS_GROUP);
	list_remove(&link->work.link);
	udp_close(link->udp);
	net_free(link->stack, link);
}
