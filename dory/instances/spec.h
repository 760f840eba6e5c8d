/* SPDX-License-Identifier: BSD-3-Clause */
/* What an instance is to run: the words of `dory run`, kept so that it can be started again. */
#pragma once
#include "dory/instances/record.h"

/* All owned; what is not given is NULL, 0 or empty, and decided when the instance is started. */
struct instance_spec {
	char *created;          /* UTC */
	char *image;            /* its name in the store */
	char *default_command;  /* the image's, when the instance was created */
	char *image_boot;       /* its configurations then (struct image) */
	char *target;           /* as a person named it */
	char *command;          /* -e */
	struct text_list boots; /* --boot */
	struct text_list arguments, environment;
	char *directory, *user, *host_name;
	char *memory, *accelerator, *machine, *kernel;
	int64_t cpus;
	struct text_list networks, forwards, addresses, macs, volumes;
	bool is_name_chosen;
	bool persist;           /* what the program writes stays with the instance */
	bool is_removed_at_end; /* --rm */
	bool is_detached;
	bool is_interactive;    /* detached: standard input is open, for those who attach */
	bool is_tty;            /* detached: the program has a terminal */
	bool strace, bootchart;
	int64_t log_level;      /* as in struct instance_request */
	char *restart;          /* restart_parse; NULL: no */
	int64_t stop_signal;    /* what asks the program to end; 0: SIGTERM */
	char *health;           /* health_parse; NULL: none */
	int64_t health_interval_ms, health_timeout_ms, health_start_ms, health_retries;
	int64_t log_bytes, log_files; /* one file's size; how many are kept */
};

int instance_spec_read(int directory, struct instance_spec *spec, struct dory_error *err) must_check;
/* `is_durable`: survives a crash of the host, which costs a write to the disk. */
int instance_spec_write(int directory, const struct instance_spec *spec, bool is_durable, struct dory_error *err) must_check;
void instance_spec_release(struct instance_spec *spec);
/* As JSON; returns owned. */
int instance_spec_print(const struct instance_spec *spec, char **text, struct dory_error *err) must_check;
