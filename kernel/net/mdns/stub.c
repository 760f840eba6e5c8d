/* SPDX-License-Identifier: BSD-3-Clause */
/* The stub resolver: takes programs' questions, and has them answered by the links or by a name server (forward.c). */
#include "kernel/net/mdns/internal.h"

static bool is_asked(const struct mdns_question *question)
{
	return !list_empty(&question->link);
}

void stub_request_end(struct stub_request *request)
{
	struct mdns_stub *stub = request->stub;

	for (unsigned i = 0; i < request->nr_asked; i++)
		if (is_asked(&request->asked[i]))
			mdns_ask_cancel(&request->asked[i]);
	net_timer_cancel(stub->stack, &request->timer);
	list_remove(&request->link);
	stub->nr_requests--;
	net_free(stub->stack, request);
}

/* ---- Answering ---- */

static bool is_wanted(const struct dns_question *q, const struct net_address *address)
{
	return q->type == DNS_TYPE_ANY || q->type == (net_address_is_ip4(address) ? DNS_TYPE_A : DNS_TYPE_AAAA);
}

void stub_answer(struct stub_request *request, uint16_t code, const struct net_address *addresses, unsigned nr)
{
	uint8_t bytes[DNS_UDP_MAX];
	struct dns_writer w;

	dns_start(&w, bytes, sizeof(bytes), request->id, (uint16_t)(DNS_IS_RESPONSE | DNS_RECURSION_DESIRED | DNS_RECURSION_AVAILABLE | code));
	dns_put_question(&w, &request->question);
	for (unsigned i = 0; i < nr; i++)
		if (is_wanted(&request->question, &addresses[i]))
			dns_put_address(&w, &request->question.name, DNS_CLASS_IN, 0, &addresses[i]);
	if (!w.has_overflowed)
		mdns_send(request->stub->udp, &request->client, bytes, w.len, request->stub->stack);
	stub_request_end(request);
}

/* ---- Asking the links ---- */

static bool all_have_answered(const struct stub_request *request)
{
	for (unsigned i = 0; i < request->nr_asked; i++)
		if (is_asked(&request->asked[i]))
			return false;
	return true;
}

static void link_answered(struct mdns_question *question, const struct net_address *addresses, unsigned nr)
{
	struct stub_request *request = question->owner;

	if (nr)
		stub_answer(request, DNS_NO_ERROR, addresses, nr);
	else if (all_have_answered(request))
		stub_answer(request, DNS_NO_SUCH_NAME, NULL, 0);
}

static void ask_links(struct stub_request *request)
{
	struct mdns_stub *stub = request->stub;

	for (unsigned i = 0; i < stub->nr_links; i++) {
		request->asked[i] = (struct mdns_question){.name = &request->local_name, .owner = request, .answered = link_answered};
		request->nr_asked++;
		mdns_ask(stub->links[i], &request->asked[i]);
	}
}

/* ---- Requests of programs ---- */

static struct stub_request *new_request(struct mdns_stub *stub, const struct udp_message *client, const uint8_t *message, size_t len)
{
	struct stub_request *request;

	if (stub->nr_requests == STUB_REQUESTS_MAX)
		return NULL;
	request = net_alloc_zero(stub->stack, sizeof(*request));
	if (!request)
		return NULL;
	request->stub = stub;
	request->client = *client;
	request->len = len;
	memcpy(request->message, message, len);
	list_push_back(&stub->requests, &request->link);
	stub->nr_requests++;
	return request;
}

/* What is no question is not answered; whoever asks too much at once asks again. */
static void take_request(struct mdns_stub *stub, const struct udp_message *client, const uint8_t *message, size_t len)
{
	struct dns_question question;
	struct stub_request *request;
	struct dns_reader r;

	if (!dns_open(&r, message, len) || r.flags & DNS_IS_RESPONSE || r.questions != 1 || !dns_next_question(&r, &question))
		return;
	request = new_request(stub, client, message, len);
	if (!request)
		return;
	request->id = r.id;
	request->question = question;
	request->local_name = question.name;
	if (r.flags & DNS_OPCODE)
		stub_answer(request, DNS_NOT_IMPLEMENTED, NULL, 0);
	else if (stub->nr_links && question.class == DNS_CLASS_IN && dns_name_is_local(&request->local_name))
		ask_links(request);
	else
		stub_forward(request);
}

static void receive_all(struct net_work *work)
{
	struct mdns_stub *stub = container_of(work, struct mdns_stub, work);
	struct udp_message client;
	uint8_t bytes[DNS_UDP_MAX];
	size_t len;

	while ((len = mdns_take(stub->udp, &client, bytes, sizeof(bytes))) != 0)
		take_request(stub, &client, bytes, len);
	stub_receive_upstream(stub);
}

/* ---- Start and end ---- */

static void on_event(void *owner, unsigned events)
{
	struct mdns_stub *stub = owner;

	net_put_off(stub->stack, &stub->work);
}

static bool open_sockets(struct mdns_stub *stub)
{
	struct net_address address = net_address_of_ip4(MDNS_STUB_ADDRESS), any = net_address_of_ip4(0);

	stub->udp = udp_new(stub->stack, on_event, stub);
	stub->upstream = udp_new(stub->stack, on_event, stub);
	return stub->udp && stub->upstream && udp_bind(stub->udp, &address, 53) == 0 && udp_bind(stub->upstream, &any, 0) == 0;
}

struct mdns_stub *mdns_stub_start(struct net_stack *stack, mdns_server_fn *server)
{
	struct mdns_stub *stub = net_alloc_zero(stack, sizeof(*stub));

	if (!stub)
		return NULL;
	stub->stack = stack;
	stub->server = server;
	stub->work.run = receive_all;
	list_init(&stub->work.link);
	list_init(&stub->requests);
	if (open_sockets(stub))
		return stub;
	mdns_stub_stop(stub);
	return NULL;
}

void mdns_stub_add_link(struct mdns_stub *stub, struct mdns_link *link)
{
	if (stub->nr_links < STUB_LINKS_MAX)
		stub->links[stub->nr_links++] = link;
}

void mdns_stub_stop(struct mdns_stub *stub)
{
	struct stub_request *request, *next;

	list_for_each_safe(request, next, &stub->requests, link)
		stub_request_end(request);
	list_remove(&stub->work.link);
	udp_close(stub->udp);
	udp_close(stub->upstream);
	net_free(stub->stack, stub);
}
