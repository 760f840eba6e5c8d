/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/PID/fd and fdinfo: the open files of a process. */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

/* The descriptor table of a node's process with a reference; NULL if it has none. */
static struct descriptor_table *table_get(const struct proc_node *node)
{
	struct descriptor_table *table = NULL;
	struct process *process;
	struct task *task = NULL;

	spin_lock(&process_tree_lock);
	process = proc_process_locked(node);
	if (node->tid)
		task = task_find(node->tid);
	else if (process && !list_empty(&process->tasks))
		task = container_of(process->tasks.next, struct task, process_node);
	if (task)
		table = task->descriptors;
	if (table)
		descriptor_table_get(table);
	spin_unlock(&process_tree_lock);
	return table;
}

/* The file of a number, with a reference; NULL: not open. */
static struct file *file_of(const struct proc_node *node, int fd)
{
	struct descriptor_table *table = table_get(node);
	struct file *file = NULL;

	if (!table)
		return NULL;
	if (descriptor_next(table, fd, &file) != fd && file) {
		file_put(file);
		file = NULL;
	}
	descriptor_table_put(table);
	return file;
}

int proc_fds_lookup(struct proc_node *folder, const char *name, size_t len, struct inode **found)
{
	int fd = proc_parse_number(name, len), ret;
	bool is_info = folder->kind == PROC_FDINFOS;
	struct proc_node *node;
	struct file *file = fd < 0 ? NULL : file_of(folder, fd);
	uint32_t access;

	if (!file)
		return -ENOENT;
	access = (file->mode & MAY_READ ? 0500 : 0100) | (file->mode & MAY_WRITE ? 0200 : 0);
	file_put(file);
	ret = proc_node_new(folder->inode.fs, is_info ? PROC_FDINFO : PROC_FD, is_info ? S_IFREG | 0444 : S_IFLNK | access, folder->pid, folder->tid, &node);
	if (ret)
		return ret;
	node->start_ns = folder->start_ns;
	node->fd = fd;
	node->inode.uid = folder->inode.uid;
	node->inode.gid = folder->inode.gid;
	*found = &node->inode;
	return 0;
}

int proc_fds_read(struct proc_node *folder, uint64_t *position, struct directory_sink *sink)
{
	struct descriptor_table *table = table_get(folder);
	struct file *file;
	int fd = (int)(*position - 2);

	if (!table)
		return 0;
	while ((fd = descriptor_next(table, fd, &file)) >= 0) {
		char name[12];
		int len = format_text(name, sizeof(name), "%d", fd);

		file_put(file);
		if (!sink->add(sink, name, (size_t)len, 300000 + (uint64_t)fd, folder->kind == PROC_FDS ? LINUX_DT_LNK : LINUX_DT_REG, (uint64_t)fd + 3))
			break;
		fd++;
		*position = (uint64_t)fd + 2;
	}
	descriptor_table_put(table);
	return 0;
}

int proc_fd_path(struct proc_node *node, struct path *to)
{
	struct file *file = file_of(node, node->fd);
	int ret = -ENOENT;

	if (!file)
		return ret;
	ret = file_to_path(file, to);
	file_put(file);
	return ret;
}

int proc_fd_text(struct proc_node *node, char **target)
{
	struct file *file = file_of(node, node->fd);
	char *text = heap_alloc(4096);
	long len = -ENOMEM;

	if (file && text)
		len = file_to_text(file, text, 4096);
	else if (!file)
		len = -ENOENT;
	if (file)
		file_put(file);
	if (len < 0)
		heap_free(text);
	else
		*target = text;
	return len < 0 ? (int)len : 0;
}

int proc_fdinfo_show(struct proc_node *node, struct proc_text *to)
{
	struct file *file = file_of(node, node->fd);
	char more[512];

	if (!file)
		return -ENOENT;
	proc_print(to, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n", (unsigned long long)file->position, (unsigned)file->flags, 21,
	    (unsigned long long)(file->inode ? file->inode->number : 0));
	if (file->ops->describe && file->ops->describe(file, more, sizeof(more)) > 0)
		proc_print(to, "%s", more);
	file_put(file);
	return 0;
}
