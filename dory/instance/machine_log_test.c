/* SPDX-License-Identifier: BSD-3-Clause */
/* What of the machine's log is shown. */
#include <string.h>
#include <unistd.h>
#include "dory/instance/machine_log.h"
#include "tests/unit/test.h"

static const char *printed(int fd)
{
	static char text[8192];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static struct machine_log log_to_file(FILE *file)
{
	return (struct machine_log){.shown_level = 3, .fd = fileno(file)};
}

TEST(grave_lines_and_lines_without_severity_are_shown)
{
	static const char text[] = "<6>boot\r\n<3>out of memory: x\nread(0) = 1\n<4>warned\n<9>odd\n";
	FILE *file = tmpfile();
	struct machine_log log = log_to_file(file);

	machine_log_take(&log, text, sizeof(text) - 1);
	CHECK(strcmp(printed(log.fd), "out of memory: x\nread(0) = 1\n<9>odd\n") == 0);
	CHECK(log.has_shown);
	machine_log_reveal(&log);
	CHECK(strcmp(printed(log.fd), "out of memory: x\nread(0) = 1\n<9>odd\nboot\nwarned\n") == 0);
	machine_log_release(&log);
	fclose(file);
}

TEST(an_unfinished_line_is_revealed)
{
	FILE *file = tmpfile();
	struct machine_log log = log_to_file(file);

	machine_log_take(&log, "<0>pan", 6);
	CHECK(strcmp(printed(log.fd), "") == 0);
	machine_log_reveal(&log);
	CHECK(strcmp(printed(log.fd), "pan\n") == 0);
	machine_log_release(&log);
	fclose(file);
}

TEST(only_the_last_hidden_lines_are_kept)
{
	FILE *file = tmpfile();
	struct machine_log log = log_to_file(file);
	const char *text;

	for (int i = 0; i < 2000; i++) {
		char line[32];

		machine_log_take(&log, line, (size_t)snprintf(line, sizeof(line), "<7>line %d\n", i));
	}
	machine_log_reveal(&log);
	text = printed(log.fd);
	CHECK(strlen(text) <= 4096 && strlen(text) > 3900);
	CHECK(strncmp(text, "line ", 5) == 0 && strstr(text, "line 1999\n"));
	machine_log_release(&log);
	fclose(file);
}

TEST(repetitions_are_counted)
{
	static const char text[] = "<3>bad\n<3>bad\n<3>bad\n<3>worse\nread\nread\n<3>worse\n";
	FILE *file = tmpfile();
	struct machine_log log = log_to_file(file);

	machine_log_take(&log, text, sizeof(text) - 1);
	machine_log_release(&log);
	CHECK(strcmp(printed(log.fd), "bad\n(2 times more)\nworse\nread\nread\n(1 times more)\n") == 0);
	fclose(file);
}
TEST_MAIN()
