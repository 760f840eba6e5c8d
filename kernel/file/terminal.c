/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Terminals: the line discipline (termios(3)).
 *
 * Input is a ring in three parts: [head, ready) may be read, [ready, tail) is the line that is being edited (empty in raw mode). The end of
 * a line has its bit set in `ends`; one of value 0 is an end of file, which is not part of the data.
 * Echo is made in interrupt context too, where a driver that sleeps cannot write: it is kept, and goes out with the next read, write or by a thread.
 */
#include "kernel/file/terminal.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/termios.h"
#include "lib/format.h"
#include "lib/string.h"

enum { INPUT_SIZE = 4096, ECHO_SIZE = 256, NS_PER_TENTH = 100000000 };

struct terminal {
	struct terminal_driver driver;
	const char *name;
	uint64_t device;
	struct spinlock lock; /* guards what follows up to read_lock */
	struct linux_termios settings;
	struct linux_winsize size;
	char *input; /* INPUT_SIZE, made at the first byte */
	uint64_t ends[INPUT_SIZE / 64];
	unsigned head, ready, tail; /* free-running */
	unsigned nr_ends;	    /* in [head, ready) */
	char echo[ECHO_SIZE];
	unsigned echo_len;
	int session, foreground;
	bool is_stopped, is_hung_up, next_is_literal, has_echo_thread;
	struct mutex read_lock, write_lock; /* one reader, one writer at a time */
	struct wait_queue read_wait, write_wait, echo_wait;
	struct character_device node;
};

static void (*send_to_group)(int group, int signal);
static const struct terminal_job_hooks *jobs;
static struct terminal *console;

static const struct linux_termios default_settings = {
    .iflag = ICRNL | IXON,
    .oflag = OPOST | ONLCR,
    .cflag = CBAUD_38400 | CS8 | CREAD,
    .lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1, [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26,
	[VREPRINT] = 18, [VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22},
};

void terminal_set_signal_hook(void (*hook)(int group, int signal))
{
	send_to_group = hook;
}

void terminal_set_job_hooks(const struct terminal_job_hooks *hooks)
{
	jobs = hooks;
}

static void signal_group(int group, int signal)
{
	if (group > 0 && send_to_group)
		send_to_group(group, signal);
}

/* ---- Output ---- */

/* All of it, sleeping for room. With write_lock held. -EAGAIN, -EINTR, -EIO: what was taken is in *done. */
static int write_raw(struct terminal *t, const char *text, size_t len, bool may_wait, size_t *done)
{
	struct waiter waiter;
	int ret = 0;

	*done = 0;
	for (;;) {
		if (!t->is_stopped)
			*done += t->driver.write(t, text + *done, len - *done);
		if (*done == len || t->is_hung_up)
			return *done == len ? 0 : -EIO;
		if (!may_wait)
			return -EAGAIN;
		wait_begin(&waiter, &t->write_wait);
		if (!t->is_stopped)
			*done += t->driver.write(t, text + *done, len - *done);
		if (*done < len && !t->is_hung_up)
			ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
		wait_end(&waiter);
		if (ret && *done < len)
			return ret;
	}
}

static void flush_echo_locked(struct terminal *t)
{
	char text[ECHO_SIZE];
	size_t len, done;

	if (!t->echo_len)
		return;
	spin_lock(&t->lock);
	len = t->echo_len;
	memcpy(text, t->echo, len);
	t->echo_len = 0;
	spin_unlock(&t->lock);
	(void)write_raw(t, text, len, true, &done);
}

static void flush_echo(struct terminal *t)
{
	if (!t->echo_len)
		return;
	mutex_lock(&t->write_lock);
	flush_echo_locked(t);
	mutex_unlock(&t->write_lock);
}

static void echo_thread(void *argument)
{
	struct terminal *t = argument;
	struct waiter waiter;

	wait_begin(&waiter, &t->echo_wait);
	for (;;) {
		flush_echo(t);
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	}
}

/* Any context, with t->lock held. */
static void echo_text(struct terminal *t, const char *text, size_t len)
{
	if (t->driver.never_sleeps) {
		(void)t->driver.write(t, text, len);
		return;
	}
	len = min_u64(len, ECHO_SIZE - t->echo_len);
	memcpy(t->echo + t->echo_len, text, len);
	t->echo_len += (unsigned)len;
	if (!t->has_echo_thread)
		t->has_echo_thread = !thread_spawn("echo", echo_thread, t);
}

static void echo_byte(struct terminal *t, unsigned char c)
{
	char text[2] = {'^', (char)(c ^ 0x40)};

	if (c == '\n' && (t->settings.oflag & OPOST) && (t->settings.oflag & ONLCR))
		echo_text(t, "\r\n", 2);
	else if ((c < ' ' || c == 127) && c != '\n' && c != '\t' && (t->settings.lflag & ECHOCTL))
		echo_text(t, text, 2);
	else
		echo_text(t, (char *)&c, 1);
}

static size_t process_output(const struct linux_termios *settings, const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = in[i];

		if (settings->oflag & OPOST) {
			if (c == '\n' && (settings->oflag & ONLCR))
				out[n++] = '\r';
			else if (c == '\r' && (settings->oflag & OCRNL))
				c = '\n';
		}
		out[n++] = c;
	}
	return n;
}

/* How many bytes of input `done` bytes of output stand for. */
static size_t input_of_output(const struct linux_termios *settings, const char *in, size_t len, size_t done)
{
	size_t n = 0, i = 0;

	while (i < len) {
		n += 1 + (in[i] == '\n' && (settings->oflag & OPOST) && (settings->oflag & ONLCR));
		if (n > done)
			break;
		i++;
	}
	return i;
}

static bool is_controlling(const struct terminal *t)
{
	struct terminal **mine = jobs ? jobs->controlling() : NULL;

	return mine && *mine == t;
}

/* A background process may not do this (credentials(7), tcsetpgrp(3)): it is stopped by a signal and the call made again. */
static int check_foreground(struct terminal *t, int signal)
{
	if (!is_controlling(t) || t->foreground <= 0 || jobs->group() == t->foreground)
		return 0;
	if (jobs->is_signal_ignored(signal))
		return signal == LINUX_SIGTTIN ? -EIO : 0;
	signal_group(jobs->group(), signal);
	return -EINTR;
}

static long terminal_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct terminal *t = file->private_data;
	char in[256], out[512];
	long total = 0;
	int ret = t->is_hung_up ? -EIO : 0;

	if (!ret && (t->settings.lflag & TOSTOP))
		ret = check_foreground(t, LINUX_SIGTTOU);
	if (ret)
		return ret;
	mutex_lock(&t->write_lock);
	flush_echo_locked(t);
	while (io->left && !ret) {
		size_t wanted = min_u64(io->left, sizeof(in)), len = io_vector_get(io, in, wanted), done, out_len;

		if (!len) {
			ret = -EFAULT;
			break;
		}
		out_len = process_output(&t->settings, in, len, out);
		ret = write_raw(t, out, out_len, !file_is_nonblocking(file), &done);
		done = input_of_output(&t->settings, in, len, done);
		io_vector_back(io, len - done);
		total += (long)done;
	}
	mutex_unlock(&t->write_lock);
	return total ? total : ret;
}

/* ---- Input, in any context, with t->lock held. ---- */

static bool end_at(const struct terminal *t, unsigned at)
{
	at %= INPUT_SIZE;
	return t->ends[at / 64] >> (at % 64) & 1;
}

static void store(struct terminal *t, unsigned char c, bool is_end)
{
	unsigned at = t->tail % INPUT_SIZE;

	if (!t->input)
		t->input = heap_alloc(INPUT_SIZE);
	if (!t->input || t->tail - t->head >= INPUT_SIZE - (is_end ? 0 : 1))
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
		c = (unsigned char)t->input[--t->tail % INPUT_SIZE];
	} while ((t->settings.iflag & IUTF8) && (c & 0xc0) == 0x80 && t->tail != t->ready);
	if (!(t->settings.lflag & ECHO))
		return;
	if (!(t->settings.lflag & ECHOE))
		return echo_byte(t, t->settings.cc[VERASE]);
	echo_text(t, "\b \b", 3);
	if ((c < ' ' || c == 127) && c != '\t' && (t->settings.lflag & ECHOCTL))
		echo_text(t, "\b \b", 3);
}

static void erase_word(struct terminal *t)
{
	while (t->tail != t->ready && t->input[(t->tail - 1) % INPUT_SIZE] == ' ')
		erase_one(t);
	while (t->tail != t->ready && t->input[(t->tail - 1) % INPUT_SIZE] != ' ')
		erase_one(t);
}

static void flush_input(struct terminal *t)
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
		flush_input(t);
	if (t->settings.lflag & ECHO)
		echo_byte(t, c);
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
		echo_byte(t, c);
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
				echo_text(t, "^\b", 2);
			return 0;
		}
	}
	if (t->settings.lflag & ICANON) {
		receive_canonical(t, c, is_literal);
	} else {
		if (t->settings.lflag & ECHO)
			echo_byte(t, c);
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
			signal_group(group, signal);
	}
	has_echo = t->echo_len;
	if (was_stopped && !t->is_stopped)
		wait_wake_all(&t->write_wait, POLLOUT | POLLWRNORM);
	if (t->ready != t->head)
		wait_wake_all(&t->read_wait, POLLIN | POLLRDNORM);
	if (has_echo)
		wait_wake_all(&t->echo_wait, 0);
}

/* ---- Reading ---- */

static bool is_readable(const struct terminal *t)
{
	return t->settings.lflag & ICANON ? t->nr_ends != 0 : t->ready != t->head;
}

/* Takes up to len bytes, in canonical mode at most to the end of the line. *ended: nothing more may be added to this read. */
static size_t take(struct terminal *t, char *to, size_t len, bool *ended)
{
	bool is_canonical;
	size_t n = 0;

	spin_lock(&t->lock);
	is_canonical = t->settings.lflag & ICANON;
	while (n < len && t->head != t->ready && !*ended) {
		bool is_end = end_at(t, t->head);
		char c = t->input[t->head++ % INPUT_SIZE];

		if (is_end && t->nr_ends)
			t->nr_ends--;
		*ended = is_canonical && is_end;
		if (!is_end || c)
			to[n++] = c;
	}
	/* An end of file right behind the data that fill the buffer belongs to this read. */
	if (is_canonical && n == len && n && !*ended && t->head != t->ready && end_at(t, t->head) && !t->input[t->head % INPUT_SIZE]) {
		t->head++;
		t->nr_ends--;
		*ended = true;
	}
	spin_unlock(&t->lock);
	return n;
}

static long take_all(struct terminal *t, struct io_vector *io)
{
	char buffer[256];
	bool ended = false;
	long done = 0;

	while (io->left && !ended) {
		size_t len = take(t, buffer, min_u64(io->left, sizeof(buffer)), &ended);

		if (!len)
			break;
		if (io_vector_put(io, buffer, len) < len)
			return -EFAULT;
		done += (long)len;
	}
	return done;
}

struct read_limits {
	unsigned wanted;      /* bytes; canonical: a line */
	uint64_t deadline_ns; /* for the first byte */
	uint64_t between_ns;  /* after each byte; 0: no limit */
};

static struct read_limits read_limits(const struct terminal *t, uint64_t len)
{
	unsigned min = t->settings.cc[VMIN];
	uint64_t time = t->settings.cc[VTIME] * (uint64_t)NS_PER_TENTH;
	struct read_limits limits = {.wanted = 1, .deadline_ns = WAIT_FOREVER};

	if (t->settings.lflag & ICANON)
		return limits;
	limits.wanted = (unsigned)min_u64(min, len);
	if (!min)
		limits.deadline_ns = time ? clock_monotonic_ns() + time : 0;
	else
		limits.between_ns = time;
	return limits;
}

static bool has_enough(const struct terminal *t, const struct read_limits *limits)
{
	if (t->is_hung_up)
		return true;
	if (t->settings.lflag & ICANON)
		return t->nr_ends != 0;
	return t->ready - t->head >= max_u64(limits->wanted, 1);
}

static int wait_readable(struct file *file, struct terminal *t, uint64_t len)
{
	struct read_limits limits = read_limits(t, len);
	struct waiter waiter;
	uint64_t deadline = limits.deadline_ns;
	unsigned seen;
	int ret = 0;

	if (has_enough(t, &limits))
		return 0;
	if (file_is_nonblocking(file))
		return is_readable(t) ? 0 : -EAGAIN;
	if (!limits.deadline_ns)
		return 0;
	wait_begin(&waiter, &t->read_wait);
	seen = t->head; /* whatever is there already counts as just come */
	while (!has_enough(t, &limits) && !ret) {
		if (limits.between_ns && seen != t->tail) {
			seen = t->tail;
			deadline = clock_monotonic_ns() + limits.between_ns;
		}
		ret = check_foreground(t, LINUX_SIGTTIN);
		if (!ret)
			ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	}
	wait_end(&waiter);
	return ret == -ETIMEDOUT || (ret == -EINTR && is_readable(t)) ? 0 : ret;
}

static long terminal_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct terminal *t = file->private_data;
	long ret;

	if (!io->left || t->is_hung_up)
		return 0;
	flush_echo(t);
	ret = check_foreground(t, LINUX_SIGTTIN);
	if (ret)
		return ret;
	mutex_lock(&t->read_lock);
	ret = wait_readable(file, t, io->left);
	if (!ret)
		ret = take_all(t, io);
	mutex_unlock(&t->read_lock);
	flush_echo(t);
	return ret;
}

static unsigned terminal_poll(struct file *file, struct poll_table *table)
{
	struct terminal *t = file->private_data;
	unsigned events = 0;

	if (table) {
		table->add(table, &t->read_wait);
		table->add(table, &t->write_wait);
	}
	if (is_readable(t))
		events |= POLLIN | POLLRDNORM;
	if (t->is_hung_up)
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
	if (!t->is_stopped)
		events |= POLLOUT | POLLWRNORM;
	return events;
}

/* ---- ioctl_tty(2) ---- */

/* Switching canonical mode off makes readable what was typed so far; on, a line of it. With t->lock held. */
static void switch_canonical(struct terminal *t, bool is_canonical)
{
	t->ready = t->tail;
	if (is_canonical && t->head != t->tail) {
		unsigned last = (t->tail - 1) % INPUT_SIZE;

		t->nr_ends += !end_at(t, last);
		t->ends[last / 64] |= 1ull << (last % 64);
	}
}

static int set_settings(struct terminal *t, const struct linux_termios *settings, bool flush)
{
	int ret = check_foreground(t, LINUX_SIGTTOU);

	if (ret)
		return ret;
	flush_echo(t);
	spin_lock(&t->lock);
	if (flush)
		flush_input(t);
	if ((t->settings.lflag ^ settings->lflag) & ICANON)
		switch_canonical(t, settings->lflag & ICANON);
	t->settings = *settings;
	if (!(settings->iflag & IXON))
		t->is_stopped = false;
	spin_unlock(&t->lock);
	wait_wake_all(&t->read_wait, POLLIN | POLLRDNORM);
	wait_wake_all(&t->write_wait, POLLOUT | POLLWRNORM);
	return 0;
}

static int copy_settings(struct terminal *t, uint64_t argument, bool flush)
{
	struct linux_termios settings;

	return copy_from_user(&settings, argument, sizeof(settings)) ? -EFAULT : set_settings(t, &settings, flush);
}

/* System V's form holds the lower halves of the flags and the first control characters. */
static int get_old_settings(struct terminal *t, uint64_t argument)
{
	const struct linux_termios *s = &t->settings;
	struct linux_termio old = {.iflag = (uint16_t)s->iflag, .oflag = (uint16_t)s->oflag, .cflag = (uint16_t)s->cflag, .lflag = (uint16_t)s->lflag, .line = s->line};

	memcpy(old.cc, s->cc, sizeof(old.cc));
	return copy_to_user(argument, &old, sizeof(old));
}

static int set_old_settings(struct terminal *t, uint64_t argument, bool flush)
{
	struct linux_termios settings = t->settings;
	struct linux_termio old;

	if (copy_from_user(&old, argument, sizeof(old)))
		return -EFAULT;
	settings.iflag = (settings.iflag & 0xffff0000u) | old.iflag;
	settings.oflag = (settings.oflag & 0xffff0000u) | old.oflag;
	settings.cflag = (settings.cflag & 0xffff0000u) | old.cflag;
	settings.lflag = (settings.lflag & 0xffff0000u) | old.lflag;
	settings.line = old.line;
	memcpy(settings.cc, old.cc, sizeof(old.cc));
	return set_settings(t, &settings, flush);
}

/* Nothing of the settings is locked (TIOCSLCKTRMIOS takes all zeros only). */
static int get_locked(uint64_t argument)
{
	static const struct linux_termios none;

	return copy_to_user(argument, &none, sizeof(none));
}

static int set_locked(uint64_t argument)
{
	static const struct linux_termios none;
	struct linux_termios locked;

	if (!credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&locked, argument, sizeof(locked)))
		return -EFAULT;
	return memcmp(&locked, &none, sizeof(none)) ? -EOPNOTSUPP : 0;
}

static int take_as_controlling(struct terminal *t, bool steal)
{
	struct terminal **mine = jobs ? jobs->controlling() : NULL;

	if (!mine)
		return -EPERM;
	if (*mine == t && t->session == jobs->session())
		return 0;
	if (!jobs->is_leader() || *mine)
		return -EPERM;
	if (t->session > 0 && t->session != jobs->session()) {
		if (!steal || !credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
			return -EPERM;
		jobs->forget(t);
	}
	*mine = t;
	t->session = jobs->session();
	t->foreground = jobs->group();
	return 0;
}

void terminal_give(struct terminal *t, int session)
{
	t->session = t->foreground = session;
}

void terminal_disassociate(struct terminal *t, int session)
{
	int group = t->foreground;

	if (t->session != session)
		return;
	t->session = t->foreground = 0;
	signal_group(group, LINUX_SIGHUP);
	signal_group(group, LINUX_SIGCONT);
	if (jobs)
		jobs->forget(t);
}

static int give_up(struct terminal *t)
{
	struct terminal **mine = jobs ? jobs->controlling() : NULL;

	if (!mine || *mine != t)
		return -ENOTTY;
	*mine = NULL;
	if (jobs->is_leader())
		terminal_disassociate(t, jobs->session());
	return 0;
}

static int set_foreground(struct terminal *t, uint64_t argument)
{
	int32_t group, session;
	int ret;

	if (copy_from_user(&group, argument, sizeof(group)))
		return -EFAULT;
	if (!is_controlling(t) || t->session != jobs->session())
		return -ENOTTY;
	ret = check_foreground(t, LINUX_SIGTTOU);
	if (ret)
		return ret;
	if (group < 0)
		return -EINVAL;
	session = jobs->session_of_group(group);
	if (session != t->session)
		return session < 0 ? -ESRCH : -EPERM;
	t->foreground = group;
	return 0;
}

static int put_int(uint64_t argument, int value)
{
	return copy_to_user(argument, &value, sizeof(value));
}

static int set_window(struct terminal *t, uint64_t argument)
{
	struct linux_winsize size;

	if (copy_from_user(&size, argument, sizeof(size)))
		return -EFAULT;
	t->size.xpixels = size.xpixels;
	t->size.ypixels = size.ypixels;
	terminal_set_size(t, size.rows, size.columns);
	return 0;
}

static int flush_queue(struct terminal *t, uint64_t which)
{
	if (which > 2)
		return -EINVAL;
	if (which != 1) {
		spin_lock(&t->lock);
		flush_input(t);
		spin_unlock(&t->lock);
	}
	return 0;
}

static int get_settings2(struct terminal *t, uint64_t argument)
{
	struct linux_termios2 settings = {.base = t->settings, .ispeed = 38400, .ospeed = 38400};

	return copy_to_user(argument, &settings, sizeof(settings));
}

static int set_flow(struct terminal *t, uint64_t what)
{
	if (what > 3)
		return -EINVAL;
	if (what < 2) {
		t->is_stopped = what == 0;
		if (!t->is_stopped)
			wait_wake_all(&t->write_wait, POLLOUT | POLLWRNORM);
	}
	return 0;
}

static unsigned readable_bytes(const struct terminal *t)
{
	return t->settings.lflag & ICANON && !t->nr_ends ? 0 : t->ready - t->head;
}

long terminal_ioctl(struct terminal *t, struct file *file, unsigned command, uint64_t argument)
{
	char byte;

	switch (command) {
	case TCGETS:
		return copy_to_user(argument, &t->settings, sizeof(t->settings));
	case TCGETS2:
		return get_settings2(t, argument);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return copy_settings(t, argument, command == TCSETSF || command == TCSETSF2);
	case TCGETA:
		return get_old_settings(t, argument);
	case TCSETA:
	case TCSETAW:
	case TCSETAF:
		return set_old_settings(t, argument, command == TCSETAF);
	case TIOCGLCKTRMIOS:
		return get_locked(argument);
	case TIOCSLCKTRMIOS:
		return set_locked(argument);
	case TIOCGWINSZ:
		return copy_to_user(argument, &t->size, sizeof(t->size));
	case TIOCSWINSZ:
		return set_window(t, argument);
	case TIOCGPGRP:
		return is_controlling(t) ? put_int(argument, t->foreground) : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground(t, argument);
	case TIOCGSID:
		return is_controlling(t) ? put_int(argument, t->session) : -ENOTTY;
	case TIOCSCTTY:
		return take_as_controlling(t, argument == 1);
	case TIOCNOTTY:
		return give_up(t);
	case FIONREAD:
		return put_int(argument, (int)readable_bytes(t));
	case TIOCOUTQ:
		return put_int(argument, 0);
	case TCFLSH:
		return flush_queue(t, argument);
	case TCXONC:
		return set_flow(t, argument);
	case TIOCSTI:
		if (copy_from_user(&byte, argument, 1))
			return -EFAULT;
		terminal_receive(t, &byte, 1);
		return 0;
	case TCSBRK:
	case TCSBRKP:
	case TIOCEXCL:
	case TIOCNXCL:
		flush_echo(t);
		return 0;
	case TIOCGETD:
		return put_int(argument, 0);
	default:
		return -ENOTTY;
	}
}

static long terminal_file_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	return terminal_ioctl(file->private_data, file, command, argument);
}

const struct file_ops terminal_file_ops = {
    .read = terminal_read,
    .write = terminal_write,
    .poll = terminal_poll,
    .ioctl = terminal_file_ioctl,
};

/* ---- Making and opening them. ---- */

int terminal_open(struct terminal *t, struct file *file)
{
	if (t->is_hung_up)
		return -EIO;
	file->ops = &terminal_file_ops;
	file->private_data = t;
	if (!(file->flags & O_NOCTTY) && jobs && t->session <= 0)
		(void)take_as_controlling(t, false); /* only a session's leader without one gets it */
	return 0;
}

static int device_open(struct file *file)
{
	return terminal_open(file->private_data, file);
}

struct terminal *terminal_new_private(const char *name, uint32_t major, uint32_t minor, const struct terminal_driver *driver)
{
	struct terminal *t = heap_alloc_zero(sizeof(*t));

	if (!t)
		return NULL;
	t->name = heap_copy_string(name);
	if (!t->name) {
		heap_free(t);
		return NULL;
	}
	t->driver = *driver;
	t->device = device_number(major, minor);
	t->settings = default_settings;
	mutex_init(&t->read_lock);
	mutex_init(&t->write_lock);
	wait_queue_init(&t->read_wait);
	wait_queue_init(&t->write_wait);
	wait_queue_init(&t->echo_wait);
	return t;
}

void terminal_free(struct terminal *t)
{
	heap_free(t->input);
	heap_free((void *)(uintptr_t)t->name);
	heap_free(t);
}

struct terminal *terminal_new(const char *name, uint32_t major, uint32_t minor, const struct terminal_driver *driver)
{
	struct terminal *t = terminal_new_private(name, major, minor, driver);

	if (!t)
		return NULL;
	t->node = (struct character_device){.name = t->name, .major = major, .minor = minor, .mode = 0620, .ops = &terminal_file_ops, .open = device_open, .private_data = t};
	character_device_add(&t->node);
	if (!console || (!strncmp(name, "hvc", 3) && strncmp(console->name, "hvc", 3)))
		console = t;
	return t;
}

void *terminal_driver_data(struct terminal *terminal)
{
	return terminal->driver.driver_data;
}

const char *terminal_name(const struct terminal *terminal)
{
	return terminal->name;
}

uint64_t terminal_device(const struct terminal *terminal)
{
	return terminal->device;
}

struct terminal *terminal_console(void)
{
	return console;
}

void terminal_set_size(struct terminal *t, unsigned rows, unsigned columns)
{
	if (t->size.rows == rows && t->size.columns == columns)
		return;
	t->size.rows = (uint16_t)rows;
	t->size.columns = (uint16_t)columns;
	signal_group(t->foreground, LINUX_SIGWINCH);
}

void terminal_has_room(struct terminal *terminal)
{
	wait_wake_all(&terminal->write_wait, POLLOUT | POLLWRNORM);
}

void terminal_reset(struct terminal *t)
{
	spin_lock(&t->lock);
	flush_input(t);
	t->settings = default_settings;
	t->is_stopped = t->next_is_literal = false;
	spin_unlock(&t->lock);
}

void terminal_hang_up(struct terminal *t)
{
	t->is_hung_up = true;
	wait_wake_all(&t->read_wait, POLLIN | POLLHUP);
	wait_wake_all(&t->write_wait, POLLOUT | POLLHUP);
	if (t->session > 0)
		terminal_disassociate(t, t->session);
}

/* /dev/tty: the caller's own; /dev/console: the machine's. */
static int tty_open(struct file *file)
{
	struct terminal **mine = jobs ? jobs->controlling() : NULL;

	return mine && *mine ? terminal_open(*mine, file) : -ENXIO;
}

static int console_open(struct file *file)
{
	if (!console)
		return -ENXIO;
	file->flags |= O_NOCTTY;
	return terminal_open(console, file);
}

CHARACTER_DEVICE(tty) = {.name = "tty", .major = 5, .minor = 0, .mode = 0666, .ops = &terminal_file_ops, .open = tty_open};
CHARACTER_DEVICE(console) = {.name = "console", .major = 5, .minor = 1, .mode = 0600, .ops = &terminal_file_ops, .open = console_open};
