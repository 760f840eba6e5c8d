/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /dev/vport/NAME. Reading waits for bytes; once the host has closed its end and all is read, it is the end of the file. Writing returns
 * when the bytes are copied; what was written is in the host's hands when the file is closed, synced, or a line went to CONTROL_PORT: the
 * machine may power off right after that.
 */
#include "abi/control.h"
#include "kernel/driver/virtio/console.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "lib/string.h"

enum { MAJOR = 243 };

static struct port *port_of(struct file *file)
{
	return file->private_data;
}

static bool can_read(struct port *port)
{
	return port_received(port) || !port->is_host_open;
}

static int wait_for_bytes(struct port *port)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &port->read_wait);
	while (!can_read(port) && !ret)
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return ret;
}

static long read_locked(struct port *port, struct io_vector *io)
{
	struct port_buffer *buffer;
	long done = 0;

	while (io->left && (buffer = port_received(port))) {
		size_t part = min_u64(buffer->len - buffer->at, io->left), copied;

		copied = io_vector_put(io, buffer->data + buffer->at, part);
		buffer->at += (uint32_t)copied;
		done += (long)copied;
		if (buffer->at == buffer->len)
			port_consumed(port, buffer);
		if (copied < part)
			return done ? done : -EFAULT;
	}
	return done;
}

static long port_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct port *port = port_of(file);
	long ret = 0;

	while (io->left) {
		bool was_open = __atomic_load_n(&port->is_host_open, __ATOMIC_ACQUIRE);

		mutex_lock(&port->read_lock);
		ret = read_locked(port, io);
		mutex_unlock(&port->read_lock);
		if (ret || !was_open)
			break;
		console_need_control(port->console);
		if (file_is_nonblocking(file))
			return -EAGAIN;
		ret = wait_for_bytes(port);
		if (ret)
			break;
	}
	return ret;
}

static bool can_write(struct port *port)
{
	return port_can_send(port) || !port->is_host_open;
}

static int wait_for_room(struct port *port)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &port->write_wait);
	while (!can_write(port) && !ret)
		ret = port_sleep_sending(WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return ret;
}

static long send_small(struct port *port, struct io_vector *io)
{
	char bytes[PORT_SMALL];
	size_t copied = io_vector_get(io, bytes, min_u64(io->left, sizeof(bytes)));

	if (!copied)
		return -EFAULT;
	if (port_send_small(port, bytes, copied))
		return (long)copied;
	io_vector_back(io, copied);
	return -ENOMEM;
}

/* Sends the next bytes of the vector, for which there is room: how many, or -errno. */
static long send_part(struct port *port, struct io_vector *io)
{
	size_t part = min_u64(io->left, PORT_CHUNK), copied;
	struct port_buffer *buffer = part > PORT_SMALL ? port_buffer_new(part) : NULL;

	if (!buffer)
		return send_small(port, io);
	copied = io_vector_get(io, buffer->data, part);
	buffer->len = (uint32_t)copied;
	if (!copied || !port_send(port, buffer)) {
		heap_free(buffer);
		return copied ? -EIO : -EFAULT;
	}
	return (long)copied;
}

static long write_locked(struct file *file, struct port *port, struct io_vector *io)
{
	long done = 0, ret = 0;

	while (io->left) {
		if (!port_can_send(port) && port->is_host_open) {
			ret = file_is_nonblocking(file) ? -EAGAIN : wait_for_room(port);
			if (ret)
				break;
		}
		if (!port->is_host_open) {
			ret = -EPIPE;
			break;
		}
		ret = send_part(port, io);
		if (ret < 0)
			break;
		done += ret;
	}
	return done ? done : ret;
}

static int drain_all(struct console *console)
{
	int ret = 0;

	for (unsigned i = 0; i < console->nr_ports && !ret; i++)
		ret = port_drain(&console->ports[i]);
	return ret;
}

static bool is_control_port(const struct port *port)
{
	return !strcmp(port->name, CONTROL_PORT);
}

static long port_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct port *port = port_of(file);
	bool is_control = is_control_port(port);
	long ret;

	if (is_control) {
		ret = drain_all(port->console);
		if (ret)
			return ret;
	}
	mutex_lock(&port->write_lock);
	ret = write_locked(file, port, io);
	mutex_unlock(&port->write_lock);
	if (is_control && ret > 0)
		(void)port_drain(port);
	return ret;
}

static unsigned port_poll(struct file *file, struct poll_table *table)
{
	struct port *port = port_of(file);
	unsigned events = 0;

	if (file->mode & MAY_READ && !is_control_port(port)) /* for which init waits from the start on: it can wait a moment longer */
		console_need_control(port->console);
	if (table && table->add) {
		table->add(table, &port->read_wait);
		table->add(table, &port->write_wait);
	}
	if (can_read(port))
		events |= POLLIN | POLLRDNORM;
	if (can_write(port))
		events |= POLLOUT | POLLWRNORM;
	return events | (port->is_host_open ? 0 : POLLHUP);
}

static int port_sync(struct file *file, bool data_only)
{
	return port_drain(port_of(file));
}

static int port_flush(struct file *file)
{
	return file->mode & MAY_WRITE ? port_drain(port_of(file)) : 0;
}

static void port_release(struct file *file)
{
	struct port *port = port_of(file);
	bool is_last;

	if (file->mode & MAY_WRITE)
		(void)port_drain(port);
	spin_lock(&port->lock);
	is_last = --port->nr_open == 0;
	spin_unlock(&port->lock);
	if (is_last)
		console_send(port->console, port->id, CONTROL_PORT_OPEN, 0);
}

static int port_open(struct file *file)
{
	struct port *port = port_of(file);
	bool is_first;
	int ret = file->mode & MAY_READ ? port_start_receiving(port, PORT_RECEIVE_SIZE) : 0;

	if (ret)
		return ret;
	spin_lock(&port->lock);
	is_first = port->nr_open++ == 0;
	spin_unlock(&port->lock);
	if (is_first)
		console_send(port->console, port->id, CONTROL_PORT_OPEN, 1);
	return 0;
}

static const struct file_ops port_file_ops = {
    .read = port_read,
    .write = port_write,
    .poll = port_poll,
    .sync = port_sync,
    .flush = port_flush,
    .release = port_release,
};

void port_set_name(struct port *port, const char *text, size_t len)
{
	static const char folder[] = "vport/";
	char *path = heap_alloc(sizeof(folder) + len);

	if (!path)
		return;
	memcpy(path, folder, sizeof(folder) - 1);
	port->name = memcpy(path + sizeof(folder) - 1, text, len);
	path[sizeof(folder) - 1 + len] = '\0';
	if (port->terminal)
		return;
	port->node = (struct character_device){
	    .name = path,
	    .major = MAJOR,
	    .minor = port->id,
	    .mode = 0666,
	    .ops = &port_file_ops,
	    .open = port_open,
	    .private_data = port,
	};
	character_device_add(&port->node);
}
