/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio console devices and their ports (virtio 1.2 §5.3), private to this folder: console.c has the device and its control channel,
 * port.c moves bytes, port_file.c is what programs open.
 */
#pragma once
#include "kernel/driver/virtio/virtio.h"
#include "kernel/file/file.h"
#include "kernel/file/terminal.h"

struct console;

/* Bytes on their way; `at` of `len` were read already. */
struct port_buffer {
	struct list node;
	uint32_t len, at;
	char data[];
};

struct port {
	struct console *console;
	unsigned id;
	const char *name;	   /* NULL: not known yet */
	struct terminal *terminal; /* NULL: a character device */
	struct virtio_queue *receive, *transmit;
	struct spinlock lock;	   /* guards the queues and what follows */
	struct port_buffer *pending; /* bytes that wait until the device has taken those before */
	struct list received;	   /* port_buffers with bytes to be read */
	uint32_t receive_size;	   /* of the buffers that were offered; 0: none yet */
	unsigned nr_open;
	bool is_added, is_host_open;
	bool was_told_host_open; /* by the device, whether so or not; before, `is_host_open` is what can be expected */
	struct mutex read_lock, write_lock; /* one reader, one writer at a time */
	struct wait_queue read_wait, write_wait;
	struct character_device node;
};

struct console {
	struct virtio_device *virtio;
	bool is_multiport;
	unsigned nr_handling; /* messages that some CPU has taken, and not acted upon yet; atomic */
	bool is_late; /* nothing was said over the control channel yet; atomic */
	unsigned nr_ports;
	struct port *ports;
	struct spinlock control_lock; /* guards the control queues */
	struct virtio_queue *control_receive, *control_transmit;
	struct console *next;
};

enum control_event { /* §5.3.6.2 */
	CONTROL_DEVICE_READY, CONTROL_PORT_ADD, CONTROL_PORT_REMOVE, CONTROL_PORT_READY, CONTROL_CONSOLE_PORT, CONTROL_RESIZE,
	CONTROL_PORT_OPEN, CONTROL_PORT_NAME,
};
/* Nothing, as long as the control channel is not in use. */
void console_send(struct console *console, unsigned port, enum control_event event, unsigned value);
void console_begin_control(struct console *console);
/* Who wants something of the host, or to know of it, needs the control channel. Any context. */
static inline void console_need_control(struct console *console)
{
	if (unlikely(__atomic_load_n(&console->is_late, __ATOMIC_ACQUIRE)))
		console_begin_control(console);
}

enum {
	PORT_CHUNK = 16384 - sizeof(struct port_buffer),
	PORT_RECEIVE_SIZE = 4096 - sizeof(struct port_buffer),
	PORT_PENDING_SIZE = 4096 - sizeof(struct port_buffer),
	PORT_TERMINAL_SIZE = 512 - sizeof(struct port_buffer),
	PORT_SMALL = 1024,
};

void port_init(struct port *port, struct console *console, unsigned id);
void port_interrupt_receive(struct virtio_queue *queue);
void port_interrupt_transmit(struct virtio_queue *queue);
/* Offers buffers of that size to the device, if none were. */
int port_start_receiving(struct port *port, uint32_t size) must_check;
/* The buffer that is read next; NULL: nothing came. Stays the port's. */
struct port_buffer *port_received(struct port *port);
void port_consumed(struct port *port, struct port_buffer *buffer); /* offers it again */
/* A buffer for `len` bytes that are to be sent; NULL: no memory. */
struct port_buffer *port_buffer_new(size_t len);
bool port_can_send(struct port *port);
/* Takes the buffer; false (and the buffer is still the caller's): no room. */
bool port_send(struct port *port, struct port_buffer *buffer);
/* Sends up to PORT_SMALL bytes, together with others if the device is behind. False: no room. Any context. */
bool port_send_small(struct port *port, const char *text, size_t len);
bool port_is_sent(struct port *port); /* the device has taken all */
/* Waits until the device has taken all that was written to it: -EINTR. */
int port_drain(struct port *port);
/* A sleep of who waits for the device to take something; ends by itself after a second, should the interrupt be lost (queue.h). */
int port_sleep_sending(enum wait_mode mode);
bool port_is_open(struct port *port); /* by a program, or the kernel for it */
void port_set_host_open(struct port *port, bool is_open);
int port_become_terminal(struct port *port) must_check;

/* Its name is text[len], which holds no '/'; it is /dev/vport/NAME then, unless it is a terminal. */
void port_set_name(struct port *port, const char *text, size_t len);
