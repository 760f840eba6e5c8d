/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress on a terminal and elsewhere; colours. The clock stands still; time is made by moving the start back. */
#include "dory/base/progress.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "dory/base/colour.h"
#include "tests/unit/test.h"

enum { TEXT_SIZE = 4096 };

/* Standard error leads to `fd` while `work` runs. */
static void run_on(int fd, void (*work)(void))
{
	int former = dup(STDERR_FILENO);

	CHECK(former >= 0);
	fflush(stderr);
	CHECK(dup2(fd, STDERR_FILENO) >= 0);
	work();
	fflush(stderr);
	CHECK(dup2(former, STDERR_FILENO) >= 0);
	close(former);
}

/* All that comes until the other end is closed: one read() may return less than was written. Closes `fd`. */
static char *read_all(int fd)
{
	static char text[TEXT_SIZE];
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(fd);
	return text;
}

static char *run_on_pipe(void (*work)(void))
{
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	run_on(ends[1], work);
	close(ends[1]);
	return read_all(ends[0]);
}

static char *run_on_terminal(unsigned short columns, void (*work)(void))
{
	struct winsize size = {.ws_row = 30, .ws_col = columns};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	CHECK(master >= 0);
	CHECK_EQ(grantpt(master), 0);
	CHECK_EQ(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(slave >= 0);
	CHECK_EQ(ioctl(master, TIOCSWINSZ, &size), 0);
	run_on(slave, work);
	close(slave);
	return read_all(master);
}

/* The clock stands where the work began, but for what a test moves the start back. */
static int64_t stopped_ms;

static int64_t stopped_clock(void)
{
	return stopped_ms;
}

static void start(struct progress *progress, bool quiet)
{
	progress_start(progress, "files", 0, 40000000, quiet);
	stopped_ms = progress->started_ms;
	progress->now_ms = stopped_clock;
}

/* Half of 40 MB in five seconds. */
static void half_done(bool quiet)
{
	struct progress progress;

	start(&progress, quiet);
	progress.started_ms -= 5000;
	progress.drawn_ms -= 5000;
	progress.purpose = "to copy";
	progress_update(&progress, 20000000);
	progress_update(&progress, 20000001); /* too soon to draw again */
	progress_finish(&progress, true);
}

static void work_loudly(void)
{
	half_done(false);
}

static void work_quietly(void)
{
	half_done(true);
}

static void work_quickly(void)
{
	struct progress progress;

	start(&progress, false);
	progress_update(&progress, 40000000);
	progress_finish(&progress, true);
}

static void fail_late(void)
{
	struct progress progress;

	start(&progress, false);
	progress.started_ms -= 5000;
	progress_finish(&progress, false);
}

TEST(lines_where_no_terminal_is)
{
	CHECK_EQ(strcmp(run_on_pipe(work_loudly), "files: 40.0 MB to copy\nfiles: 20.0 MB in 5.0 s\n"), 0);
	CHECK_EQ(strcmp(run_on_pipe(work_quietly), ""), 0);
	CHECK_EQ(strcmp(run_on_pipe(work_quickly), ""), 0);
	CHECK_EQ(strcmp(run_on_pipe(fail_late), ""), 0);
}

TEST(a_bar_on_a_terminal)
{
	const char *text = run_on_terminal(120, work_loudly), *end;

	CHECK(strstr(text, "\rfiles [###############               ]  50 %  20.0 MB of 40.0 MB  4.0 MB/s  5 s left\033[K") == text);
	end = strstr(text, "\r\033[K"); /* taken away again */
	CHECK(end != NULL);
	CHECK(end && strstr(end, "files: 20.0 MB in 5.0 s") != NULL);
	CHECK_EQ(strcmp(run_on_terminal(120, work_quietly), ""), 0);
}

TEST(a_bar_fits_its_terminal)
{
	const char *text = run_on_terminal(40, work_loudly), *end = strstr(text, "\033[K");

	CHECK(end != NULL && end - text <= 40);
}

static void warn_meanwhile(void)
{
	struct progress progress;

	start(&progress, false);
	progress.drawn_ms -= 5000;
	progress_update(&progress, 20000000);
	progress_warning("look %s", "out");
	progress_finish(&progress, false);
}

TEST(a_warning_goes_above_the_bar)
{
	const char *text;

	unsetenv("TERM");
	text = run_on_terminal(120, warn_meanwhile);
	CHECK(strstr(text, "\r\033[Kdory: warning: look out\r\n") != NULL);
}

TEST(colours_for_terminals_that_take_them)
{
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	CHECK(strstr(run_on_terminal(120, warn_meanwhile), "\033[33mdory: warning:\033[0m look out") != NULL);
	CHECK(strstr(run_on_pipe(warn_meanwhile), "\033") == NULL);
	setenv("NO_COLOR", "1", 1);
	CHECK(strstr(run_on_terminal(120, warn_meanwhile), "\033[33m") == NULL);
	setenv("NO_COLOR", "", 1);
	CHECK(strstr(run_on_terminal(120, warn_meanwhile), "\033[33m") != NULL);
	setenv("TERM", "dumb", 1);
	CHECK(strstr(run_on_terminal(120, warn_meanwhile), "\033[33m") == NULL);
}

TEST_MAIN()
