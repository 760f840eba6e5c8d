/* SPDX-License-Identifier: BSD-3-Clause */
/* pidfd_open(2): readable once the process has ended. */
#include "kernel/process/pidfd.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "lib/format.h"

static unsigned pidfd_poll(struct file *file, struct poll_table *table)
{
	struct process *process = file->private_data;

	if (table)
		table->add(table, &process->exit_wait);
	return __atomic_load_n(&process->is_zombie, __ATOMIC_ACQUIRE) ? POLLIN : 0;
}

static void pidfd_release(struct file *file)
{
	process_put(file->private_data);
}

static int pidfd_describe(struct file *file, char *to, size_t size)
{
	const struct process *process = file->private_data;

	return format_text(to, size, "Pid:\t%d\nNSpid:\t%d\n", process->pid, process->pid);
}

static const struct file_ops pidfd_ops = {
    .poll = pidfd_poll, .release = pidfd_release, .describe = pidfd_describe, .anonymous_name = "anon_inode:[pidfd]"};

int pidfd_new(struct process *process, int flags)
{
	struct file *file = file_new(&pidfd_ops, O_RDWR | flags, process);
	int fd;

	if (!file)
		return -ENOMEM;
	process_get(process);
	fd = descriptor_add(file, 0, true);
	if (fd < 0)
		file_put(file);
	return fd;
}

static int (*folder_hook)(struct file *file, struct process **process);

void pidfd_set_folder_hook(int (*process_of_folder)(struct file *file, struct process **process))
{
	folder_hook = process_of_folder;
}

int pidfd_or_folder_process(struct file *file, struct process **process)
{
	*process = pidfd_process(file);
	if (*process)
		return 0;
	return folder_hook ? folder_hook(file, process) : -EBADF;
}

struct process *pidfd_process(struct file *file)
{
	struct process *process = file->ops == &pidfd_ops ? file->private_data : NULL;

	if (process)
		process_get(process);
	return process;
}
