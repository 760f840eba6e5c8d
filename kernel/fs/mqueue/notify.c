/* SPDX-License-Identifier: BSD-3-Clause */
/* mq_notify(3): one process may be told, once, that a message came into an empty queue. */
#include "kernel/fs/mqueue/internal.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"

struct process *mqueue_unregister_locked(struct mqueue *queue, const struct process *process)
{
	struct process *registered = queue->registered;

	if (!registered || registered != process)
		return NULL;
	queue->registered = NULL;
	return registered;
}

void mqueue_tell_locked(struct mqueue *queue)
{
	struct process *process = queue->registered;
	struct linux_siginfo info = {.signo = queue->notice.signal, .code = LINUX_SI_MESGQ};

	if (!process)
		return;
	queue->registered = NULL;
	if (queue->notice.how == MQUEUE_BY_SIGNAL) {
		info.process.pid = process_current()->pid;
		info.process.uid = credentials_current()->uid;
		info.process.value = queue->notice.value;
		if (!process->is_zombie && queue->notice.signal)
			(void)process_signal(process, queue->notice.signal, &info);
	}
	process_put(process);
}

int mqueue_notify(struct mqueue *queue, const struct mqueue_notice *notice)
{
	struct process *process = process_current(), *old = NULL;
	int ret = 0;

	spin_lock(&queue->lock);
	if (!notice) {
		old = mqueue_unregister_locked(queue, process);
	} else if (queue->registered) {
		ret = -EBUSY;
	} else {
		process_get(process);
		queue->registered = process;
		queue->notice = *notice;
	}
	spin_unlock(&queue->lock);
	process_put(old);
	return ret;
}
