/* SPDX-License-Identifier: BSD-3-Clause */
/* ioctl_tty(2): settings, window, queues. */
#include "kernel/file/terminal_internal.h"

/* Switching canonical mode off makes readable what was typed so far; on, a line of it. With t->lock held. */
static void switch_canonical(struct terminal *t, bool is_canonical)
{
	t->ready = t->tail;
	if (is_canonical && t->head != t->tail) {
		unsigned last = (t->tail - 1) % TERMINAL_INPUT;

		t->nr_ends += !terminal_ends_at(t, last);
		t->ends[last / 64] |= 1ull << (last % 64);
	}
}

static int set_settings(struct terminal *t, const struct linux_termios *settings, bool flush)
{
	int ret = terminal_check_foreground(t, LINUX_SIGTTOU);

	if (ret)
		return ret;
	terminal_flush_echo(t);
	spin_lock(&t->lock);
	if (flush)
		terminal_flush_input(t);
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
		terminal_flush_input(t);
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
		return terminal_is_controlling(t) ? put_int(argument, t->foreground) : -ENOTTY;
	case TIOCSPGRP:
		return terminal_set_foreground(t, argument);
	case TIOCGSID:
		return terminal_is_controlling(t) ? put_int(argument, t->session) : -ENOTTY;
	case TIOCSCTTY:
		return terminal_take(t, argument == 1);
	case TIOCNOTTY:
		return terminal_give_up(t);
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
		terminal_flush_echo(t);
		return 0;
	case TIOCGETD:
		return put_int(argument, 0);
	default:
		return -ENOTTY;
	}
}
