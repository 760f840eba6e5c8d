/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio console devices (virtio 1.2 §5.3). Without VIRTIO_CONSOLE_F_MULTIPORT there is one port, the terminal. With it, the device tells of
 * its ports over a control channel. The device takes its control messages one after the other, and answers one before it
 * returns its buffer: so once our message came back, all answers to it are there, and by the time init runs all ports are known.
 *
 * Where the command line names the ports, all that can wait: what a program writes goes out without it. It begins when a program reads, or a moment
 * after the start. A program that only writes, and ends, is not held up by a dozen messages.
 */
#include "abi/control.h"
#include "kernel/driver/virtio/console.h"
#include "kernel/arch/page_table.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/boot_option.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

#define FEATURE_SIZE	  (1ull << 0)
#define FEATURE_MULTIPORT (1ull << 1)

enum { CONFIG_COLUMNS = 0, CONFIG_ROWS = 2, CONFIG_MAX_PORTS = 4 };
enum { RECEIVE_ENTRIES = 4, TRANSMIT_ENTRIES = 8, CONTROL_ENTRIES = 64, CONTROL_BUFFER = 128, PORTS_MAX = 64 };
enum { SETTLE_NS = 1000000000 };

struct control_message {
	uint32_t id;
	uint16_t event, value;
	char text[];
};

static struct console *consoles;

/* ---- The control channel ---- */

static void reap_control_locked(struct console *console)
{
	uint32_t len;
	void *message;

	while ((message = virtqueue_take(&console->control_transmit->ring, &len)))
		heap_free(message);
}

void console_send(struct console *console, unsigned port, enum control_event event, unsigned value)
{
	struct control_message *message;
	struct virtqueue_segment segment = {.len = sizeof(*message)};

	if (!console->is_multiport || __atomic_load_n(&console->is_late, __ATOMIC_ACQUIRE))
		return;
	message = heap_alloc(sizeof(*message));
	if (!message)
		return;
	*message = (struct control_message){.id = port, .event = (uint16_t)event, .value = (uint16_t)value};
	segment.address = virt_to_phys(message);
	spin_lock(&console->control_lock);
	reap_control_locked(console);
	if (virtqueue_add(&console->control_transmit->ring, &segment, 1, 0, message, NULL, 0) == 0)
		virtio_notify(console->control_transmit);
	else
		heap_free(message);
	spin_unlock(&console->control_lock);
}

static bool offer_control_locked(struct console *console, void *buffer)
{
	struct virtqueue_segment segment = {.address = virt_to_phys(buffer), .len = CONTROL_BUFFER};

	return virtqueue_add(&console->control_receive->ring, &segment, 0, 1, buffer, NULL, 0) == 0;
}

static void set_name(struct port *port, const char *text, size_t len)
{
	len = strnlen(text, len);
	if (len && !port->name && !memchr(text, '/', len))
		port_set_name(port, text, len);
}

static void set_size(struct port *port, const struct control_message *message, size_t len)
{
	uint16_t size[2]; /* columns, rows */

	if (len < sizeof(*message) + sizeof(size) || !port->terminal)
		return;
	memcpy(size, message->text, sizeof(size));
	terminal_set_size(port->terminal, size[1], size[0]);
}

static void handle_control(struct console *console, const struct control_message *message, size_t len)
{
	struct port *port;

	if (len < sizeof(*message) || message->id >= console->nr_ports)
		return;
	port = &console->ports[message->id];
	switch (message->event) {
	case CONTROL_PORT_ADD:
		if (!port->is_added && port->transmit)
			console_send(console, port->id, CONTROL_PORT_READY, 1);
		port->is_added = true;
		break;
	case CONTROL_PORT_REMOVE:
		port_set_host_open(port, false);
		break;
	case CONTROL_CONSOLE_PORT:
		if (message->value && !port->terminal && port_become_terminal(port) == 0)
			console_send(console, port->id, CONTROL_PORT_OPEN, 1);
		break;
	case CONTROL_RESIZE:
		set_size(port, message, len);
		break;
	case CONTROL_PORT_OPEN:
		port->was_told_host_open = true;
		port_set_host_open(port, message->value);
		break;
	case CONTROL_PORT_NAME:
		set_name(port, message->text, min_u64(len, CONTROL_BUFFER) - sizeof(*message));
		break;
	}
}

static void receive_control(struct console *console)
{
	char copy[CONTROL_BUFFER] aligned_to(8);
	uint32_t len;
	void *buffer;

	for (;;) {
		spin_lock(&console->control_lock);
		reap_control_locked(console);
		buffer = virtqueue_take(&console->control_receive->ring, &len);
		if (buffer) {
			__atomic_fetch_add(&console->nr_handling, 1, __ATOMIC_RELAXED);
			memcpy(copy, buffer, CONTROL_BUFFER);
			if (offer_control_locked(console, buffer))
				virtio_notify(console->control_receive);
		}
		spin_unlock(&console->control_lock);
		if (!buffer)
			return;
		handle_control(console, (const struct control_message *)copy, len);
		__atomic_fetch_sub(&console->nr_handling, 1, __ATOMIC_RELEASE);
	}
}

static void control_interrupt(struct virtio_queue *queue)
{
	receive_control(queue->driver_data);
}

/* Everything that we sent was answered, and the answers were handled. */
static bool is_settled(struct console *console)
{
	bool idle;

	spin_lock(&console->control_lock);
	reap_control_locked(console);
	idle = virtqueue_is_idle(&console->control_transmit->ring);
	spin_unlock(&console->control_lock);
	receive_control(console); /* may send more */
	if (!idle)
		return false;
	spin_lock(&console->control_lock);
	idle = virtqueue_is_idle(&console->control_transmit->ring) && !__atomic_load_n(&console->nr_handling, __ATOMIC_ACQUIRE);
	spin_unlock(&console->control_lock);
	return idle;
}

static void settle_console(struct console *console)
{
	uint64_t end = clock_monotonic_ns() + SETTLE_NS;

	while (!is_settled(console)) {
		if (clock_monotonic_ns() > end) {
			log_line(LOG_ERROR, "virtio-console: the device does not answer");
			return;
		}
		cpu_relax();
	}
}

static void settle(void)
{
	for (struct console *console = consoles; console; console = console->next)
		if (console->is_multiport && !console->is_late)
			settle_console(console);
}
INITCALL(virtio_console_settle, INIT_FILE, settle);

static int start_control(struct console *console)
{
	unsigned nr = (unsigned)min_u64(CONTROL_ENTRIES, console->nr_ports * 4 < 16 ? 16 : console->nr_ports * 4);
	char *buffers = heap_alloc((size_t)nr * CONTROL_BUFFER);

	if (!buffers)
		return -ENOMEM;
	spin_lock(&console->control_lock);
	for (unsigned i = 0; i < nr && offer_control_locked(console, buffers + (size_t)i * CONTROL_BUFFER); i++)
		;
	virtio_notify(console->control_receive);
	spin_unlock(&console->control_lock);
	console_send(console, 0, CONTROL_DEVICE_READY, 1);
	return 0;
}

/* ---- Ports that are known before the device tells of them ---- */

/* The host is expected to have opened them: it made them for this machine. Whether there were any. */
static bool name_ports(struct console *console)
{
	const char *text = boot_option_next(BOOT_OPTION_PORTS, NULL);
	unsigned id = 1;

	for (; text && id < console->nr_ports; id++) {
		size_t len = 0;

		while (text[len] && text[len] != ',' && text[len] != ' ')
			len++;
		port_set_name(&console->ports[id], text, len);
		console->ports[id].is_host_open = true;
		text = text[len] == ',' ? text + len + 1 : NULL;
	}
	return id > 1;
}

void console_begin_control(struct console *console)
{
	if (!__atomic_exchange_n(&console->is_late, false, __ATOMIC_ACQ_REL) || start_control(console))
		return;
	for (unsigned id = 1; id < console->nr_ports; id++)
		if (port_is_open(&console->ports[id]))
			console_send(console, id, CONTROL_PORT_OPEN, 1);
	settle_console(console);
	for (unsigned id = 1; id < console->nr_ports; id++)
		if (!console->ports[id].was_told_host_open) /* the host has closed it already */
			port_set_host_open(&console->ports[id], false);
}

static void begin_late_control(void)
{
	for (struct console *console = consoles; console; console = console->next)
		console_need_control(console);
}

/* ---- Queues (§5.3.2): port 0 has 0 and 1, the control channel 2 and 3, port n 2n + 2 and 2n + 3. ---- */

static int open_queue(struct console *console, unsigned index, unsigned size, void (*interrupt)(struct virtio_queue *), void *driver_data, struct virtio_queue **queue)
{
	int ret = virtio_queue_open(console->virtio, index, size, interrupt, driver_data);

	if (!ret)
		*queue = &console->virtio->queues[index];
	return ret;
}

static int open_queues(struct console *console)
{
	int ret = 0;

	for (unsigned i = 0; i < console->nr_ports && !ret; i++) {
		struct port *port = &console->ports[i];
		unsigned index = i ? 2 * i + 2 : 0;

		ret = open_queue(console, index, RECEIVE_ENTRIES, port_interrupt_receive, port, &port->receive);
		if (!ret)
			ret = open_queue(console, index + 1, TRANSMIT_ENTRIES, port_interrupt_transmit, port, &port->transmit);
		if (!ret)
			virtqueue_silence(&port->transmit->ring);
	}
	if (ret || !console->is_multiport)
		return ret;
	ret = open_queue(console, 2, CONTROL_ENTRIES, control_interrupt, console, &console->control_receive);
	return ret ? ret : open_queue(console, 3, CONTROL_ENTRIES, NULL, console, &console->control_transmit);
}

static void read_size(struct virtio_device *virtio)
{
	struct console *console = virtio->driver_data;
	uint16_t size[2];

	if (!virtio_has(virtio, FEATURE_SIZE) || !console->ports[0].terminal)
		return;
	virtio_config_read(virtio, CONFIG_COLUMNS, size, sizeof(size));
	if (size[0] && size[1])
		terminal_set_size(console->ports[0].terminal, size[1], size[0]);
}

static int start_console(struct console *console)
{
	uint32_t nr = 1;
	int ret;

	console->is_multiport = virtio_has(console->virtio, FEATURE_MULTIPORT);
	if (console->is_multiport)
		virtio_config_read(console->virtio, CONFIG_MAX_PORTS, &nr, sizeof(nr));
	console->nr_ports = (unsigned)max_u64(1, min_u64(nr, PORTS_MAX));
	console->ports = heap_alloc_zero(console->nr_ports * sizeof(struct port));
	if (!console->ports)
		return -ENOMEM;
	for (unsigned i = 0; i < console->nr_ports; i++)
		port_init(&console->ports[i], console, i);
	ret = virtio_queues_new(console->virtio, console->is_multiport ? 2 * console->nr_ports + 2 : 2);
	if (!ret)
		ret = open_queues(console);
	if (ret)
		return ret;
	console->virtio->driver_data = console;
	console->virtio->config_changed = read_size;
	virtio_start(console->virtio);
	if (console->is_multiport && !consoles && name_ports(console)) {
		static struct late_work work = {.work = begin_late_control};

		console->is_late = true;
		late_work_add(&work);
		return 0;
	}
	if (console->is_multiport)
		return start_control(console);
	ret = port_become_terminal(&console->ports[0]);
	read_size(console->virtio);
	return ret;
}

static int console_probe(struct device *device)
{
	struct virtio_device *virtio;
	struct console *console;
	int ret = virtio_open(device, VIRTIO_CONSOLE, FEATURE_SIZE | FEATURE_MULTIPORT, &virtio);

	if (ret)
		return ret;
	console = heap_alloc_zero(sizeof(*console));
	if (!console)
		return -ENOMEM;
	console->virtio = virtio;
	ret = start_console(console);
	if (ret) {
		virtio_fail(virtio);
		return ret;
	}
	console->next = consoles;
	consoles = console;
	return 0;
}

DRIVER(virtio_console) = {.name = "virtio-console", .probe = console_probe};
