/* SPDX-License-Identifier: BSD-3-Clause */
/* What panic needs of the log. */
#pragma once

void log_break_lock(void); /* all other CPUs stand still: whoever held the lock will not go on */
