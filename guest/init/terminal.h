/* SPDX-License-Identifier: BSD-3-Clause */
/* The console as a terminal. */
#pragma once

void terminal_resize(unsigned rows, unsigned columns);
