/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions about Unix sockets (sock_diag(7)): all in some states, or the one with a number. */
#include "kernel/net/netlink/netlink.h"
#include "kernel/net/socket/unix_list.h"
#include "kernel/uapi/sock_diag.h"

struct question {
	struct netlink_request *request;
	struct linux_unix_diag_req body;
	bool is_for_one, is_answered;
};

static uint8_t state_of(const struct unix_listing *l)
{
	return l->is_listening ? LINUX_TCP_LISTEN : l->is_connected ? LINUX_TCP_ESTABLISHED : LINUX_TCP_CLOSE;
}

static void put_place(struct netlink_writer *reply, const struct unix_listing *l)
{
	const uint32_t place[2] = {(uint32_t)l->name_inode, (uint32_t)l->name_device};

	netlink_put(reply, LINUX_UNIX_DIAG_VFS, place, sizeof(place));
}

static void put_queues(struct netlink_writer *reply, const struct unix_listing *l)
{
	const uint32_t queues[2] = {l->is_listening ? l->nr_pending : l->unread, l->is_listening ? l->backlog : 0};

	netlink_put(reply, LINUX_UNIX_DIAG_RQLEN, queues, sizeof(queues));
}

static void put_socket(struct netlink_writer *reply, const struct unix_listing *l, uint32_t show)
{
	struct linux_unix_diag_msg *body = netlink_begin(reply, LINUX_SOCK_DIAG_BY_FAMILY, sizeof(*body));

	*body = (struct linux_unix_diag_msg){
	    .family = LINUX_AF_UNIX, .type = (uint8_t)l->type, .state = state_of(l), .inode = (uint32_t)l->inode,
	    .cookie = {(uint32_t)l->inode, (uint32_t)(l->inode >> 32)}, /* numbers are used once */
	};
	if (show & LINUX_UDIAG_SHOW_NAME && l->name_len)
		netlink_put(reply, LINUX_UNIX_DIAG_NAME, l->name, l->name_len);
	if (show & LINUX_UDIAG_SHOW_VFS && l->name_inode)
		put_place(reply, l);
	if (show & LINUX_UDIAG_SHOW_PEER && l->is_connected)
		netlink_put_u32(reply, LINUX_UNIX_DIAG_PEER, (uint32_t)l->peer_inode);
	if (show & LINUX_UDIAG_SHOW_RQLEN)
		put_queues(reply, l);
	if (show & LINUX_UDIAG_SHOW_UID)
		netlink_put_u32(reply, LINUX_UNIX_DIAG_UID, l->uid);
	netlink_put_u8(reply, LINUX_UNIX_DIAG_SHUTDOWN, l->shut);
	netlink_end(reply);
}

static void give_if_wanted(void *context, const struct unix_listing *l)
{
	struct question *q = context;

	if (q->is_for_one ? l->inode != q->body.inode : !(q->body.states >> state_of(l) & 1))
		return;
	put_socket(q->request->reply, l, q->body.show);
	q->is_answered = true;
}

static int ask(struct netlink_request *request, struct question *q)
{
	if (request->len < sizeof(q->body))
		return -EINVAL;
	memcpy(&q->body, request->body, sizeof(q->body));
	if (q->is_for_one && !q->body.inode)
		return -EINVAL;
	unix_list(give_if_wanted, q);
	return q->is_for_one && !q->is_answered ? -ENOENT : 0;
}

static int dump_sockets(struct netlink_request *request)
{
	struct question q = {.request = request};

	return ask(request, &q);
}

static int find_socket(struct netlink_request *request)
{
	struct question q = {.request = request, .is_for_one = true};

	return ask(request, &q);
}

NETLINK_HANDLER(unix_diag) = {
    .protocol = LINUX_NETLINK_SOCK_DIAG, .type = LINUX_SOCK_DIAG_BY_FAMILY, .family = LINUX_AF_UNIX, .header_len = sizeof(struct linux_unix_diag_req),
    .one = find_socket, .all = dump_sockets,
};
