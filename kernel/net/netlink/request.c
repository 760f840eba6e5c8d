/* SPDX-License-Identifier: BSD-3-Clause */
/* From requests to handlers, and what comes back: answers, dumps with their end, acknowledgements and errors (netlink(7)). */
#include "kernel/net/netlink/netlink.h"

LINKER_SET_DECLARE(netlink_handler, struct netlink_handler);

bool netlink_has_protocol(int protocol)
{
	for (const struct netlink_handler *const *p = LINKER_SET_BEGIN(netlink_handler); p < LINKER_SET_END(netlink_handler); p++)
		if ((*p)->protocol == protocol)
			return true;
	return false;
}

static bool fits(const struct netlink_handler *handler, uint8_t protocol, uint16_t type)
{
	return handler->protocol == protocol && handler->type == type;
}

/* The handler of the family, otherwise that of all families. */
static const struct netlink_handler *find(uint8_t protocol, uint16_t type, uint8_t family)
{
	const struct netlink_handler *of_all = NULL;

	for (const struct netlink_handler *const *p = LINKER_SET_BEGIN(netlink_handler); p < LINKER_SET_END(netlink_handler); p++) {
		if (!fits(*p, protocol, type))
			continue;
		if ((*p)->family == family)
			return *p;
		if ((*p)->family == LINUX_AF_UNSPEC)
			of_all = *p;
	}
	return of_all;
}

int netlink_read(const struct netlink_request *request, void *header, size_t header_len, struct netlink_attribute *table, unsigned max)
{
	size_t padded = align_up(header_len, 4);

	memset(header, 0, header_len);
	memcpy(header, request->body, min_u64(header_len, request->len));
	return netlink_parse(request->body + min_u64(padded, request->len), request->len - min_u64(padded, request->len), table, max);
}

static int dump_one(struct netlink_request *request, const struct netlink_handler *handler)
{
	if (request->is_strict && request->len < handler->header_len)
		return -EINVAL;
	return handler->all(request);
}

/* Whatever families have something of the type; how many handlers there were. */
static int dump_all_families(struct netlink_request *request, uint8_t protocol, int *nr)
{
	int error = 0;

	for (const struct netlink_handler *const *p = LINKER_SET_BEGIN(netlink_handler); p < LINKER_SET_END(netlink_handler) && !error; p++) {
		if (!fits(*p, protocol, request->type) || !(*p)->all)
			continue;
		(*nr)++;
		error = dump_one(request, *p);
	}
	return error;
}

static void end_dump(struct netlink_writer *writer, int error)
{
	int32_t *body = netlink_begin(writer, LINUX_NLMSG_DONE, sizeof(*body));

	*body = error;
	netlink_end(writer);
}

/* An error becomes part of the end of the dump; only where nothing can be dumped is it answered as one. */
static int dump(struct netlink_request *request, const struct netlink_session *session)
{
	const struct netlink_handler *handler = find(session->protocol, request->type, request->family);
	int nr = 0, error;

	if (session->is_dumping)
		return -EBUSY;
	if (handler && !handler->all)
		return -EOPNOTSUPP;
	request->reply->flags = LINUX_NLM_F_MULTI;
	if (handler) {
		error = dump_one(request, handler);
	} else {
		error = dump_all_families(request, session->protocol, &nr);
		if (!nr)
			return -EOPNOTSUPP;
	}
	end_dump(request->reply, error);
	return 0;
}

static int handle_one(struct netlink_request *request, const struct netlink_session *session)
{
	const struct netlink_handler *handler = find(session->protocol, request->type, request->family);

	if (!handler || !handler->one)
		return -EOPNOTSUPP;
	if (request->len < handler->header_len)
		return -EINVAL;
	return handler->one(request);
}

/* NLMSG_ERROR: the error and the message that it is about, only its header where it went well, or was asked for no more. */
static void acknowledge(struct netlink_writer *writer, const struct netlink_session *session, const uint8_t *bytes, const struct linux_nlmsghdr *header, int error)
{
	bool is_whole = error && !session->caps_acks && header->len <= NETLINK_MESSAGE_MAX - 64;
	size_t echoed = is_whole ? header->len : sizeof(*header);
	int32_t *body;

	writer->flags = is_whole ? 0 : LINUX_NLM_F_CAPPED;
	body = netlink_begin(writer, LINUX_NLMSG_ERROR, sizeof(*body));
	*body = error;
	netlink_put_raw(writer, bytes, echoed);
	netlink_end(writer);
}

static bool is_get(uint16_t type)
{
	return (type - LINUX_RTM_NEWLINK) % 4 == 2;
}

/* Whether the request was a dump is told through *is_dump. */
static int handle(struct netlink_request *request, const struct netlink_session *session, bool *is_dump)
{
	bool may_dump = session->protocol != LINUX_NETLINK_ROUTE || is_get(request->type);

	if (request->len < 1)
		return 0;
	request->family = request->body[0];
	if (session->protocol == LINUX_NETLINK_SOCK_DIAG && !find(session->protocol, request->type, request->family))
		return -ENOENT; /* there, none speaks for all families */
	if (session->protocol == LINUX_NETLINK_ROUTE && request->type > LINUX_RTM_MAX)
		return -EOPNOTSUPP;
	if (session->protocol == LINUX_NETLINK_ROUTE && !is_get(request->type) && !session->may_change)
		return -EPERM;
	if (may_dump && request->flags & LINUX_NLM_F_DUMP) {
		int error = dump(request, session);

		*is_dump = !error;
		return error;
	}
	return handle_one(request, session);
}

static void handle_message(struct netlink_writer *writer, const struct netlink_session *session, const uint8_t *bytes, const struct linux_nlmsghdr *header)
{
	struct netlink_request request = {
	    .stack = writer->stack, .reply = writer, .type = header->type, .flags = header->flags, .is_strict = session->is_strict,
	    .body = bytes + sizeof(*header), .len = header->len - sizeof(*header),
	};
	bool is_dump = false;
	int error = 0;

	if (!(header->flags & LINUX_NLM_F_REQUEST))
		return;
	writer->sequence = header->seq;
	writer->port = session->port;
	writer->flags = 0;
	if (header->type >= LINUX_NLMSG_MIN_TYPE)
		error = handle(&request, session, &is_dump);
	if (error || (header->flags & LINUX_NLM_F_ACK && !is_dump))
		acknowledge(writer, session, bytes, header, error);
}

int netlink_handle(struct net_stack *stack, const struct netlink_session *session, const uint8_t *bytes, size_t len, struct list *pieces)
{
	struct netlink_writer *writer = netlink_writer_new(stack);
	struct linux_nlmsghdr header;
	size_t step;
	int error;

	if (!writer)
		return -ENOMEM;
	writer->piece_size = session->piece_size;
	for (; (step = netlink_next(bytes, len, &header)) != 0; bytes += step, len -= step)
		handle_message(writer, session, bytes, &header);
	error = writer->error;
	while (!error && !list_empty(&writer->pieces))
		list_push_back(pieces, list_pop_front(&writer->pieces));
	netlink_writer_free(writer);
	return error;
}
