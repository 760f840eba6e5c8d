/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of Unix sockets: paths (an inode of type socket points to its owner) and abstract names (a list). */
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/net/socket/unix.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

#define FAMILY_LEN offsetof(struct linux_sockaddr_un, path)

static struct spinlock names_lock;
static struct list abstract_names = LIST_INIT(abstract_names);

static bool is_abstract(const struct linux_sockaddr_un *address)
{
	return address->path[0] == '\0';
}

void unix_name_put(struct unix_name *name)
{
	if (!name || __atomic_sub_fetch(&name->references, 1, __ATOMIC_ACQ_REL))
		return;
	if (name->inode)
		inode_put(name->inode);
	heap_free(name);
}

/* With names_lock held. */
static struct unix_name *abstract_find(const struct linux_sockaddr_un *address, size_t len)
{
	struct unix_name *name;

	list_for_each(name, &abstract_names, node) {
		if (name->len == len && !memcmp(name->address.path, address->path, len - FAMILY_LEN))
			return name;
	}
	return NULL;
}

static int bind_abstract(struct unix_name *name)
{
	int ret = -EADDRINUSE;

	spin_lock(&names_lock);
	if (!abstract_find(&name->address, name->len)) {
		list_push_back(&abstract_names, &name->node);
		ret = 0;
	}
	spin_unlock(&names_lock);
	return ret;
}

static int bind_path(struct unix_name *name)
{
	struct path path = {0};
	int ret = path_mknod(NULL, name->address.path, S_IFSOCK | 0777, 0);

	if (ret)
		return ret == -EEXIST ? -EADDRINUSE : ret;
	ret = path_walk(NULL, name->address.path, 0, &path);
	if (ret)
		return ret;
	name->inode = path_inode(&path);
	inode_get(name->inode);
	path_put(&path);
	spin_lock(&names_lock);
	name->inode->socket = name;
	spin_unlock(&names_lock);
	return 0;
}

/* A name chosen for the socket: five hexadecimal digits (unix(7), autobind). */
static void choose_name(struct unix_name *name)
{
	static uint32_t counter;

	name->address.path[0] = '\0';
	format_text(name->address.path + 1, 6, "%05x", __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED) & 0xfffff);
	name->len = FAMILY_LEN + 6;
}

int unix_name_bind(struct unix_socket *s, const void *address, size_t len)
{
	struct unix_name *name;
	int ret;

	if (len < FAMILY_LEN || len > sizeof(name->address))
		return -EINVAL;
	if (s->name)
		return -EINVAL;
	name = heap_alloc_zero(sizeof(*name) + 1); /* a path of full length has its NUL behind */
	if (!name)
		return -ENOMEM;
	name->references = 1;
	name->owner = s;
	name->len = len;
	list_init(&name->node);
	memcpy(&name->address, address, len);
	if (name->address.family != LINUX_AF_UNIX) {
		heap_free(name);
		return -EINVAL;
	}
	if (len == FAMILY_LEN)
		choose_name(name);
	if (is_abstract(&name->address)) {
		ret = bind_abstract(name);
	} else {
		name->len = FAMILY_LEN + strnlen(name->address.path, sizeof(name->address.path)) + 1;
		ret = bind_path(name);
	}
	if (ret)
		unix_name_put(name);
	else
		__atomic_store_n(&s->name, name, __ATOMIC_RELEASE);
	return ret;
}

static struct unix_socket *take_owner(struct unix_name *name)
{
	struct unix_socket *owner = name ? name->owner : NULL;

	if (owner)
		unix_get(owner);
	return owner;
}

static int find_path(const struct linux_sockaddr_un *address, struct unix_socket **found)
{
	struct path path = {0};
	struct inode *inode;
	int ret = path_walk(NULL, address->path, WALK_FOLLOW, &path);

	if (ret)
		return ret;
	inode = path_inode(&path);
	ret = inode_permission(inode, MAY_WRITE);
	if (!ret && (inode->mode & S_IFMT) != S_IFSOCK)
		ret = -ECONNREFUSED;
	if (!ret) {
		spin_lock(&names_lock);
		*found = take_owner(inode->socket);
		spin_unlock(&names_lock);
	}
	path_put(&path);
	return ret;
}

int unix_name_find(const void *address, size_t len, int type, struct unix_socket **found)
{
	struct linux_sockaddr_un copy[2] = {{0}}; /* the second is the NUL behind a full path */
	int ret = 0;

	*found = NULL;
	if (len <= FAMILY_LEN || len > sizeof(copy[0]))
		return -EINVAL;
	memcpy(copy, address, len);
	if (copy[0].family != LINUX_AF_UNIX)
		return -EINVAL;
	if (is_abstract(copy)) {
		spin_lock(&names_lock);
		*found = take_owner(abstract_find(copy, len));
		spin_unlock(&names_lock);
	} else {
		ret = find_path(copy, found);
	}
	if (!ret && !*found)
		ret = -ECONNREFUSED;
	if (!ret && (*found)->socket.type != type) {
		unix_put(*found);
		*found = NULL;
		ret = -EPROTOTYPE;
	}
	return ret;
}

void unix_name_release(struct unix_socket *s)
{
	struct unix_name *name = s->name;

	if (!name)
		return;
	spin_lock(&names_lock);
	if (name->owner == s) { /* an accepted connection carries its listener's name */
		name->owner = NULL;
		list_remove(&name->node);
		if (name->inode && name->inode->socket == name)
			name->inode->socket = NULL;
	}
	spin_unlock(&names_lock);
}
