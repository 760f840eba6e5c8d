/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions that are passed on: with an id of our own, unpredictable as the port is, and answered by the server that was asked or not at all (RFC 5452 §9).
 * A server that is silent is followed by the next; after two rounds nobody knows.
 */
#include "kernel/net/mdns/internal.h"

#define SERVER_PATIENCE (2 * NET_SECOND)
#define ROUNDS		2

static bool is_id_used(const struct mdns_stub *stub, uint16_t id)
{
	struct stub_request *request;

	list_for_each(request, &stub->requests, link)
		if (!request->nr_asked && request->forward_id == id)
			return true;
	return false;
}

static uint16_t new_id(const struct mdns_stub *stub)
{
	uint16_t id;

	do {
		id = (uint16_t)stub->stack->environment->random();
	} while (!id || is_id_used(stub, id));
	return id;
}

static void send_to_server(struct stub_request *request)
{
	struct udp_message to = {.remote = request->server_address, .remote_port = 53};

	wire_put16(request->message, request->forward_id);
	mdns_send(request->stub->upstream, &to, request->message, request->len, request->stub->stack);
	net_timer_set(request->stub->stack, &request->timer, request->stub->stack->now_ns + SERVER_PATIENCE);
}

/* The servers in turn; false: all had their chances. The stub itself is none, though it is in the machine's list. */
static bool choose_server(struct stub_request *request)
{
	struct net_address stub_itself = net_address_of_ip4(MDNS_STUB_ADDRESS);

	while (request->tries < ROUNDS) {
		if (!request->stub->server(request->server++, &request->server_address)) {
			request->server = 0;
			request->tries++;
		} else if (!net_address_equal(&request->server_address, &stub_itself)) {
			return true;
		}
	}
	return false;
}

static void next_server(struct stub_request *request)
{
	if (choose_server(request))
		send_to_server(request);
	else
		stub_answer(request, DNS_SERVER_FAILURE, NULL, 0);
}

static void on_silence(struct net_timer *timer)
{
	next_server(container_of(timer, struct stub_request, timer));
}

void stub_forward(struct stub_request *request)
{
	request->timer.fire = on_silence;
	request->forward_id = new_id(request->stub);
	next_server(request);
}

static struct stub_request *find_request(struct mdns_stub *stub, const struct udp_message *from, struct dns_reader *r)
{
	struct dns_question question;
	struct stub_request *request;

	if (from->remote_port != 53 || !(r->flags & DNS_IS_RESPONSE) || !dns_next_question(r, &question))
		return NULL;
	list_for_each(request, &stub->requests, link)
		if (!request->nr_asked && request->forward_id == r->id && net_address_equal(&request->server_address, &from->remote) &&
		    dns_name_equal(&request->question.name, &question.name) && request->question.type == question.type)
			return request;
	return NULL;
}

/* The answer as it came, with the program's id. */
static void pass_back(struct stub_request *request, const struct net_packet *answer)
{
	struct mdns_stub *stub = request->stub;
	struct net_packet *packet = udp_packet_new(stub->stack, answer->len);

	if (packet && net_packet_copy(answer, 0, packet->data, answer->len)) {
		wire_put16(packet->data, request->id);
		(void)udp_send(stub->udp, &request->client, packet);
	} else {
		net_packet_free(packet);
	}
	stub_request_end(request);
}

void stub_receive_upstream(struct mdns_stub *stub)
{
	struct stub_request *request;
	uint8_t head[DNS_UDP_MAX]; /* the question is in there */
	struct net_packet *packet;
	struct udp_message from;
	struct dns_reader r;
	size_t len;

	while ((packet = udp_receive(stub->upstream, &from)) != NULL) {
		len = min_u64(packet->len, sizeof(head));
		if (net_packet_copy(packet, 0, head, len) && dns_open(&r, head, len) && (request = find_request(stub, &from, &r)) != NULL)
			pass_back(request, packet);
		net_packet_free(packet);
	}
}
