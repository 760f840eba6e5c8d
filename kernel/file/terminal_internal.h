/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to the files of terminals: terminal.c makes and opens them, terminal_output.c writes and echoes, terminal_receive.c is the line discipline's
 * input (termios(3)), terminal_read.c gives it to programs, terminal_job.c is job control, terminal_ioctl.c the rest of ioctl_tty(2).
 *
 * Input is a ring in three parts: [head, ready) may be read, [ready, tail) is the line that is being edited (empty in raw mode). The end of
 * a line has its bit set in `ends`; one of value 0 is an end of file, which is not part of the data.
 */
#pragma once
#include "kernel/file/terminal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/termios.h"
#include "lib/string.h"

enum { TERMINAL_INPUT = 4096, TERMINAL_ECHO = 256 };

struct terminal {
	struct terminal_driver driver;
	const char *name;
	uint64_t device;
	struct spinlock lock; /* guards what follows up to read_lock */
	struct linux_termios settings;
	struct linux_winsize size;
	char *input; /* TERMINAL_INPUT, made at the first byte */
	uint64_t ends[TERMINAL_INPUT / 64];
	unsigned head, ready, tail; /* free-running */
	unsigned nr_ends;	    /* in [head, ready) */
	char echo[TERMINAL_ECHO];
	unsigned echo_len;
	int session, foreground;
	bool is_stopped, is_hung_up, next_is_literal, has_echo_thread;
	struct mutex read_lock, write_lock; /* one reader, one writer at a time */
	struct wait_queue read_wait, write_wait, echo_wait;
	struct character_device node;
};

/* ---- Output ---- */
long terminal_write(struct file *file, struct io_vector *io, uint64_t *position);
/* Echo that was kept goes out. Sleeps. */
void terminal_flush_echo(struct terminal *t);
/* Any context, with t->lock held. */
void terminal_echo(struct terminal *t, const char *text, size_t len);
void terminal_echo_byte(struct terminal *t, unsigned char c); /* control characters as ^X, if the settings say so */

/* ---- Input, with t->lock held ---- */
bool terminal_ends_at(const struct terminal *t, unsigned at); /* a line's end */
void terminal_flush_input(struct terminal *t);

/* ---- Reading ---- */
long terminal_read(struct file *file, struct io_vector *io, uint64_t *position);
unsigned terminal_poll(struct file *file, struct poll_table *table);

/* ---- Job control ---- */
extern const struct terminal_job_hooks *terminal_jobs; /* NULL: there is none */
void terminal_signal_group(int group, int signal);
bool terminal_is_controlling(const struct terminal *t); /* the caller's */
/* A background process may not do this (credentials(7), tcsetpgrp(3)): it is stopped by the signal and the call made again: -EINTR. -EIO. */
int terminal_check_foreground(struct terminal *t, int signal);
int terminal_take(struct terminal *t, bool steal);	   /* TIOCSCTTY */
int terminal_give_up(struct terminal *t);		   /* TIOCNOTTY */
int terminal_set_foreground(struct terminal *t, uint64_t argument); /* TIOCSPGRP */
