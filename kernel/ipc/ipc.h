/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the three kinds of System V IPC have in common (sysvipc(7)): keys, ids, owners, permissions.
 *
 * An id is a slot's number and above it a sequence number, so that an id that was removed is not soon that of another object.
 * A kind has one table, whose spin lock guards it and all its objects: nothing that is done under it takes long.
 */
#pragma once
#include "kernel/arch/spinlock.h"
#include "kernel/uapi/ipc.h"
#include "lib/rbtree.h"

/* The first member of each kind's object. */
struct ipc_object {
	int key, id;
	int first_key; /* the key it was made with, which removal takes from it */
	uint32_t uid, gid, creator_uid, creator_gid;
	uint32_t mode; /* permissions; shared memory: also SHM_DEST, SHM_LOCKED */
	struct rb_node key_node; /* in the table, unless the key is IPC_PRIVATE */
};

/* What /proc/sys/kernel sets; each is read without a lock. */
struct ipc_limits {
	uint64_t shmmax, shmall; /* bytes of a segment; pages of all */
	unsigned shmmni, msgmni, semmni; /* objects */
	unsigned msgmax, msgmnb; /* bytes of a message, of a queue */
	unsigned semmsl, semmns, semopm; /* semaphores of a set, of all; operations of a call */
	int shm_next_id, msg_next_id, sem_next_id; /* what the next object is to get, or as near as can be; -1: any */
};
extern struct ipc_limits ipc_limits;

struct ipc_table {
	struct spinlock lock;
	struct ipc_object **slots;
	unsigned nr_slots, nr_used;
	const unsigned *limit; /* objects at most: -ENOSPC */
	int *next_id;	   /* as in ipc_limits */
	unsigned last;	   /* slot of the object made last */
	bool was_used;	   /* an object has been made */
	unsigned sequence; /* of the next object, see above */
	struct rb_tree keys;
	/* A new object of that size, from the heap, zero up to what is the kind's own; NULL and *error. Lock held. */
	struct ipc_object *(*create)(uint64_t size, int flags, int *error);
	/* Whether an existing object will do for one who asks for the size: 0 or -EINVAL. Lock held. */
	int (*check_size)(const struct ipc_object *object, uint64_t size);
};

/* shmget(2) and its like: the id, or -EEXIST, -ENOENT, -EACCES, -ENOSPC, -ENOMEM, -EINVAL. Takes the lock. */
int64_t ipc_get(struct ipc_table *table, int key, uint64_t size, int flags) must_check;

/*
 * These find an object and return with the lock held; or NULL without it, and *error: -EINVAL, or what keeps the caller from it.
 * `mode` is what is asked for (0444, 0222; 0: nothing); ipc_lock_own asks for IPC_SET and IPC_RMID, ipc_lock_slot for *_STAT.
 */
struct ipc_object *ipc_lock(struct ipc_table *table, int id, unsigned mode, int *error);
struct ipc_object *ipc_lock_slot(struct ipc_table *table, int slot, unsigned mode, int *error);
struct ipc_object *ipc_lock_own(struct ipc_table *table, int id, int *error);

/* The rest with the lock held. */
struct ipc_object *ipc_find(struct ipc_table *table, int id);		   /* NULL: -EINVAL */
struct ipc_object *ipc_next(struct ipc_table *table, unsigned *slot);	   /* the first at or behind *slot, which it sets */
int ipc_last_slot(struct ipc_table *table);				   /* the highest used; 0 if there is none */
int ipc_permission(const struct ipc_object *object, unsigned mode) must_check; /* 0444, 0222: -EACCES */
void ipc_forget_key(struct ipc_table *table, struct ipc_object *object);   /* it cannot be found by its key any more */
void ipc_remove(struct ipc_table *table, struct ipc_object *object);	   /* from the table; the caller frees it */

void ipc_describe(const struct ipc_object *object, struct linux_ipc_perm *perm);
void ipc_set(struct ipc_object *object, const struct linux_ipc_perm *perm); /* IPC_SET's part of it */
int64_t ipc_now(void); /* seconds since 1970 */
