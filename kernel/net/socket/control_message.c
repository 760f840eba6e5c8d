/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages (cmsg(3)): descriptors and credentials of Unix sockets (unix(7)), and what other families tell. */
#include "kernel/mem/heap.h"
#include "kernel/net/socket/socket.h"
#include "kernel/process/process.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

#define CMSG_ALIGN(n) align_up((n), sizeof(uint64_t))

static int take_rights(const uint8_t *data, size_t len, struct socket_message *message)
{
	size_t count = len / sizeof(int);

	if (!message->files) {
		message->files = heap_alloc_zero(sizeof(*message->files));
		if (!message->files)
			return -ENOMEM;
	}
	if (message->files->count + count > SOCKET_FILES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		int fd;
		struct file *file;

		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		file = descriptor_get_any(fd);
		if (!file)
			return -EBADF;
		if (file->ops->stays) {
			file_put(file);
			return -EINVAL;
		}
		message->files->file[message->files->count++] = file;
	}
	return 0;
}

static int take_credentials(const uint8_t *data, size_t len, struct socket_message *message)
{
	const struct credentials *own = credentials_current();

	if (len != sizeof(message->cred))
		return -EINVAL;
	memcpy(&message->cred, data, len);
	message->has_cred = true;
	if (own->euid == 0)
		return 0;
	return message->cred.pid == process_current()->pid && (message->cred.uid == own->uid || message->cred.uid == own->euid) ? 0 : -EPERM;
}

int control_message_parse(const uint8_t *control, size_t len, struct socket_message *message)
{
	struct linux_cmsghdr header;

	for (size_t at = 0; at + sizeof(header) <= len; at += CMSG_ALIGN(header.len)) {
		int ret = 0;

		memcpy(&header, control + at, sizeof(header));
		if (header.len < sizeof(header) || header.len > len - at)
			return -EINVAL;
		if (header.level != LINUX_SOL_SOCKET)
			continue;
		if (header.type == LINUX_SCM_RIGHTS)
			ret = take_rights(control + at + sizeof(header), header.len - sizeof(header), message);
		else if (header.type == LINUX_SCM_CREDENTIALS)
			ret = take_credentials(control + at + sizeof(header), header.len - sizeof(header), message);
		else
			ret = -EINVAL;
		if (ret)
			return ret;
	}
	return 0;
}

bool control_message_next(const struct socket_message *message, size_t *at, struct control_message *next)
{
	struct linux_cmsghdr header;

	if (*at + sizeof(header) > message->control_len)
		return false;
	memcpy(&header, message->control + *at, sizeof(header));
	*next = (struct control_message){.level = header.level, .type = header.type, .data = message->control + *at + sizeof(header),
					 .len = header.len - sizeof(header)};
	*at += CMSG_ALIGN(header.len);
	return true;
}

void socket_note(struct socket_message *message, int level, int type, const void *data, size_t len)
{
	struct linux_cmsghdr header = {.len = sizeof(header) + len, .level = level, .type = type};
	struct socket_notes *notes = message->notes;

	if (!notes || notes->len + CMSG_ALIGN(header.len) > sizeof(notes->bytes))
		return;
	memset(notes->bytes + notes->len, 0, CMSG_ALIGN(header.len));
	memcpy(notes->bytes + notes->len, &header, sizeof(header));
	memcpy(notes->bytes + notes->len + sizeof(header), data, len);
	notes->len += CMSG_ALIGN(header.len);
}

/* Those that fit whole; the first that does not is cut, as Linux does. */
static size_t give_notes(struct socket_message *message, uint8_t *control, size_t size, size_t used)
{
	const struct socket_notes *notes = message->notes;
	struct linux_cmsghdr header;

	for (size_t at = 0; notes && at < notes->len; at += CMSG_ALIGN(header.len)) {
		memcpy(&header, notes->bytes + at, sizeof(header));
		if (used + header.len > size) {
			message->flags_out |= LINUX_MSG_CTRUNC;
			if (used + sizeof(header) > size)
				return used;
			header.len = size - used;
		}
		memcpy(control + used, notes->bytes + at, header.len);
		memcpy(control + used, &header, sizeof(header));
		used = min_u64(size, used + CMSG_ALIGN(header.len));
		if (message->flags_out & LINUX_MSG_CTRUNC)
			break;
	}
	return used;
}

/* Appends one message as far as it fits; returns the bytes of the buffer used. */
static size_t append(uint8_t *control, size_t size, size_t used, int type, const void *data, size_t len)
{
	struct linux_cmsghdr header = {.len = sizeof(header) + len, .level = LINUX_SOL_SOCKET, .type = type};

	memcpy(control + used, &header, sizeof(header));
	memcpy(control + used + sizeof(header), data, len);
	return min_u64(size, used + CMSG_ALIGN(header.len));
}

static size_t give_rights(struct socket_message *message, uint8_t *control, size_t size, size_t used)
{
	struct socket_files *files = message->files;
	size_t room = size - used > sizeof(struct linux_cmsghdr) ? (size - used - sizeof(struct linux_cmsghdr)) / sizeof(int) : 0;
	size_t count = min_u64(room, files->count), given = 0;
	int *fds = heap_alloc((count + 1) * sizeof(int));

	for (; fds && given < count; given++) {
		file_get(files->file[given]);
		fds[given] = descriptor_add(files->file[given], 0, message->flags & LINUX_MSG_CMSG_CLOEXEC);
		if (fds[given] >= 0)
			continue;
		file_put(files->file[given]);
		break;
	}
	if (given < files->count)
		message->flags_out |= LINUX_MSG_CTRUNC;
	if (given)
		used = append(control, size, used, LINUX_SCM_RIGHTS, fds, given * sizeof(int));
	heap_free(fds);
	return used;
}

size_t control_message_build(struct socket_message *message, uint8_t *control, size_t size)
{
	size_t used = 0;

	if (message->has_cred) {
		if (size >= sizeof(struct linux_cmsghdr) + sizeof(message->cred))
			used = append(control, size, used, LINUX_SCM_CREDENTIALS, &message->cred, sizeof(message->cred));
		else
			message->flags_out |= LINUX_MSG_CTRUNC;
	}
	if (message->files && message->files->count)
		used = give_rights(message, control, size, used);
	return give_notes(message, control, size, used);
}
