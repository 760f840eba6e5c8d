/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A large directory's names in memory: for each name a hash and the block that it is in, in a hash table with linear probing. Made
 * at the first search, kept up with changes, dropped with the inode. It only says where to look: the blocks are what counts.
 */
#include "kernel/fs/ext4/ext4.h"

enum { SLOTS_MIN = 512, EMPTY = 0, REMOVED = UINT32_MAX };

struct name_slot {
	uint32_t hash;
	uint32_t block; /* logical block + 1; EMPTY, REMOVED */
};

struct name_table {
	size_t nr_slots; /* a power of two */
	size_t nr_used;	 /* removed ones too */
	struct name_slot slots[];
};

static uint32_t hash_of(const char *name, size_t len)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static struct name_table *table_new(size_t nr_slots)
{
	struct name_table *table = heap_alloc_zero(sizeof(*table) + nr_slots * sizeof(table->slots[0]));

	if (table)
		table->nr_slots = nr_slots;
	return table;
}

static void insert(struct name_table *table, uint32_t hash, uint32_t block)
{
	size_t at = hash & (table->nr_slots - 1);

	while (table->slots[at].block != EMPTY)
		at = (at + 1) & (table->nr_slots - 1);
	table->slots[at] = (struct name_slot){.hash = hash, .block = block};
	table->nr_used++;
}

static bool grow(struct ext4_inode *directory)
{
	struct name_table *old = directory->names, *table = table_new(old->nr_slots * 2);

	if (!table)
		return false;
	for (size_t i = 0; i < old->nr_slots; i++)
		if (old->slots[i].block != EMPTY && old->slots[i].block != REMOVED)
			insert(table, old->slots[i].hash, old->slots[i].block);
	heap_free(old);
	directory->names = table;
	return true;
}

bool ext4_names_start(struct ext4_inode *directory)
{
	directory->names = table_new(SLOTS_MIN);
	return directory->names;
}

void ext4_names_drop(struct ext4_inode *directory)
{
	heap_free(directory->names);
	directory->names = NULL;
}

void ext4_names_add(struct ext4_inode *directory, const char *name, size_t len, uint64_t block)
{
	if (!directory->names)
		return;
	if ((directory->names->nr_used + 1) * 2 > directory->names->nr_slots && !grow(directory)) {
		ext4_names_drop(directory);
		return;
	}
	insert(directory->names, hash_of(name, len), (uint32_t)block + 1);
}

void ext4_names_remove(struct ext4_inode *directory, const char *name, size_t len, uint64_t block)
{
	struct name_table *table = directory->names;
	uint32_t hash = hash_of(name, len);

	if (!table)
		return;
	for (size_t at = hash & (table->nr_slots - 1); table->slots[at].block != EMPTY; at = (at + 1) & (table->nr_slots - 1))
		if (table->slots[at].hash == hash && table->slots[at].block == block + 1) {
			table->slots[at].block = REMOVED;
			return;
		}
}

bool ext4_names_next(const struct ext4_inode *directory, const char *name, size_t len, size_t *cursor, uint64_t *block)
{
	const struct name_table *table = directory->names;
	uint32_t hash = hash_of(name, len);

	for (; *cursor < table->nr_slots; ++*cursor) {
		const struct name_slot *slot = &table->slots[(hash + *cursor) & (table->nr_slots - 1)];

		if (slot->block == EMPTY)
			return false;
		if (slot->hash == hash && slot->block != REMOVED) {
			++*cursor;
			*block = slot->block - 1;
			return true;
		}
	}
	return false;
}
