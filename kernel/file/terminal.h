/* SPDX-License-Identifier: BSD-3-Clause */
/* Terminals: the line discipline (termios(3)), job control, window size. Drivers (serial, virtio console) stand below. */
#pragma once
#include "kernel/file/file.h"

struct terminal;
struct terminal_driver {
	/* Writes; may sleep for room. Bytes taken. */
	size_t (*write)(struct terminal *terminal, const char *text, size_t len);
	void *driver_data;
};
/* A terminal, its device `name` ("hvc0", "ttyS0") with number; the best becomes /dev/console: first virtio, then serial. */
struct terminal *terminal_new(const char *name, uint32_t major, uint32_t minor, const struct terminal_driver *driver);
void *terminal_driver_data(struct terminal *terminal);
void terminal_receive(struct terminal *terminal, const char *text, size_t len); /* from the driver, any context */
void terminal_set_size(struct terminal *terminal, unsigned rows, unsigned columns); /* SIGWINCH to the foreground group */
struct terminal *terminal_console(void); /* NULL if there is none */

/* Signals go through process/: set at start. */
void terminal_set_signal_hook(void (*send_to_group)(int group, int signal));
