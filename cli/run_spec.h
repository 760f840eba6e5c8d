/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of `dory run`, and what an instance keeps of them. */
#pragma once
#include "cli/command.h"

struct run_values {
	struct settings_options settings;
	const char *command, *directory, *user, *host_name, *memory, *accelerator, *machine, *kernel, *log;
	struct word_list environment, boots, with, forwards, networks, addresses, macs, volumes;
	const char *name, *image, *device;
	const char *restart, *stop_signal, *health_tcp, *health_http, *health_cmd, *health_interval, *health_timeout, *health_start, *log_size;
	unsigned cpus, health_retries, log_files;
	bool is_file, strace, bootchart, persist, tty, no_tty, is_detached, is_interactive, is_removed_at_end;
};

/* Reads and checks them all. Error: USAGE. */
int run_spec_read(struct instance_spec *spec, const struct run_values *values, const char *target, const struct word_list *arguments,
	struct dory_error *err) must_check;
/* Takes from `asked` what it says of an instance that is there; what it does not say stays as it was. */
void run_spec_override(struct instance_spec *spec, struct instance_spec *asked);
