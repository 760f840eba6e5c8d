/* SPDX-License-Identifier: BSD-3-Clause */
/* The progress bar and the warnings. Only the thread that runs the command draws. */
#include "dory/base/progress.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/colour.h"

enum {
	DRAW_EVERY_MS = 100,
	WORTH_A_LINE_MS = 1000,
};

static struct progress *on_screen;

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static unsigned terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* "3.1 MB", decimal as archives count; into a buffer of 32. */
static const char *size_text(char *to, double bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	unsigned unit = 0;

	while (bytes >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1000;
		unit++;
	}
	snprintf(to, 32, unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return to;
}

static double rate_of(const struct progress *progress)
{
	int64_t elapsed = progress->now_ms() - progress->started_ms;

	return elapsed > 0 ? (double)(progress->done - progress->first) * 1000 / (double)elapsed : 0;
}

static void append_time_left(char *line, size_t size, const struct progress *progress, double rate)
{
	size_t used = strlen(line);
	double left;

	if (rate < 1 || progress->total <= progress->done)
		return;
	left = (double)(progress->total - progress->done) / rate;
	if (left < 60)
		snprintf(line + used, size - used, "  %.0f s left", left);
	else
		snprintf(line + used, size - used, "  %.0f min left", left / 60);
}

static void draw(struct progress *progress)
{
	static const char full[] = "##############################", gap[] = "                              ";
	char line[320], done[32], total[32], speed[32];
	unsigned columns = terminal_columns(), width = columns < 100 ? 12 : sizeof(full) - 1, filled;
	double rate = rate_of(progress);
	double share = progress->total ? (double)progress->done / (double)progress->total : 0;

	if (share > 1)
		share = 1;
	filled = (unsigned)(share * width);
	snprintf(line, sizeof(line), "%s [%.*s%.*s] %3.0f %%  %s of %s  %s/s", progress->title, (int)filled, full,
	    (int)(width - filled), gap, share * 100, size_text(done, (double)progress->done),
	    size_text(total, (double)progress->total), size_text(speed, rate));
	append_time_left(line, sizeof(line), progress, rate);
	if (columns < sizeof(line))
		line[columns - 1] = '\0';
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
	progress->is_drawn = true;
	on_screen = progress;
}

static void erase(struct progress *progress)
{
	if (!progress->is_drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->is_drawn = false;
	on_screen = NULL;
}

void progress_start(struct progress *progress, const char *title, uint64_t already, uint64_t total, bool quiet)
{
	*progress = (struct progress){
	    .title = title,
	    .purpose = "to fetch",
	    .total = total,
	    .done = already,
	    .first = already,
	    .started_ms = monotonic_ms(),
	    .now_ms = monotonic_ms,
	    .quiet = quiet,
	    .is_terminal = isatty(STDERR_FILENO) == 1,
	};
	progress->drawn_ms = progress->started_ms;
}

/* Without a terminal: one line, once it takes long enough for a reader of a log to wonder. */
static void announce(struct progress *progress, int64_t now)
{
	char size[32];

	if (progress->is_announced || now - progress->started_ms < WORTH_A_LINE_MS || progress->total <= progress->first)
		return;
	progress->is_announced = true;
	fprintf(stderr, "%s: %s %s\n", progress->title, size_text(size, (double)(progress->total - progress->first)), progress->purpose);
}

void progress_update(struct progress *progress, uint64_t done)
{
	int64_t now = progress->now_ms();

	progress->done = done;
	if (progress->quiet)
		return;
	if (!progress->is_terminal) {
		announce(progress, now);
		return;
	}
	if (now - progress->drawn_ms < DRAW_EVERY_MS)
		return;
	progress->drawn_ms = now;
	draw(progress);
}

void progress_finish(struct progress *progress, bool succeeded)
{
	int64_t elapsed = progress->now_ms() - progress->started_ms;
	char size[32];

	erase(progress);
	if (progress->quiet || !succeeded || elapsed < WORTH_A_LINE_MS)
		return;
	fprintf(stderr, "%s: %s in %.1f s\n", progress->title, size_text(size, (double)(progress->done - progress->first)),
	    (double)elapsed / 1000);
}

static void say(const char *prefix, enum colour colour, const char *format, va_list args)
{
	if (on_screen)
		erase(on_screen);
	fprintf(stderr, "%s%s%s ", colour_start(STDERR_FILENO, colour), prefix, colour_start(STDERR_FILENO, COLOUR_END));
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void progress_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("dory: warning:", COLOUR_WARNING, format, args);
	va_end(args);
}

void progress_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("dory:", COLOUR_END, format, args);
	va_end(args);
}
