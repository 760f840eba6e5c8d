/* SPDX-License-Identifier: BSD-3-Clause */
/* dory build: what of it needs the composing half of libdory. */
#pragma once
#include "cli/command.h"

int build_work(struct invocation *invocation);
