/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines to and from the tool. */
#include "guest/init/control.h"
#include "abi/control.h"
#include "guest/init/counters.h"
#include "guest/init/exec.h"
#include "guest/init/poll.h"
#include "guest/init/syscalls.h"
#include "guest/init/terminal.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

static int control = -1;

void control_open(void)
{
	control = (int)sys3(open, "/dev/vport/" CONTROL_PORT, 02 | 02000000 | 04000 /* O_RDWR, O_CLOEXEC, O_NONBLOCK */, 0);
}

void control_adopt(int descriptor)
{
	control = descriptor;
}

int control_descriptor(void)
{
	return control;
}

/* All of it: a frame must not be cut. The host reads as long as it is there. */
static void send_all(const char *bytes, size_t len)
{
	int fd = control >= 0 ? control : 2;

	while (len) {
		long n = sys3(write, fd, bytes, len);
		struct poll_entry room = {.fd = fd, .events = POLLOUT};

		if (n == -EAGAIN) {
			sys3(poll, &room, 1, -1);
			continue;
		}
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

void control_send(const char *word, ...)
{
	char line[512];
	size_t len = 0;
	va_list words;

	va_start(words, word);
	for (; word; word = va_arg(words, const char *)) {
		size_t part = min_u64(strlen(word), sizeof(line) - 1 - len);

		memcpy(line + len, word, part);
		len = min_u64(len + part, sizeof(line) - 2);
		line[len++] = ' ';
	}
	va_end(words);
	line[len - 1] = '\n';
	send_all(line, len);
}

void control_send_bytes(const char *line, const char *bytes, size_t len)
{
	send_all(line, strlen(line));
	send_all(bytes, len);
}

static void act(const char *line, int program)
{
	uint64_t a, b;
	const char *end;

	if (!strcmp(line, "counters"))
		counters_send();
	else if (!strncmp(line, "signal ", 7) && format_parse_u64(line + 7, &end, &a) && program > 0)
		sys2(kill, program, a);
	else if (!strncmp(line, "winsize ", 8) && format_parse_u64(line + 8, &end, &a) && *end == ' ' && format_parse_u64(end + 1, &end, &b))
		terminal_resize((unsigned)a, (unsigned)b);
}

/* How many of the bytes were used; 0: more must come. */
static size_t take(char *text, size_t len, int program)
{
	char *end;

	if (exec_payload_left())
		return exec_payload(text, len);
	end = memchr(text, '\n', len);
	if (!end)
		return 0;
	*end = '\0';
	if (!exec_line(text))
		act(text, program);
	return (size_t)(end - text) + 1;
}

void control_receive(int program)
{
	static char text[4096];
	static size_t len;
	long n = sys3(read, control, text + len, sizeof(text) - len);

	if (n <= 0)
		return;
	len += (size_t)n;
	for (size_t used; len && (used = take(text, len, program)) != 0; len -= used)
		memmove(text, text + used, len - used);
	if (len == sizeof(text))
		len = 0; /* no line is that long: not ours */
}
