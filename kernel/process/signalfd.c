/* SPDX-License-Identifier: BSD-3-Clause */
/* signalfd(2): pending signals of the reader, read as records. */
#include "kernel/mem/heap.h"
#include "kernel/process/internal.h"
#include "kernel/process/pidfd.h"
#include "kernel/process/signal_wait.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "lib/format.h"

struct linux_signalfd_siginfo { /* 128 bytes */
	uint32_t signo;
	int32_t error, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t tid, band, overrun, trapno;
	int32_t status, integer;
	uint64_t pointer, utime, stime, address;
	uint16_t address_lsb, pad2;
	int32_t syscall;
	uint64_t call_address;
	uint32_t arch;
	uint8_t pad[28];
};

static void convert(const struct linux_siginfo *from, struct linux_signalfd_siginfo *to)
{
	*to = (struct linux_signalfd_siginfo){.signo = (uint32_t)from->signo, .error = from->error, .code = from->code};
	if (from->code == LINUX_SI_TIMER) {
		to->tid = (uint32_t)from->timer.id;
		to->overrun = (uint32_t)from->timer.overrun;
		to->pointer = from->timer.value;
		to->integer = (int32_t)from->timer.value;
		return;
	}
	if (from->code > 0 && from->code != LINUX_SI_KERNEL && from->signo != LINUX_SIGCHLD) {
		to->address = from->fault.address;
		return;
	}
	to->pid = (uint32_t)from->process.pid;
	to->uid = from->process.uid;
	if (from->signo == LINUX_SIGCHLD) {
		to->status = from->process.status;
		to->utime = (uint64_t)from->process.utime;
		to->stime = (uint64_t)from->process.stime;
	} else {
		to->pointer = from->process.value;
		to->integer = (int32_t)from->process.value;
	}
}

static uint64_t mask_of(const struct file *file)
{
	return __atomic_load_n((uint64_t *)file->private_data, __ATOMIC_RELAXED);
}

static long signalfd_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	long done = 0;

	if (io->left < sizeof(struct linux_signalfd_siginfo))
		return -EINVAL;
	while (io->left >= sizeof(struct linux_signalfd_siginfo)) {
		uint64_t deadline = done || file_is_nonblocking(file) ? 0 : WAIT_FOREVER;
		struct linux_signalfd_siginfo record;
		struct linux_siginfo info;
		int ret = signal_wait(mask_of(file), deadline, &info);

		if (ret)
			return done ? done : ret == -EINTR ? -ERESTART_SYS : -EAGAIN;
		convert(&info, &record);
		if (io_vector_put(io, &record, sizeof(record)) != sizeof(record))
			return done ? done : -EFAULT;
		done += (long)sizeof(record);
	}
	return done;
}

static unsigned signalfd_poll(struct file *file, struct poll_table *table)
{
	struct task *task = task_current();

	if (table)
		table->add(table, &task->process->signal_wait);
	return (task->pending.pending | task->process->pending.pending) & mask_of(file) ? POLLIN : 0;
}

static void signalfd_release(struct file *file)
{
	heap_free(file->private_data);
}

static int signalfd_describe(struct file *file, char *to, size_t size)
{
	return format_text(to, size, "sigmask:\t%016llx\n", (unsigned long long)mask_of(file));
}

static const struct file_ops signalfd_ops = {
    .read = signalfd_read, .poll = signalfd_poll, .release = signalfd_release, .describe = signalfd_describe, .anonymous_name = "anon_inode:[signalfd]"};

int signalfd_new(uint64_t mask, int flags, struct file **file)
{
	uint64_t *own = heap_alloc(sizeof(*own));

	if (!own)
		return -ENOMEM;
	*own = mask;
	*file = file_new(&signalfd_ops, O_RDWR | (flags & O_NONBLOCK), own);
	if (*file)
		return 0;
	heap_free(own);
	return -ENOMEM;
}

int signalfd_set_mask(struct file *file, uint64_t mask)
{
	if (file->ops != &signalfd_ops)
		return -EINVAL;
	__atomic_store_n((uint64_t *)file->private_data, mask, __ATOMIC_RELAXED);
	return 0;
}
