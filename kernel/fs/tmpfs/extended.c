/* SPDX-License-Identifier: BSD-3-Clause */
/* tmpfs's extended attributes (xattr(7)): a list for each inode. With the inode's lock held. */
#include "kernel/fs/tmpfs/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { CREATE_ONLY = 1, REPLACE_ONLY = 2 };

static struct tmpfs_attribute **find(struct inode *inode, const char *name)
{
	struct tmpfs_attribute **link = &tmpfs_inode_of(inode)->attributes;

	while (*link && strcmp((*link)->name, name))
		link = &(*link)->next;
	return link;
}

static void attribute_free(struct tmpfs_attribute *attribute)
{
	heap_free(attribute->value);
	heap_free(attribute);
}

long tmpfs_get_xattr(struct inode *inode, const char *name, void *value, size_t size)
{
	struct tmpfs_attribute *attribute = *find(inode, name);

	if (!attribute)
		return -ENODATA;
	if (!size)
		return (long)attribute->size;
	if (size < attribute->size)
		return -ERANGE;
	memcpy(value, attribute->value, attribute->size);
	return (long)attribute->size;
}

int tmpfs_set_xattr(struct inode *inode, const char *name, const void *value, size_t size, int flags)
{
	struct tmpfs_attribute **old = find(inode, name), *made, *gone;
	size_t name_size = strlen(name) + 1;

	if (*old && (flags & CREATE_ONLY))
		return -EEXIST;
	if (!*old && (flags & REPLACE_ONLY))
		return -ENODATA;
	made = heap_alloc(sizeof(*made) + name_size);
	if (!made)
		return -ENOMEM;
	made->value = heap_alloc(size ? size : 1);
	if (!made->value) {
		heap_free(made);
		return -ENOMEM;
	}
	memcpy(made->name, name, name_size);
	memcpy(made->value, value, size);
	made->size = size;
	gone = *old;
	made->next = gone ? gone->next : NULL;
	*old = made;
	if (gone)
		attribute_free(gone);
	return 0;
}

long tmpfs_list_xattr(struct inode *inode, char *list, size_t size)
{
	size_t needed = 0;

	for (struct tmpfs_attribute *a = tmpfs_inode_of(inode)->attributes; a; a = a->next) {
		size_t len = strlen(a->name) + 1;

		if (size && needed + len > size)
			return -ERANGE;
		if (size)
			memcpy(list + needed, a->name, len);
		needed += len;
	}
	return (long)needed;
}

int tmpfs_remove_xattr(struct inode *inode, const char *name)
{
	struct tmpfs_attribute **link = find(inode, name), *gone = *link;

	if (!gone)
		return -ENODATA;
	*link = gone->next;
	attribute_free(gone);
	return 0;
}

void tmpfs_attributes_free(struct tmpfs_inode *inode)
{
	while (inode->attributes) {
		struct tmpfs_attribute *gone = inode->attributes;

		inode->attributes = gone->next;
		attribute_free(gone);
	}
}
