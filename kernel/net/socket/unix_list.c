/* SPDX-License-Identifier: BSD-3-Clause */
/* All Unix sockets, for those who ask which there are. */
#include "kernel/net/socket/unix_list.h"
#include "kernel/net/socket/unix.h"
#include "lib/string.h"

static struct spinlock list_lock; /* before that of a socket */
static struct list sockets = LIST_INIT(sockets);

void unix_list_add(struct unix_socket *s)
{
	spin_lock(&list_lock);
	list_push_back(&sockets, &s->list_node);
	spin_unlock(&list_lock);
}

void unix_list_remove(struct unix_socket *s)
{
	spin_lock(&list_lock);
	list_remove(&s->list_node);
	spin_unlock(&list_lock);
}

static void note_name(struct unix_listing *l, const struct unix_name *name)
{
	size_t family_len = offsetof(struct linux_sockaddr_un, path);

	l->name = name->address.path;
	l->name_len = name->len - family_len;
	if (!name->inode)
		return;
	l->name_inode = name->inode->number;
	l->name_device = name->inode->fs->device;
}

/* A name, once given, is never changed, and stays as long as the socket is listed. */
static void describe(struct unix_socket *s, struct unix_listing *l)
{
	const struct unix_name *name = __atomic_load_n(&s->name, __ATOMIC_ACQUIRE);

	spin_lock(&s->lock);
	*l = (struct unix_listing){
	    .type = s->socket.type, .is_listening = s->socket.is_listening, .is_connected = s->peer, .shut = (uint8_t)(s->read_shut | s->write_shut << 1),
	    .references = s->references, .uid = s->cred.uid, .unread = (uint32_t)s->queued, .nr_pending = s->nr_pending, .backlog = s->backlog,
	    .inode = s->is_closed ? 0 : s->socket.inode, .peer_inode = s->peer && !s->peer->is_closed ? s->peer->socket.inode : 0,
	};
	spin_unlock(&s->lock);
	if (name)
		note_name(l, name);
}

void unix_list(unix_list_fn *give, void *context)
{
	struct unix_listing listing;
	struct unix_socket *s;

	spin_lock(&list_lock);
	list_for_each(s, &sockets, list_node) {
		describe(s, &listing);
		if (listing.references && !s->is_closed)
			give(context, &listing);
	}
	spin_unlock(&list_lock);
}
