/* SPDX-License-Identifier: BSD-3-Clause */
/* An instance: a machine running one image in the foreground, its program's streams joined to ours. */
#pragma once
#include "dory/base/error.h"
#include "dory/hypervisor/hypervisor.h"
#include "dory/instance/run_config.h"

struct control_record;
struct session; /* session.h: what may be asked of a machine that runs */

/* Somebody who looks after the machine while it runs. Called on the thread of instance_run, each NULL if it is not wanted. */
struct instance_watcher {
	int fd; /* readable when on_ready wants to be called */
	void (*on_ready)(struct instance_watcher *watcher, struct session *session);
	void (*on_machine)(struct instance_watcher *watcher, pid_t hypervisor); /* it was started */
	void (*on_start)(struct instance_watcher *watcher);                     /* the program is about to be */
	void (*on_counters)(struct instance_watcher *watcher, const char *text); /* the guest's answer to session_ask_counters */
	/* Of a further program (CONTROL_OUTPUT and what follows it in control.h); `bytes`: some of its output, `length` of them. */
	void (*on_exec)(struct instance_watcher *watcher, const struct control_record *record, const char *bytes, size_t length);
};

struct instance_request {
	const struct hypervisor *hypervisor;
	const char *program;      /* the hypervisor's */
	struct machine machine;   /* type, accelerator, kernel, memory, cpus, disk, overlay, volumes, nics; the rest is set here */
	const char *boot_options; /* words for the guest's kernel beside ours, each with a blank before it; NULL: none */
	const char *announcement; /* lines for standard error when the program is about to start; NULL: none */
	struct run_config config; /* what overrides the image's; stdio and window size are set here */
	struct instance_watcher *watcher; /* NULL: nobody */
	bool is_tty;              /* standard input and output are a terminal, and become the program's */
	bool is_remote;           /* is_tty: they are no terminal, but lead to one; escape keys are handled there */
	bool strace, bootchart;
	int log_level; /* 0 to 7: shows the kernel's log up to this severity; -1: what is grave */
};

enum instance_end {
	INSTANCE_EXITED,   /* code: the program's exit status */
	INSTANCE_SIGNALED, /* code: the signal that killed the program; text: its path */
	INSTANCE_REFUSED,  /* code: EXIT_* for a program that was not started; text: why, a sentence */
	INSTANCE_STOPPED,  /* a person stopped the machine; code: the signal that asked for it, SIGKILL for the escape
			      key */
};

struct instance_outcome {
	enum instance_end end;
	int code;
	bool was_asked; /* by a signal to us, a key, or session_kill */
	char text[1024];
};

/*
 * Runs until the machine ends. Signals INT, TERM, HUP and QUIT go to the program; a second one stops the machine. Fails
 * with HYPERVISOR if the machine ended and never said how the program did.
 */
int instance_run(
	const struct instance_request *request, struct instance_outcome *outcome, struct dory_error *err) must_check;
