/* SPDX-License-Identifier: BSD-3-Clause */
/* The asking side of exec.h. */
#pragma once
#include "dory/instance/run_config.h"

/*
 * Has the program of `config` run beside that of the instance whose directory is open. Returns a connection, on which frames come and go
 * (attach.h). NOT_FOUND: the instance does not run; CONFLICT: it refuses, with its sentence. Where `stop_fd` is not -1, its being readable ends the waiting.
 */
int exec_ask(int directory, const struct run_config *config, int stop_fd, struct dory_error *err) must_check;

/*
 * Waits until the program on the connection has ended, and closes that: 0, and its exit status; what it wrote is dropped but for the last line, in
 * `text`. -1: that took longer than `timeout_ms` (its program is killed), or `stop_fd` became readable, or nobody runs the instance any more.
 */
int exec_await(int socket, int timeout_ms, int stop_fd, int *status, char *text, size_t size) must_check;
