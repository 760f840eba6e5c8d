/* SPDX-License-Identifier: BSD-3-Clause */
/* poll(2). */
#pragma once
#include "kernel/uapi/poll.h"

struct poll_entry {
	int fd; /* negative: nothing to look at */
	short events, revents;
};
