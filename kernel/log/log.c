/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log: lines go to all sinks, one line at a time whichever CPU writes, and the last of them are kept: for a sink that registers later,
 * and for syslog(2).
 */
#include "kernel/log/log.h"
#include "kernel/log/panic.h"
#include "kernel/arch/spinlock.h"
#include "lib/format.h"
#include "lib/string.h"

#define LINE_MAX_LEN 512
#define KEPT_SIZE    2048 /* a power of two */

static enum log_level level_in_force = LOG_WARNING;
static struct log_sink *sinks;
static char kept[KEPT_SIZE];
static uint64_t kept_end; /* bytes ever written; the last KEPT_SIZE of them are there */
static int open_owner; /* of the line that has not ended; 0: there is none */
static struct spinlock lock; /* guards all of these */

void log_set_level(enum log_level level)
{
	level_in_force = level;
}

static void keep(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		kept[kept_end++ % KEPT_SIZE] = text[i];
}

static void write_bytes(const char *text, size_t len)
{
	keep(text, len);
	for (struct log_sink *sink = sinks; sink; sink = sink->next)
		sink->write(text, len);
}

static void write_all(const char *text, size_t len)
{
	static const char unfinished[] = " <unfinished ...>\n";

	if (open_owner)
		write_bytes(unfinished, sizeof(unfinished) - 1);
	open_owner = 0;
	write_bytes(text, len);
}

void log_part(int owner, const char *again, const char *text, size_t len, bool ends)
{
	spin_lock(&lock);
	if (open_owner == owner && again)
		write_bytes(text, len);
	else if (again) {
		write_all(again, strlen(again));
		write_bytes(text, len);
	} else {
		write_all(text, len);
	}
	open_owner = ends ? 0 : owner;
	spin_unlock(&lock);
}

void log_raw(const char *text, size_t len)
{
	spin_lock(&lock);
	write_all(text, len);
	spin_unlock(&lock);
}

/* "<L>" and a line end around the text, cut to fit. */
static size_t make_line(char *line, enum log_level level, const char *format, va_list args)
{
	int prefix = format_text(line, LINE_MAX_LEN, "<%u>", (unsigned)level);
	int len = format_text_va(line + prefix, LINE_MAX_LEN - 1 - (size_t)prefix, format, args);
	size_t total = (size_t)prefix + min_u64((uint64_t)len, LINE_MAX_LEN - 2 - (size_t)prefix);

	line[total] = '\n';
	return total + 1;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_LEN];
	va_list args;
	size_t len;

	if (level > level_in_force)
		return;
	va_start(args, format);
	len = make_line(line, level, format, args);
	va_end(args);
	log_raw(line, len);
}

void log_add_sink(struct log_sink *sink)
{
	uint64_t at;

	spin_lock(&lock);
	sink->next = sinks;
	sinks = sink;
	if (!sink->next)
		for (at = kept_end > KEPT_SIZE ? kept_end - KEPT_SIZE : 0; at < kept_end; at++)
			sink->write(&kept[at % KEPT_SIZE], 1);
	spin_unlock(&lock);
}

size_t log_read(char *to, size_t size)
{
	uint64_t at, first;
	size_t n = 0;

	spin_lock(&lock);
	first = kept_end > KEPT_SIZE ? kept_end - KEPT_SIZE : 0;
	for (at = kept_end - first > size ? kept_end - size : first; at < kept_end; at++)
		to[n++] = kept[at % KEPT_SIZE];
	spin_unlock(&lock);
	return n;
}

void log_break_lock(void)
{
	lock.held = 0;
}
