/* SPDX-License-Identifier: BSD-3-Clause */
/* The signals of who watches a program of a machine, as bytes of a descriptor. */
#pragma once
#include <signal.h>

/*
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGWINCH are blocked from now on and read from what is returned (signalfd(2), never blocks; the caller's to
 * close), and SIGPIPE is ignored. *former: the mask before, to be set again. -1 with errno.
 */
int signals_open(sigset_t *former);
