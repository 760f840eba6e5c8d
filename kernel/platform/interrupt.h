/* SPDX-License-Identifier: BSD-3-Clause */
/* From vectors to handlers. */
#pragma once

/* Runs what is connected to a vector, and tells the interrupt controller. Called by the traps' entry. */
void interrupt_dispatch(unsigned vector);
/* Silences the old interrupt controller. IO-APICs are found when the first line is asked for. */
void interrupt_init(void);
