/* SPDX-License-Identifier: BSD-3-Clause */
/* termios(3) and the escape key. */
#include "dory/instance/terminal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_A '\x01'

static struct termios saved;
static volatile sig_atomic_t is_raw;

void terminal_restore(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

/* A bug of ours must not leave a person with a terminal that shows nothing. */
static void on_fatal_signal(int number)
{
	int saved_errno = errno;

	terminal_restore();
	errno = saved_errno;
	raise(number); /* SA_RESETHAND: now for good */
}

static void guard_once(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
	struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_RESETHAND | SA_NODEFER};
	static bool is_guarded;

	if (is_guarded)
		return;
	is_guarded = true;
	atexit(terminal_restore);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &action, NULL);
}

int terminal_make_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved) < 0)
		return -1;
	guard_once();
	raw = saved;
	cfmakeraw(&raw);
	is_raw = 1; /* before: restoring what was not changed does no harm */
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0) {
		is_raw = 0;
		return -1;
	}
	return 0;
}

bool terminal_is_raw(void)
{
	return is_raw;
}

void terminal_stop(void)
{
	bool was_raw = is_raw;

	terminal_restore();
	raise(SIGSTOP);
	if (was_raw && terminal_make_raw() < 0)
		is_raw = 0;
}

void terminal_size(unsigned *rows, unsigned *columns)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){0};
	*rows = size.ws_row;
	*columns = size.ws_col;
}

enum terminal_request terminal_keys_filter(
	struct terminal_keys *keys, const char *bytes, size_t length, size_t *taken, char *out, size_t *out_length)
{
	enum terminal_request request = TERMINAL_NOTHING;
	size_t i, n = 0;

	for (i = 0; i < length && request == TERMINAL_NOTHING; i++) {
		if (!keys->is_escaped) {
			if (bytes[i] == CTRL_A)
				keys->is_escaped = true;
			else
				out[n++] = bytes[i];
			continue;
		}
		keys->is_escaped = false;
		if (bytes[i] == 'x' || bytes[i] == 'X') {
			request = TERMINAL_KILL;
		} else if (bytes[i] == 'h' || bytes[i] == '?') {
			request = TERMINAL_HELP;
		} else {
			out[n++] = CTRL_A;
			if (bytes[i] != CTRL_A && bytes[i] != 'a')
				out[n++] = bytes[i];
		}
	}
	*taken = i;
	*out_length = n;
	return request;
}
