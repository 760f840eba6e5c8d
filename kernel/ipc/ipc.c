/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys, ids and permissions of System V IPC. */
#include "kernel/ipc/ipc.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/time.h"
#include "lib/string.h"

#define SLOT_BITS 15
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define SEQUENCE_MAX (INT32_MAX >> SLOT_BITS)
#define SLOTS_AT_FIRST 16
#define MODE_MASK 0777u

struct ipc_limits ipc_limits = {
	.shmmax = LINUX_SHMMAX,
	.shmall = LINUX_SHMALL,
	.shmmni = LINUX_SHMMNI,
	.msgmni = LINUX_MSGMNI,
	.semmni = LINUX_SEMMNI,
	.msgmax = LINUX_MSGMAX,
	.msgmnb = LINUX_MSGMNB,
	.semmsl = LINUX_SEMMSL,
	.semmns = LINUX_SEMMNI * LINUX_SEMMSL,
	.semopm = LINUX_SEMOPM,
	.shm_next_id = -1,
	.msg_next_id = -1,
	.sem_next_id = -1,
};

int64_t ipc_now(void)
{
	return (int64_t)(clock_realtime_ns() / NS_PER_SECOND);
}

/* ---- Keys ---- */

static struct ipc_object *of_node(struct rb_node *node)
{
	return container_of(node, struct ipc_object, key_node);
}

static struct ipc_object *find_key(struct ipc_table *table, int key)
{
	struct rb_node *node = table->keys.root;

	while (node && of_node(node)->key != key)
		node = key < of_node(node)->key ? node->left : node->right;
	return node ? of_node(node) : NULL;
}

static void enter_key(struct ipc_table *table, struct ipc_object *object)
{
	struct rb_node **link = &table->keys.root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = object->key < of_node(parent)->key ? &parent->left : &parent->right;
	}
	rb_insert(&table->keys, &object->key_node, parent, link);
}

void ipc_forget_key(struct ipc_table *table, struct ipc_object *object)
{
	if (object->key != LINUX_IPC_PRIVATE)
		rb_remove(&table->keys, &object->key_node);
	object->key = LINUX_IPC_PRIVATE;
}

/* ---- Slots and ids ---- */

static int resize(struct ipc_table *table, unsigned wanted)
{
	struct ipc_object **slots = heap_resize(table->slots, wanted * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	memset(slots + table->nr_slots, 0, (wanted - table->nr_slots) * sizeof(*slots));
	table->slots = slots;
	table->nr_slots = wanted;
	return 0;
}

/* For one more object, in the slot of the id that is asked for, if one is. */
static int make_room(struct ipc_table *table)
{
	unsigned wanted = table->nr_slots ? table->nr_slots : SLOTS_AT_FIRST;

	if (table->nr_used >= *table->limit)
		return -ENOSPC;
	if (table->nr_used == table->nr_slots && table->nr_slots)
		wanted *= 2;
	if (*table->next_id >= 0)
		while (wanted <= ((unsigned)*table->next_id & SLOT_MASK) || wanted == table->nr_used)
			wanted *= 2;
	return wanted > table->nr_slots ? resize(table, wanted) : 0;
}

static unsigned free_slot(const struct ipc_table *table, unsigned from)
{
	while (from < table->nr_slots && table->slots[from])
		from++;
	return from;
}

/* The lowest free slot; there is one. Whoever goes back to a slot gets the next sequence number. */
static void enter_slot(struct ipc_table *table, struct ipc_object *object)
{
	unsigned wanted = (unsigned)*table->next_id, slot = table->nr_slots;
	unsigned sequence;

	if (*table->next_id >= 0)
		slot = free_slot(table, wanted & SLOT_MASK);
	sequence = wanted >> SLOT_BITS;
	if (slot == table->nr_slots) {
		slot = free_slot(table, 0);
		if (table->was_used && slot <= table->last)
			table->sequence = table->sequence == SEQUENCE_MAX ? 0 : table->sequence + 1;
		sequence = table->sequence;
		table->last = slot;
		table->was_used = true;
	}
	*table->next_id = -1;
	table->slots[slot] = object;
	table->nr_used++;
	object->id = (int)(sequence << SLOT_BITS | slot);
}

static struct ipc_object *at_slot(struct ipc_table *table, int slot)
{
	return slot >= 0 && (unsigned)slot < table->nr_slots ? table->slots[slot] : NULL;
}

struct ipc_object *ipc_find(struct ipc_table *table, int id)
{
	struct ipc_object *object = id < 0 ? NULL : at_slot(table, id & (int)SLOT_MASK);

	return object && object->id == id ? object : NULL;
}

struct ipc_object *ipc_next(struct ipc_table *table, unsigned *slot)
{
	while (*slot < table->nr_slots && !table->slots[*slot])
		(*slot)++;
	return *slot < table->nr_slots ? table->slots[*slot] : NULL;
}

int ipc_last_slot(struct ipc_table *table)
{
	int last = 0;

	for (unsigned slot = 0; ipc_next(table, &slot); slot++)
		last = (int)slot;
	return last;
}

void ipc_remove(struct ipc_table *table, struct ipc_object *object)
{
	ipc_forget_key(table, object);
	table->slots[object->id & (int)SLOT_MASK] = NULL;
	table->nr_used--;
}

/* ---- Permissions ---- */

/* The execute bits of a mode mean nothing: `mode` is asked for in all three classes, and one of them answers. */
int ipc_permission(const struct ipc_object *object, unsigned mode)
{
	const struct credentials *c = credentials_current();
	unsigned wanted = (mode >> 6 | mode >> 3 | mode) & 7, granted = object->mode;

	if (c->euid == object->creator_uid || c->euid == object->uid)
		granted >>= 6;
	else if (credentials_in_group(c, object->creator_gid) || credentials_in_group(c, object->gid))
		granted >>= 3;
	return (wanted & ~granted) && !task_is_capable(CAPABILITY_IPC_OWNER) ? -EACCES : 0;
}

static int check_owner(const struct ipc_object *object)
{
	uint32_t euid = credentials_current()->euid;

	return euid == object->creator_uid || euid == object->uid || task_is_capable(CAPABILITY_SYS_ADMIN) ? 0 : -EPERM;
}

/* What the three ways to an object end with: lock held, `object` is what was found. */
static struct ipc_object *decide(struct ipc_table *table, struct ipc_object *object, int ret, int *error)
{
	*error = ret;
	if (!ret)
		return object;
	spin_unlock(&table->lock);
	return NULL;
}

struct ipc_object *ipc_lock(struct ipc_table *table, int id, unsigned mode, int *error)
{
	struct ipc_object *object;

	spin_lock(&table->lock);
	object = ipc_find(table, id);
	return decide(table, object, object ? ipc_permission(object, mode) : -EINVAL, error);
}

struct ipc_object *ipc_lock_slot(struct ipc_table *table, int slot, unsigned mode, int *error)
{
	struct ipc_object *object;

	spin_lock(&table->lock);
	object = at_slot(table, slot & (int)SLOT_MASK); /* an id will do */
	return decide(table, object, object ? ipc_permission(object, mode) : -EINVAL, error);
}

struct ipc_object *ipc_lock_own(struct ipc_table *table, int id, int *error)
{
	struct ipc_object *object;

	spin_lock(&table->lock);
	object = ipc_find(table, id);
	return decide(table, object, object ? check_owner(object) : -EINVAL, error);
}

void ipc_describe(const struct ipc_object *object, struct linux_ipc_perm *perm)
{
	*perm = (struct linux_ipc_perm){
		.key = object->key,
		.uid = object->uid,
		.gid = object->gid,
		.cuid = object->creator_uid,
		.cgid = object->creator_gid,
		.mode = object->mode,
		.seq = (uint16_t)(object->id >> SLOT_BITS),
	};
}

void ipc_set(struct ipc_object *object, const struct linux_ipc_perm *perm)
{
	object->uid = perm->uid;
	object->gid = perm->gid;
	object->mode = (object->mode & ~MODE_MASK) | (perm->mode & MODE_MASK);
}

/* ---- Finding and making ---- */

static int64_t create_locked(struct ipc_table *table, int key, uint64_t size, int flags)
{
	const struct credentials *c = credentials_current();
	struct ipc_object *object;
	int error = make_room(table);

	object = error ? NULL : table->create(size, flags, &error);
	if (!object)
		return error;
	object->key = object->first_key = key;
	object->mode = (unsigned)flags & MODE_MASK;
	object->uid = object->creator_uid = c->euid;
	object->gid = object->creator_gid = c->egid;
	enter_slot(table, object);
	if (key != LINUX_IPC_PRIVATE)
		enter_key(table, object);
	return object->id;
}

static int64_t open_locked(struct ipc_table *table, const struct ipc_object *object, uint64_t size, int flags)
{
	int ret = (flags & LINUX_IPC_CREAT) && (flags & LINUX_IPC_EXCL) ? -EEXIST : 0;

	if (!ret)
		ret = table->check_size(object, size);
	if (!ret)
		ret = ipc_permission(object, (unsigned)flags & MODE_MASK);
	return ret ? ret : object->id;
}

int64_t ipc_get(struct ipc_table *table, int key, uint64_t size, int flags)
{
	struct ipc_object *object;
	int64_t ret;

	spin_lock(&table->lock);
	object = key == LINUX_IPC_PRIVATE ? NULL : find_key(table, key);
	if (object)
		ret = open_locked(table, object, size, flags);
	else if (key == LINUX_IPC_PRIVATE || (flags & LINUX_IPC_CREAT))
		ret = create_locked(table, key, size, flags);
	else
		ret = -ENOENT;
	spin_unlock(&table->lock);
	return ret;
}
