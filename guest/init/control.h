/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's end of the control channel (abi/control.h). */
#pragma once
#include <stddef.h>

void control_open(void);
void control_adopt(int descriptor); /* it is open already */
int control_descriptor(void); /* to poll; -1 if no tool listens */
/* Sends a line: the words, with blanks between. NULL ends. Without a control channel the line goes to the console. */
void control_send(const char *word, ...);
/* A whole line and the bytes that stand behind it. */
void control_send_bytes(const char *line, const char *bytes, size_t len);
/* Reads what has come and acts on each whole line: a signal for `program`'s group, the terminal's size, further programs (exec.h). */
void control_receive(int program);
