/* SPDX-License-Identifier: BSD-3-Clause */
/* Terminals: the line discipline (termios(3)), job control, window size. Drivers (serial, virtio console) stand below. */
#pragma once
#include "kernel/file/file.h"

struct terminal;
struct terminal_driver {
	/* Writes; may sleep for room. Bytes taken. */
	size_t (*write)(struct terminal *terminal, const char *text, size_t len);
	void *driver_data;
	bool never_sleeps; /* `write` may be called in any context: echo goes out at once */
};
/* A terminal, its device `name` ("hvc0", "ttyS0") with number; the best becomes /dev/console: first virtio, then serial. */
struct terminal *terminal_new(const char *name, uint32_t major, uint32_t minor, const struct terminal_driver *driver);
void *terminal_driver_data(struct terminal *terminal);
void terminal_receive(struct terminal *terminal, const char *text, size_t len); /* from the driver, any context */
void terminal_set_size(struct terminal *terminal, unsigned rows, unsigned columns); /* SIGWINCH to the foreground group */
struct terminal *terminal_console(void); /* NULL if there is none */
/* Sets what makes a terminal for a machine that has no other: called once, when the console is first asked for, or /dev. */
void terminal_set_reserve(void (*make)(void));

/* Signals go through process/: set at start. */
void terminal_set_signal_hook(void (*send_to_group)(int group, int signal));

/* Job control (credentials(7)): what terminals ask of processes. kernel/syscall sets it at start. */
struct terminal_job_hooks {
	int (*group)(void);   /* of the caller */
	int (*session)(void);
	bool (*is_leader)(void); /* of its session */
	struct terminal **(*controlling)(void); /* the caller's controlling terminal; NULL: a kernel thread */
	int (*session_of_group)(int group);	/* -1: no such group */
	bool (*is_signal_ignored)(int signal);	/* or blocked, by the caller */
	void (*forget)(const struct terminal *terminal); /* no process has it as its controlling terminal any more */
};
void terminal_set_job_hooks(const struct terminal_job_hooks *hooks);
/* Makes it the controlling terminal of a new session, whose only group is in the foreground. */
void terminal_give(struct terminal *terminal, int session);
/* The leader of `session` ended or gave the terminal up: SIGHUP and SIGCONT to the foreground group. */
void terminal_disassociate(struct terminal *terminal, int session);
/* The other end is gone (pty): reads end, SIGHUP. */
void terminal_hang_up(struct terminal *terminal);
const char *terminal_name(const struct terminal *terminal);
uint64_t terminal_device(const struct terminal *terminal);
/* For ptys: a terminal that is not among the devices; opens it; room again in the driver; drops it. */
struct terminal *terminal_new_private(const char *name, uint32_t major, uint32_t minor, const struct terminal_driver *driver);
int terminal_open(struct terminal *terminal, struct file *file) must_check;
void terminal_reset(struct terminal *terminal); /* as new: the last that had it open is gone */
void terminal_has_room(struct terminal *terminal);
void terminal_free(struct terminal *terminal);
long terminal_ioctl(struct terminal *terminal, struct file *file, unsigned command, uint64_t argument);
extern const struct file_ops terminal_file_ops;
