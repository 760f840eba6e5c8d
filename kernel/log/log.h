/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's log, panic, and the marks of the boot chart. */
#pragma once
#include "lib/attr.h"

enum log_level { /* RFC 5424 §6.2.1 */
	LOG_EMERGENCY, LOG_ALERT, LOG_CRITICAL, LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG,
};

/* Writes the line "<L>TEXT" to every sink if the level is at most the one in force (log=, default LOG_WARNING). */
void log_line(enum log_level level, const char *format, ...) printf_like(2, 3);
/* Writes text as it is, whatever the level: output of --strace and the boot chart. */
void log_raw(const char *text, size_t len);
/* Part of a line of the writer `owner`, not 0. What others write before it ends comes on lines of its own, and ` <unfinished ...>` before it; then
 * `again` begins the line anew. NULL: the part is the beginning of a line. */
void log_part(int owner, const char *again, const char *text, size_t len, bool ends);
void log_set_level(enum log_level level);

/* Where lines go: the serial port's driver registers one. `write` must work in any context, interrupts off. */
struct log_sink {
	void (*write)(const char *text, size_t len);
	struct log_sink *next;
};
void log_add_sink(struct log_sink *sink);
/* The last lines written, oldest first: for syslog(2). Bytes copied. */
size_t log_read(char *to, size_t size);

/* A broken invariant of ours: prints the reason and a backtrace with symbols, stops the other CPUs and powers off. */
noreturn_fn void panic(const char *format, ...) printf_like(1, 2);
/* The same, with a backtrace from another place, where the stack pointer was `stack`: of a trap. */
noreturn_fn void panic_at(uint64_t address, uint64_t stack, const char *format, ...) printf_like(3, 4);
/* How the machine is switched off, and how cycles become ns: set by platform/ at start. */
void panic_set_power_off(void (*power_off)(void));
void log_set_cycles_to_ns(uint64_t (*convert)(uint64_t cycles));
#define ASSERT(cond)                                                                                                \
	do {                                                                                                        \
		if (unlikely(!(cond)))                                                                              \
			panic("%s:%d: %s does not hold", __FILE__, __LINE__, #cond);                                \
	} while (0)

/* Remembers when a step of the start happened; `name` stays valid. Printed by boot_chart_print if "bootchart" was asked for. */
void boot_mark(const char *name);
void boot_chart_print(void);

#define SYMBOL_FRAME_UNKNOWN UINT32_MAX

struct symbol {
	const char *name;
	uint64_t offset;     /* of the address in the function */
	uint32_t frame_size; /* bytes below the return address, once the function has begun; or SYMBOL_FRAME_UNKNOWN */
};
/* The kernel's function that holds `address`; false if none. */
bool symbol_find(uint64_t address, struct symbol *symbol);
