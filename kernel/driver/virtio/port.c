/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: bytes to and from the device. Buffers come from the heap as they are needed; a port that nobody opened has none. The number
 * of entries in the queue bounds what is in flight: a host that does not read stops the writer.
 *
 * A device mostly takes what is sent before the notification returns, and nobody needs to be told. So interrupts about it are asked for
 * only when somebody finds no room, or waits until all is taken.
 */
#include "kernel/arch/page_table.h"
#include "kernel/driver/virtio/console.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"
#include "lib/string.h"

#define RECHECK_NS 1000000000ull

void port_init(struct port *port, struct console *console, unsigned id)
{
	port->console = console;
	port->id = id;
	list_init(&port->received);
	mutex_init(&port->read_lock);
	mutex_init(&port->write_lock);
	wait_queue_init(&port->read_wait);
	wait_queue_init(&port->write_wait);
}

/* ---- Receiving ---- */

static bool offer_locked(struct port *port, struct port_buffer *buffer)
{
	struct virtqueue_segment segment = {.address = virt_to_phys(buffer->data), .len = port->receive_size};

	return virtqueue_add(&port->receive->ring, &segment, 0, 1, buffer, NULL, 0) == 0;
}

out_of_line int port_start_receiving(struct port *port, uint32_t size)
{
	int ret = 0;

	spin_lock(&port->lock);
	if (!port->receive_size) {
		port->receive_size = size;
		while (port->receive->ring.nr_free) {
			struct port_buffer *buffer = heap_alloc(sizeof(*buffer) + size);

			if (!buffer || !offer_locked(port, buffer)) {
				heap_free(buffer);
				break;
			}
		}
		if (virtqueue_is_idle(&port->receive->ring)) {
			port->receive_size = 0;
			ret = -ENOMEM;
		} else {
			virtio_notify(port->receive);
		}
	}
	spin_unlock(&port->lock);
	return ret;
}

static struct port_buffer *take_received_locked(struct port *port)
{
	struct port_buffer *buffer;
	uint32_t len;

	if (!port->receive)
		return NULL;
	buffer = virtqueue_take(&port->receive->ring, &len);
	if (buffer) {
		buffer->len = (uint32_t)min_u64(len, port->receive_size);
		buffer->at = 0;
	}
	return buffer;
}

static void collect_received_locked(struct port *port)
{
	struct port_buffer *buffer;

	while ((buffer = take_received_locked(port)))
		list_push_back(&port->received, &buffer->node);
}

struct port_buffer *port_received(struct port *port)
{
	struct port_buffer *buffer = NULL;

	spin_lock(&port->lock);
	collect_received_locked(port);
	if (!list_empty(&port->received))
		buffer = container_of(port->received.next, struct port_buffer, node);
	spin_unlock(&port->lock);
	return buffer;
}

void port_consumed(struct port *port, struct port_buffer *buffer)
{
	spin_lock(&port->lock);
	list_remove(&buffer->node);
	if (offer_locked(port, buffer))
		virtio_notify(port->receive);
	else
		heap_free(buffer); /* the device broke the queue */
	spin_unlock(&port->lock);
}

static void receive_for_terminal(struct port *port)
{
	struct port_buffer *buffer;

	for (;;) {
		spin_lock(&port->lock);
		buffer = take_received_locked(port);
		spin_unlock(&port->lock);
		if (!buffer)
			return;
		terminal_receive(port->terminal, buffer->data, buffer->len);
		list_init(&buffer->node);
		port_consumed(port, buffer);
	}
}

void port_interrupt_receive(struct virtio_queue *queue)
{
	struct port *port = queue->driver_data;
	bool any;

	if (port->terminal) {
		receive_for_terminal(port);
		return;
	}
	spin_lock(&port->lock);
	collect_received_locked(port);
	any = !list_empty(&port->received);
	spin_unlock(&port->lock);
	if (any)
		wait_wake_all(&port->read_wait, POLLIN | POLLRDNORM);
}

/* ---- Sending ---- */

static out_of_line void submit_locked(struct port *port, struct port_buffer *buffer)
{
	struct virtqueue_segment segment = {.address = virt_to_phys(buffer->data), .len = buffer->len};

	if (virtqueue_add(&port->transmit->ring, &segment, 1, 0, buffer, NULL, 0) == 0)
		virtio_notify(port->transmit);
	else
		heap_free(buffer); /* the device broke the queue */
}

static void submit_pending_locked(struct port *port)
{
	struct port_buffer *pending = port->pending;

	port->pending = NULL;
	submit_locked(port, pending);
}

/* Frees what the device has taken; when that is all, what was collected meanwhile goes. */
static bool reap_locked(struct port *port)
{
	struct port_buffer *buffer;
	bool any = false;
	uint32_t len;

	while (port->transmit && (buffer = virtqueue_take(&port->transmit->ring, &len))) {
		heap_free(buffer);
		any = true;
	}
	if (port->pending && (virtqueue_is_idle(&port->transmit->ring) || port->transmit->ring.is_broken))
		submit_pending_locked(port);
	return any;
}

/* Not all of it was taken yet: an interrupt tells when more was. False: that is so already. */
static bool listen_locked(struct port *port)
{
	return virtqueue_listen(&port->transmit->ring, 1) || !reap_locked(port);
}

struct port_buffer *port_buffer_new(size_t len)
{
	struct port_buffer *buffer = heap_alloc(sizeof(*buffer) + len);

	if (buffer)
		buffer->len = (uint32_t)len;
	return buffer;
}

static bool has_room_locked(const struct port *port)
{
	return port->transmit->ring.nr_free > (port->pending != NULL);
}

bool port_can_send(struct port *port)
{
	bool can;

	spin_lock(&port->lock);
	reap_locked(port);
	while (!has_room_locked(port) && !listen_locked(port))
		;
	can = has_room_locked(port) && !port->transmit->ring.is_broken;
	spin_unlock(&port->lock);
	return can;
}

bool port_send(struct port *port, struct port_buffer *buffer)
{
	bool sent;

	spin_lock(&port->lock);
	reap_locked(port);
	sent = has_room_locked(port);
	if (sent && port->pending)
		submit_pending_locked(port);
	if (sent)
		submit_locked(port, buffer);
	reap_locked(port);
	spin_unlock(&port->lock);
	return sent;
}

/* Makes room in `pending` for `len` bytes; false: there is none, or no memory. */
static bool ready_pending_locked(struct port *port, size_t len)
{
	if (port->pending && port->pending->len + len > PORT_PENDING_SIZE) {
		if (!port->transmit->ring.nr_free)
			return false;
		submit_pending_locked(port);
	}
	if (!port->pending) {
		port->pending = port_buffer_new(PORT_PENDING_SIZE);
		if (port->pending)
			port->pending->len = 0;
	}
	return port->pending;
}

out_of_line bool port_send_small(struct port *port, const char *text, size_t len)
{
	bool sent;

	spin_lock(&port->lock);
	reap_locked(port);
	sent = ready_pending_locked(port, len);
	if (sent) {
		memcpy(port->pending->data + port->pending->len, text, len);
		port->pending->len += (uint32_t)len;
		if (virtqueue_is_idle(&port->transmit->ring))
			submit_pending_locked(port);
		reap_locked(port);
	}
	while ((!sent || port->pending) && !listen_locked(port))
		;
	spin_unlock(&port->lock);
	return sent;
}

static bool is_sent_locked(const struct port *port)
{
	return !port->transmit || virtqueue_is_idle(&port->transmit->ring) || port->transmit->ring.is_broken;
}

out_of_line bool port_is_sent(struct port *port)
{
	bool sent;

	spin_lock(&port->lock);
	reap_locked(port);
	while (!(sent = is_sent_locked(port)) && !listen_locked(port))
		;
	spin_unlock(&port->lock);
	return sent;
}

int port_sleep_sending(enum wait_mode mode)
{
	int ret = wait_sleep(clock_monotonic_ns() + RECHECK_NS, mode);

	return ret == -ETIMEDOUT ? 0 : ret;
}

int port_drain(struct port *port)
{
	struct waiter waiter;
	int ret = 0;

	if (port_is_sent(port))
		return 0;
	wait_begin(&waiter, &port->write_wait);
	/* QEMU keeps the buffer that it was writing when the host closed the port: nothing is to be waited for then. */
	while (!ret && __atomic_load_n(&port->is_host_open, __ATOMIC_ACQUIRE) && !port_is_sent(port))
		ret = port_sleep_sending(WAIT_KILLABLE);
	wait_end(&waiter);
	return ret;
}

void port_interrupt_transmit(struct virtio_queue *queue)
{
	struct port *port = queue->driver_data;
	bool any;

	spin_lock(&port->lock);
	any = reap_locked(port) || !list_empty(&port->write_wait.waiters); /* a writer may have reaped what this interrupt is about */
	if (is_sent_locked(port))
		virtqueue_silence(&queue->ring);
	spin_unlock(&port->lock);
	if (!any)
		return;
	if (port->terminal)
		terminal_has_room(port->terminal);
	wait_wake_all(&port->write_wait, POLLOUT | POLLWRNORM);
}

bool port_is_open(struct port *port)
{
	bool is_open;

	spin_lock(&port->lock);
	is_open = port->nr_open;
	spin_unlock(&port->lock);
	return is_open;
}

void port_set_host_open(struct port *port, bool is_open)
{
	spin_lock(&port->lock);
	port->is_host_open = is_open;
	spin_unlock(&port->lock);
	wait_wake_all(&port->read_wait, POLLIN | POLLRDNORM | (is_open ? 0 : POLLHUP));
	wait_wake_all(&port->write_wait, POLLOUT | POLLWRNORM | (is_open ? 0 : POLLHUP));
}

/* ---- The terminal ---- */

static size_t terminal_port_write(struct terminal *terminal, const char *text, size_t len)
{
	struct port *port = terminal_driver_data(terminal);
	size_t done = 0;

	while (done < len) {
		size_t part = min_u64(len - done, PORT_SMALL);

		if (!port_send_small(port, text + done, part))
			break;
		done += part;
	}
	return done;
}

int port_become_terminal(struct port *port)
{
	static unsigned nr_terminals;
	static char names[4][8] = {"hvc0", "hvc1", "hvc2", "hvc3"};
	struct terminal_driver driver = {.write = terminal_port_write, .driver_data = port, .never_sleeps = true};

	if (nr_terminals == ARRAY_SIZE(names))
		return -ENOSPC;
	port->terminal = terminal_new(names[nr_terminals], 229, nr_terminals, &driver);
	if (!port->terminal)
		return -ENOMEM;
	nr_terminals++;
	port->is_host_open = true;
	return port_start_receiving(port, PORT_TERMINAL_SIZE);
}
