/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first serial port (National Semiconductor 16550): sink of the kernel's log from the first moment; and the terminal ttyS0, for machines
 * without another console.
 */
#include "kernel/arch/cpu.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/file/terminal.h"
#include "kernel/log/log.h"
#include "kernel/platform/platform.h"

#define BASE	   0x3f8
#define LINE	   4
#define FIFO_SIZE  16
#define TRIES_MAX  1000000 /* a receiver that takes nothing for so long is gone: text is dropped */
#define TTY_MAJOR  4
#define TTYS_MINOR 64

enum { DATA = 0, ENABLE = 1, FIFO = 2, LINE_CONTROL = 3, MODEM_CONTROL = 4, STATUS = 5, SCRATCH = 7 };
#define ENABLE_RECEIVE 1
#define FIFO_ON	       0x07 /* on, both cleared */
#define EIGHT_BITS     3
#define DTR_RTS_OUT2   0x0b /* OUT2 lets the interrupt through */
#define HAS_DATA       1
#define CAN_SEND       0x20

static bool is_present;
static struct terminal *terminal;

static bool wait_until_empty(void)
{
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		if (port_read_8(BASE + STATUS) & CAN_SEND)
			return true;
		cpu_relax();
	}
	return false;
}

static void serial_write(const char *text, size_t len)
{
	while (len) {
		size_t part = min_u64(len, FIFO_SIZE);

		if (!wait_until_empty())
			return;
		port_write_string(BASE + DATA, text, part);
		text += part;
		len -= part;
	}
}

static struct log_sink sink = {.write = serial_write};

static void serial_init(void)
{
	port_write_8(BASE + SCRATCH, 0x5a);
	if (port_read_8(BASE + SCRATCH) != 0x5a)
		return;
	is_present = true;
	port_write_8(BASE + ENABLE, 0);
	port_write_8(BASE + LINE_CONTROL, EIGHT_BITS);
	port_write_8(BASE + FIFO, FIFO_ON);
	port_write_8(BASE + MODEM_CONTROL, DTR_RTS_OUT2);
	log_add_sink(&sink);
}
INITCALL(serial, INIT_LOG, serial_init);

/* ---- The terminal ---- */

static size_t serial_terminal_write(struct terminal *unused, const char *text, size_t len)
{
	serial_write(text, len);
	return len;
}

static const struct terminal_driver driver = {.write = serial_terminal_write};

static void serial_interrupt(void *unused)
{
	char text[FIFO_SIZE];
	size_t n = 0;

	while (n < sizeof(text) && (port_read_8(BASE + STATUS) & HAS_DATA))
		text[n++] = (char)port_read_8(BASE + DATA);
	if (n)
		terminal_receive(terminal, text, n);
}

static void make_terminal(void)
{
	terminal = terminal_new("ttyS0", TTY_MAJOR, TTYS_MINOR, &driver);
	if (!terminal)
		return;
	if (interrupt_request_line(LINE, false, serial_interrupt, NULL))
		log_line(LOG_WARNING, "ttyS0: no interrupt: nothing can be typed");
	port_write_8(BASE + ENABLE, ENABLE_RECEIVE);
}

static void serial_terminal_init(void)
{
	if (is_present)
		terminal_set_reserve(make_terminal);
}
INITCALL(serial_terminal, INIT_FILE, serial_terminal_init);
