/* SPDX-License-Identifier: BSD-3-Clause */
/* mq_notify(3): one process may be told, once, that a message came into an empty queue. */
#include "kernel/fs/mqueue/internal.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/errno.h"

static void (*deliver_hook)(struct file *socket, const void *bytes, size_t len);

void mqueue_set_socket_hook(void (*deliver)(struct file *socket, const void *bytes, size_t len))
{
	deliver_hook = deliver;
}

static void end_locked(struct mqueue *queue, struct mqueue_registration *ended)
{
	*ended = queue->registered;
	queue->registered = (struct mqueue_registration){.process = NULL};
}

void mqueue_unregister_locked(struct mqueue *queue, const struct process *process, struct mqueue_registration *ended)
{
	*ended = (struct mqueue_registration){.process = NULL};
	if (queue->registered.process == process)
		end_locked(queue, ended);
}

void mqueue_tell_locked(struct mqueue *queue, struct mqueue_registration *ended)
{
	const struct mqueue_notice *notice = &ended->notice;
	struct linux_siginfo info;

	end_locked(queue, ended);
	if (!ended->process || notice->how != MQUEUE_BY_SIGNAL || !notice->signal || ended->process->is_zombie)
		return;
	info = (struct linux_siginfo){.signo = notice->signal, .code = LINUX_SI_MESGQ};
	info.process.pid = process_current()->pid;
	info.process.uid = credentials_current()->uid;
	info.process.value = notice->value;
	(void)process_signal(ended->process, notice->signal, &info);
}

void mqueue_finish(struct mqueue_registration *ended, enum mqueue_end end)
{
	struct mqueue_notice *notice = &ended->notice;

	if (!ended->process)
		return;
	if (notice->socket) {
		notice->cookie[MQUEUE_COOKIE - 1] = (uint8_t)end;
		if (deliver_hook)
			deliver_hook(notice->socket, notice->cookie, MQUEUE_COOKIE);
		file_put(notice->socket);
	}
	process_put(ended->process);
}

int mqueue_notify(struct mqueue *queue, const struct mqueue_notice *notice)
{
	struct mqueue_registration ended = {.process = NULL};
	struct process *process = process_current();
	int ret = 0;

	spin_lock(&queue->lock);
	if (!notice) {
		mqueue_unregister_locked(queue, process, &ended);
	} else if (queue->registered.process) {
		ret = -EBUSY;
	} else {
		process_get(process);
		queue->registered = (struct mqueue_registration){.process = process, .notice = *notice};
	}
	spin_unlock(&queue->lock);
	mqueue_finish(&ended, MQUEUE_REMOVED);
	return ret;
}
