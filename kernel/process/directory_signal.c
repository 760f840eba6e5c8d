/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * F_NOTIFY's watches on directories. One belongs to an open file and a descriptor table, as on Linux: whoever shares the table can end it, by closing a
 * descriptor of the file. It is found through the inode.
 */
#include "kernel/process/directory_signal.h"
#include "kernel/file/watch.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"

struct directory_watch {
	struct inode_watch base;
	struct file_watch *to;			/* borrowed: it ends us before it goes */
	const struct descriptor_table *table;	/* only compared */
	bool repeats;				/* DN_MULTISHOT */
};

static const struct {
	uint32_t asked, events;
} meanings[] = {
    {DN_ACCESS, WATCH_ACCESS}, {DN_MODIFY, WATCH_MODIFY}, {DN_CREATE, WATCH_CREATE | WATCH_MOVED_TO}, {DN_DELETE, WATCH_DELETE | WATCH_MOVED_FROM},
    {DN_RENAME, WATCH_RENAMED}, {DN_ATTRIB, WATCH_ATTRIBUTES},
};

uint32_t directory_signal_events(uint32_t mask)
{
	uint32_t events = 0;

	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (mask & meanings[i].asked)
			events |= meanings[i].events;
	return events;
}

static bool tell(struct inode_watch *base, const struct watch_event *event)
{
	const struct directory_watch *watch = container_of(base, struct directory_watch, base);

	file_signal_note_message(watch->to);
	return watch->repeats;
}

static void free_watch(struct inode_watch *base)
{
	heap_free(container_of(base, struct directory_watch, base));
}

/* The signal is there when the call that changed the file ends, as on Linux. */
static const struct watch_ops directory_ops = {.tell = tell, .told = file_signal_send_noted, .free = free_watch};

/* The next of the list that is of this file and table (NULL: any). */
static struct directory_watch *find_from(struct inode_watch *base, const struct file_watch *to, const struct descriptor_table *table)
{
	for (; base; base = base->next) {
		struct directory_watch *watch = container_of(base, struct directory_watch, base);

		if (base->ops == &directory_ops && watch->to == to && (!table || watch->table == table))
			return watch;
	}
	return NULL;
}

int directory_signal_begin(struct file_watch *to, struct file *file, const struct descriptor_table *table, uint32_t mask)
{
	struct directory_watch *made = heap_alloc_zero(sizeof(*made)), *watch;

	if (!made)
		return -ENOMEM;
	spin_lock(&watch_lock);
	watch = find_from(file->inode->watches, to, table);
	if (!watch) {
		watch = made;
		*watch = (struct directory_watch){.base.ops = &directory_ops, .to = to, .table = table};
		watch_insert_locked(&watch->base, file->inode);
	}
	watch->base.mask |= directory_signal_events(mask);
	watch->repeats |= (mask & DN_MULTISHOT) != 0;
	spin_unlock(&watch_lock);
	if (watch != made)
		heap_free(made);
	return 0;
}

void directory_signal_end(struct file_watch *to, struct file *file, const struct descriptor_table *table)
{
	struct directory_watch *watch;
	struct inode_watch *dead = NULL;

	if (!file->inode || !file->inode->watches)
		return;
	spin_lock(&watch_lock);
	while ((watch = find_from(file->inode->watches, to, table)))
		watch_take_locked(&watch->base, &dead);
	spin_unlock(&watch_lock);
	watch_bury(dead);
}
