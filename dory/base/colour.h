/* SPDX-License-Identifier: BSD-3-Clause */
/* Colours, for terminals only. */
#pragma once
#include "lib/attr.h"

enum colour { COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD, COLOUR_END };

/*
 * The control sequence (ECMA-48, SGR) for output to `fd`; "" where that is no terminal or a dumb one, or NO_COLOR is set and
 * not empty (no-color.org).
 */
const char *colour_start(int fd, enum colour colour);
