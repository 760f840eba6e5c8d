/* SPDX-License-Identifier: BSD-3-Clause */
/* What a line discipline does with bytes that come: any context, with t->lock held. */
#include "kernel/file/terminal_internal.h"
#include "kernel/mem/heap.h"

bool terminal_ends_at(const struct terminal *t, unsigned at)
{
	at %= TERMINAL_INPUT;
	return t->ends[at / 64] >> (at % 64) & 1;
}

static void store(struct terminal *t, unsigned char c, bool is_end)
{
	unsigned at = t->tail % TERMINAL_INPUT;

	if (!t->input)
		t->input = heap_alloc(TERMINAL_INPUT);
	if (!t->input || t->tail - t->head >= TERMINAL_INPUT - (is_end ? 0 : 1))
		return; /* full: a line's end still fits */
	t->input[at] = (char)c;
	t->ends[at / 64] &= ~(1ull << (at % 64));
	if (is_end)
		t->ends[at / 64] |= 1ull << (at % 64);
	t->tail++;
}

static void finish_line(struct terminal *t)
{
	t->nr_ends++;
	t->ready = t->tail;
}

static void erase_one(struct terminal *t)
{
	unsigned char c;

	do {
		c = (unsigned char)t->input[--t->tail % TERMINAL_INPUT];
	} while ((t->settings.iflag & IUTF8) && (c & 0xc0) == 0x80 && t->tail != t->ready);
	if (!(t->settings.lflag & ECHO))
		return;
	if (!(t->settings.lflag & ECHOE))
		return terminal_echo_byte(t, t->settings.cc[VERASE]);
	terminal_echo(t, "\b \b", 3);
	if ((c < ' ' || c == 127) && c != '\t' && (t->settings.lflag & ECHOCTL))
		terminal_echo(t, "\b \b", 3);
}

static void erase_word(struct terminal *t)
{
	while (t->tail != t->ready && t->input[(t->tail - 1) % TERMINAL_INPUT] == ' ')
		erase_one(t);
	while (t->tail != t->ready && t->input[(t->tail - 1) % TERMINAL_INPUT] != ' ')
		erase_one(t);
}

void terminal_flush_input(struct terminal *t)
{
	t->head = t->ready = t->tail = 0;
	t->nr_ends = 0;
}

static bool is_control(const struct terminal *t, unsigned which, unsigned char c)
{
	return c && t->settings.cc[which] == c;
}

static bool receive_signal(struct terminal *t, unsigned char c, int *signal)
{
	*signal = is_control(t, VINTR, c) ? LINUX_SIGINT : is_control(t, VQUIT, c) ? LINUX_SIGQUIT : is_control(t, VSUSP, c) ? LINUX_SIGTSTP : 0;
	if (!*signal)
		return false;
	if (!(t->settings.lflag & NOFLSH))
		terminal_flush_input(t);
	if (t->settings.lflag & ECHO)
		terminal_echo_byte(t, c);
	return true;
}

static bool receive_flow(struct terminal *t, unsigned char c)
{
	bool stop = is_control(t, VSTOP, c), start = is_control(t, VSTART, c);

	if (!stop && !start)
		return false;
	t->is_stopped = stop && !(start && t->is_stopped);
	return true;
}

/* True if it was an editing character of canonical mode. */
static bool receive_edit(struct terminal *t, unsigned char c)
{
	if (is_control(t, VERASE, c)) {
		if (t->tail != t->ready)
			erase_one(t);
		return true;
	}
	if (is_control(t, VKILL, c)) {
		while (t->tail != t->ready)
			erase_one(t);
		return true;
	}
	if (is_control(t, VWERASE, c) && (t->settings.lflag & IEXTEN)) {
		erase_word(t);
		return true;
	}
	if (is_control(t, VEOF, c)) {
		store(t, 0, true);
		finish_line(t);
		return true;
	}
	return false;
}

static bool ends_line(const struct terminal *t, unsigned char c)
{
	return c == '\n' || is_control(t, VEOL, c) || (is_control(t, VEOL2, c) && (t->settings.lflag & IEXTEN));
}

static void receive_canonical(struct terminal *t, unsigned char c, bool is_literal)
{
	bool is_end = !is_literal && ends_line(t, c);

	if (!is_literal && receive_edit(t, c))
		return;
	if ((t->settings.lflag & ECHO) || (c == '\n' && (t->settings.lflag & ECHONL)))
		terminal_echo_byte(t, c);
	store(t, c, is_end);
	if (is_end)
		finish_line(t);
}

/* The signal to send, or 0. */
static int receive_byte(struct terminal *t, unsigned char c)
{
	bool is_literal = t->next_is_literal;
	int signal;

	t->next_is_literal = false;
	if (!is_literal) {
		if (c == '\r' && (t->settings.iflag & IGNCR))
			return 0;
		if (c == '\r' && (t->settings.iflag & ICRNL))
			c = '\n';
		else if (c == '\n' && (t->settings.iflag & INLCR))
			c = '\r';
		if ((t->settings.iflag & IXON) && receive_flow(t, c))
			return 0;
		if ((t->settings.iflag & IXANY) && t->is_stopped)
			t->is_stopped = false;
		if ((t->settings.lflag & ISIG) && receive_signal(t, c, &signal))
			return signal;
		if ((t->settings.lflag & (IEXTEN | ICANON)) == (IEXTEN | ICANON) && is_control(t, VLNEXT, c)) {
			t->next_is_literal = true;
			if ((t->settings.lflag & (ECHO | ECHOCTL)) == (ECHO | ECHOCTL))
				terminal_echo(t, "^\b", 2);
			return 0;
		}
	}
	if (t->settings.lflag & ICANON) {
		receive_canonical(t, c, is_literal);
	} else {
		if (t->settings.lflag & ECHO)
			terminal_echo_byte(t, c);
		store(t, c, false);
		t->ready = t->tail;
	}
	return 0;
}

void terminal_receive(struct terminal *t, const char *text, size_t len)
{
	int signal;
	bool was_stopped = t->is_stopped, has_echo;

	for (size_t i = 0; i < len; i++) {
		int group;

		spin_lock(&t->lock);
		signal = receive_byte(t, (unsigned char)text[i]);
		group = t->foreground;
		spin_unlock(&t->lock);
		if (signal)
			terminal_signal_group(group, signal);
	}
	has_echo = t->echo_len;
	if (was_stopped && !t->is_stopped)
		wait_wake_all(&t->write_wait, POLLOUT | POLLWRNORM);
	if (t->ready != t->head)
		wait_wake_all(&t->read_wait, POLLIN | POLLRDNORM);
	if (has_echo)
		wait_wake_all(&t->echo_wait, 0);
}
