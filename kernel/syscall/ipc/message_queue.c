/* SPDX-License-Identifier: BSD-3-Clause */
/* msgget(2), msgsnd(2), msgrcv(2), msgctl(2). In memory of programs a message is its type, 8 bytes, and the text behind it. */
#include "kernel/ipc/message_queue.h"
#include "kernel/mem/heap.h"
#include "kernel/syscall/syscall.h"

#define TYPE_SIZE sizeof(int64_t)

/* As Linux: begun again after a signal unless a handler ran. */
static int64_t interruptible(int64_t ret)
{
	return ret == -EINTR ? -ERESTART_NO_HANDLER : ret;
}

SYSCALL(msgget, 2, "xo")
{
	return message_queue_get((int)a->v[0], (int)a->v[1]);
}

SYSCALL(msgsnd, 4, "dpux")
{
	uint64_t address = a->v[1], size = a->v[2];
	struct message *message;
	int64_t type, ret;

	if (copy_from_user(&type, address, sizeof(type)))
		return -EFAULT;
	if (size > ipc_limits.msgmax || (int)a->v[0] < 0 || type < 1)
		return -EINVAL;
	message = heap_alloc(sizeof(*message) + size);
	if (!message)
		return -ENOMEM;
	message->type = type;
	message->len = size;
	ret = copy_from_user(message->text, address + TYPE_SIZE, size);
	if (!ret)
		ret = interruptible(message_queue_send((int)a->v[0], message, (int)a->v[3]));
	if (ret)
		heap_free(message);
	return ret;
}

SYSCALL(msgrcv, 5, "dpudx")
{
	uint64_t address = a->v[1], size = a->v[2];
	struct message *message;
	int64_t ret;

	if ((int)a->v[0] < 0 || (int64_t)size < 0)
		return -EINVAL;
	ret = message_queue_receive((int)a->v[0], (int64_t)a->v[3], size, (int)a->v[4], &message);
	if (ret)
		return interruptible(ret);
	size = min_u64(size, message->len);
	ret = copy_to_user(address, &message->type, TYPE_SIZE);
	if (!ret)
		ret = copy_to_user(address + TYPE_SIZE, message->text, size);
	heap_free(message);
	return ret ? ret : (int64_t)size;
}

/* ---- msgctl(2) ---- */

static int64_t stat(int id, int command, uint64_t address)
{
	bool is_slot = command != LINUX_IPC_STAT;
	struct linux_msqid_ds queue;
	int found, ret = message_queue_stat(id, is_slot, command != LINUX_MSG_STAT_ANY, &queue, &found);

	if (!ret)
		ret = copy_to_user(address, &queue, sizeof(queue));
	return !ret && is_slot ? found : ret;
}

static int64_t info(int command, uint64_t address)
{
	struct linux_msginfo info = {.msgmax = (int)ipc_limits.msgmax, .msgmnb = (int)ipc_limits.msgmnb, .msgmni = (int)ipc_limits.msgmni, .msgssz = 16, .msgseg = 0xffff,
		.msgpool = (int)(ipc_limits.msgmni * (ipc_limits.msgmnb / 1024)), .msgmap = (int)ipc_limits.msgmnb, .msgtql = (int)ipc_limits.msgmnb};
	int queues, messages, bytes, last = message_queue_count(&queues, &messages, &bytes);

	if (command == LINUX_MSG_INFO) {
		info.msgpool = queues;
		info.msgmap = messages;
		info.msgtql = bytes;
	}
	return copy_to_user(address, &info, sizeof(info)) ? -EFAULT : last;
}

SYSCALL(msgctl, 3, "ddp")
{
	int id = (int)a->v[0], command = (int)a->v[1];
	struct linux_msqid_ds queue;

	if (id < 0 || command < 0)
		return -EINVAL;
	switch (command) {
	case LINUX_IPC_STAT:
	case LINUX_MSG_STAT:
	case LINUX_MSG_STAT_ANY:
		return stat(id, command, a->v[2]);
	case LINUX_IPC_INFO:
	case LINUX_MSG_INFO:
		return info(command, a->v[2]);
	case LINUX_IPC_SET:
		return copy_from_user(&queue, a->v[2], sizeof(queue)) ? -EFAULT : message_queue_set(id, &queue.perm, queue.qbytes);
	case LINUX_IPC_RMID:
		return message_queue_remove(id);
	default:
		return -EINVAL;
	}
}
