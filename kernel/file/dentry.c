/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dentry cache. The table doubles as it fills; unused names are forgotten in the order of their last use when there are more
 * of them than memory allows. A dentry counts its parent, so that a place's whole path stays in memory.
 */
#include "kernel/file/dentry.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

struct spinlock name_lock = SPINLOCK_INIT;

enum { BUCKETS_MIN = 64, BUCKETS_MAX = 1 << 16 };

/* All guarded by name_lock. */
static struct dentry *first_buckets[BUCKETS_MIN];
static struct dentry **buckets = first_buckets;
static size_t nr_buckets = BUCKETS_MIN;
static size_t nr_hashed, nr_unused_max;
static struct list lru = LIST_INIT(lru);
static size_t nr_lru;

uint32_t dentry_hash(const char *name, size_t len)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash;
}

static struct dentry **bucket_of(const struct dentry *parent, uint32_t hash)
{
	uint64_t mix = (hash ^ ((uint64_t)(uintptr_t)parent >> 6)) * 0x9e3779b97f4a7c15ull;

	return &buckets[(mix >> 40) & (nr_buckets - 1)];
}

static void grow_table(void)
{
	struct dentry **old = buckets, **bigger;
	size_t old_count = nr_buckets;

	if (nr_hashed < nr_buckets * 2 || nr_buckets >= BUCKETS_MAX)
		return;
	bigger = heap_alloc_zero(nr_buckets * 4 * sizeof(struct dentry *));
	if (!bigger)
		return;
	buckets = bigger;
	nr_buckets *= 4;
	for (size_t i = 0; i < old_count; i++) {
		for (struct dentry *d = old[i], *next; d; d = next) {
			struct dentry **bucket = bucket_of(d->parent, d->hash);

			next = d->hash_next;
			d->hash_next = *bucket;
			*bucket = d;
		}
	}
	if (old != first_buckets)
		heap_free(old);
}

static void hash_insert(struct dentry *dentry)
{
	struct dentry **bucket;

	grow_table();
	bucket = bucket_of(dentry->parent, dentry->hash);
	dentry->hash_next = *bucket;
	*bucket = dentry;
	dentry->is_hashed = true;
	nr_hashed++;
}

static void hash_remove(struct dentry *dentry)
{
	struct dentry **link = bucket_of(dentry->parent, dentry->hash);

	while (*link != dentry)
		link = &(*link)->hash_next;
	*link = dentry->hash_next;
	dentry->is_hashed = false;
	nr_hashed--;
}

static void lru_remove(struct dentry *dentry)
{
	if (!list_empty(&dentry->lru)) {
		list_remove(&dentry->lru);
		nr_lru--;
	}
}

struct dentry *dentry_find_locked(struct dentry *parent, const char *name, size_t len, uint32_t hash)
{
	for (struct dentry *d = *bucket_of(parent, hash); d; d = d->hash_next)
		if (d->hash == hash && d->parent == parent && d->name_len == len && !memcmp(d->name, name, len)) {
			d->is_used = true;
			return d;
		}
	return NULL;
}

void dentry_get_locked(struct dentry *dentry)
{
	dentry->references++;
}

void dentry_put_locked(struct dentry *dentry, struct dead_names *dead)
{
	while (dentry && --dentry->references == 0) {
		struct dentry *parent = dentry->parent == dentry ? NULL : dentry->parent;

		if (dentry->is_hashed) {
			if (list_empty(&dentry->lru)) {
				list_push_back(&lru, &dentry->lru);
				nr_lru++;
			}
			return;
		}
		lru_remove(dentry);
		list_remove(&dentry->sibling);
		dentry->hash_next = dead->dentries;
		dead->dentries = dentry;
		dentry = parent;
	}
}

void dentry_unhash_locked(struct dentry *dentry, struct dead_names *dead)
{
	(void)dead;
	if (dentry->is_hashed)
		hash_remove(dentry);
	lru_remove(dentry);
}

static void dentry_free(struct dentry *dentry)
{
	inode_put(dentry->inode);
	if (dentry->name != dentry->inline_name)
		heap_free((void *)(uintptr_t)dentry->name);
	heap_free(dentry->link);
	heap_free(dentry);
}

void names_bury(struct dead_names *dead)
{
	while (dead->dentries) {
		struct dentry *dentry = dead->dentries;

		dead->dentries = dentry->hash_next;
		dentry_free(dentry);
	}
	while (dead->mounts) {
		struct mount *mount = dead->mounts;

		dead->mounts = mount->next_dead;
		mount_bury(mount);
	}
}

static bool set_name(struct dentry *dentry, const char *name, size_t len)
{
	char *to = len < DENTRY_INLINE_NAME ? dentry->inline_name : heap_alloc(len + 1);

	if (!to)
		return false;
	memcpy(to, name, len);
	to[len] = '\0';
	dentry->name = to;
	dentry->name_len = (uint16_t)len;
	dentry->hash = dentry_hash(name, len);
	return true;
}

static struct dentry *dentry_alloc(const char *name, size_t len, struct inode *inode)
{
	struct dentry *dentry = heap_alloc_zero(sizeof(*dentry));

	if (!dentry || !set_name(dentry, name, len)) {
		heap_free(dentry);
		inode_put(inode);
		return NULL;
	}
	dentry->inode = inode;
	dentry->references = 1;
	list_init(&dentry->lru);
	list_init(&dentry->children);
	list_init(&dentry->sibling);
	return dentry;
}

struct dentry *dentry_new(struct dentry *parent, const char *name, size_t len, struct inode *inode, bool hashed)
{
	struct dentry *dentry = dentry_alloc(name, len, inode);

	if (!dentry)
		return NULL;
	spin_lock(&name_lock);
	dentry->parent = parent;
	dentry->fs = parent->fs;
	parent->references++;
	list_push_front(&parent->children, &dentry->sibling);
	if (hashed)
		hash_insert(dentry);
	spin_unlock(&name_lock);
	return dentry;
}

struct dentry *dentry_new_root(struct inode *inode, const char *name, struct file_system *fs)
{
	struct dentry *dentry = dentry_alloc(name, strlen(name), inode);

	if (!dentry)
		return NULL;
	dentry->parent = dentry;
	dentry->fs = fs;
	return dentry;
}

int dentry_lookup(struct dentry *parent, const char *name, size_t len, struct dentry **found)
{
	struct inode *directory = parent->inode, *inode = NULL;
	struct dentry *dentry = NULL;
	int ret;

	if (!directory->ops->revalidate) {
		spin_lock(&name_lock);
		dentry = dentry_find_locked(parent, name, len, dentry_hash(name, len));
		if (dentry)
			dentry_get_locked(dentry);
		spin_unlock(&name_lock);
	}
	if (dentry) {
		*found = dentry;
		return 0;
	}
	if (!directory->ops->lookup)
		return -ENOTDIR;
	ret = directory->ops->lookup(directory, name, len, &inode);
	if (ret && ret != -ENOENT)
		return ret;
	dentry = dentry_new(parent, name, len, ret ? NULL : inode, !directory->ops->revalidate);
	if (!dentry)
		return -ENOMEM;
	*found = dentry;
	return 0;
}

void dentry_instantiate(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&name_lock);
	dentry->inode = inode;
	spin_unlock(&name_lock);
}

bool dentry_is_below_locked(const struct dentry *dentry, const struct dentry *ancestor)
{
	for (;; dentry = dentry->parent) {
		if (dentry == ancestor)
			return true;
		if (dentry->parent == dentry)
			return false;
	}
}

void dentry_move(struct dentry *dentry, struct dentry *parent, const char *name, size_t len)
{
	struct dead_names dead = {0};
	const char *old_name = dentry->name;
	char *long_name = len < DENTRY_INLINE_NAME ? NULL : heap_alloc(len + 1);

	spin_lock(&name_lock);
	if (dentry->is_hashed)
		hash_remove(dentry);
	if (dentry->parent != parent) {
		struct dentry *old_parent = dentry->parent;

		list_remove(&dentry->sibling);
		list_push_front(&parent->children, &dentry->sibling);
		parent->references++;
		dentry->parent = parent;
		dentry_put_locked(old_parent, &dead);
	}
	if (len >= DENTRY_INLINE_NAME && !long_name)
		len = 0; /* no memory for the name: it stays out of the table and is looked up again */
	if (old_name == dentry->inline_name)
		old_name = NULL;
	if (long_name)
		dentry->name = memcpy(long_name, name, len);
	else
		dentry->name = memmove(dentry->inline_name, name, len);
	((char *)(uintptr_t)dentry->name)[len] = '\0';
	dentry->name_len = (uint16_t)len;
	dentry->hash = dentry_hash(dentry->name, len);
	if (len)
		hash_insert(dentry);
	spin_unlock(&name_lock);
	heap_free((void *)(uintptr_t)old_name);
	names_bury(&dead);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *parent;
	struct dentry copy;

	spin_lock(&name_lock);
	if (a->is_hashed)
		hash_remove(a);
	if (b->is_hashed)
		hash_remove(b);
	parent = a->parent;
	a->parent = b->parent; /* counts of the parents stay as they are: each loses one and gains one */
	b->parent = parent;
	list_remove(&a->sibling);
	list_remove(&b->sibling);
	list_push_front(&a->parent->children, &a->sibling);
	list_push_front(&b->parent->children, &b->sibling);
	copy = *a;
	a->name = b->name == b->inline_name ? a->inline_name : b->name;
	memcpy(a->inline_name, b->inline_name, DENTRY_INLINE_NAME);
	b->name = copy.name == a->inline_name ? b->inline_name : copy.name;
	memcpy(b->inline_name, copy.inline_name, DENTRY_INLINE_NAME);
	a->name_len = b->name_len;
	b->name_len = copy.name_len;
	a->hash = b->hash;
	b->hash = copy.hash;
	hash_insert(a);
	hash_insert(b);
	spin_unlock(&name_lock);
}

/* Takes an unused dentry out of the table for good. */
static void discard(struct dentry *dentry, struct dead_names *dead)
{
	dentry->references = 1;
	hash_remove(dentry);
	dentry_put_locked(dentry, dead);
}

enum { PRUNE_BATCH = 64 };

/* True if it should be called again. */
static bool prune_batch(struct file_system *fs, struct dead_names *dead)
{
	size_t nr_found = 0;
	struct dentry *dentry, *next;

	spin_lock(&name_lock);
	list_for_each_safe(dentry, next, &lru, lru) {
		if (fs && dentry->fs != fs)
			continue;
		list_remove(&dentry->lru);
		nr_lru--;
		if (dentry->references)
			continue;
		discard(dentry, dead);
		nr_found++;
		/* Burying a dentry may have put its parent on the list's end: `next` may only have moved if it was the end itself. */
		if (nr_found == PRUNE_BATCH)
			break;
	}
	spin_unlock(&name_lock);
	return nr_found > 0;
}

void dentry_prune(struct file_system *fs)
{
	struct dead_names dead = {0};
	bool again;

	do {
		again = prune_batch(fs, &dead);
		names_bury(&dead);
		cpu_poll();
	} while (again);
}

/* How many unused names are kept: about a 1/64 of memory's worth. */
static size_t unused_max(void)
{
	struct page_counts pages;

	if (!nr_unused_max) {
		page_count(&pages);
		nr_unused_max = (size_t)max_u64(256, min_u64(pages.total / 4, 100000));
	}
	return nr_unused_max;
}

void dentry_trim(void)
{
	struct dead_names dead = {0};

	if (likely(nr_lru <= 256) || nr_lru <= unused_max())
		return;
	spin_lock(&name_lock);
	for (unsigned i = 0; i < PRUNE_BATCH * 2 && !list_empty(&lru); i++) {
		struct dentry *dentry = container_of(list_pop_front(&lru), struct dentry, lru);

		if (dentry->references) {
			nr_lru--; /* comes back when it is unused */
		} else if (dentry->is_used) {
			dentry->is_used = false;
			list_push_back(&lru, &dentry->lru);
		} else {
			nr_lru--;
			discard(dentry, &dead);
		}
	}
	spin_unlock(&name_lock);
	names_bury(&dead);
}

void dentry_forget_children(struct dentry *directory)
{
	struct dead_names dead = {0};
	struct dentry *child, *next;

	spin_lock(&name_lock);
	list_for_each_safe(child, next, &directory->children, sibling) {
		if (child->references || !child->is_hashed)
			continue;
		lru_remove(child);
		discard(child, &dead);
	}
	spin_unlock(&name_lock);
	names_bury(&dead);
}
