/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Output of terminals, and echo. Echo is made in interrupt context too, where a driver that sleeps cannot write: it is kept, and goes out with the next
 * read, write or by a thread.
 */
#include "kernel/file/terminal_internal.h"

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
	char text[TERMINAL_ECHO];
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

void terminal_flush_echo(struct terminal *t)
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
		terminal_flush_echo(t);
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	}
}

void terminal_echo(struct terminal *t, const char *text, size_t len)
{
	if (t->driver.never_sleeps) {
		(void)t->driver.write(t, text, len);
		return;
	}
	len = min_u64(len, TERMINAL_ECHO - t->echo_len);
	memcpy(t->echo + t->echo_len, text, len);
	t->echo_len += (unsigned)len;
	if (!t->has_echo_thread)
		t->has_echo_thread = !thread_spawn("echo", echo_thread, t);
}

void terminal_echo_byte(struct terminal *t, unsigned char c)
{
	char text[2] = {'^', (char)(c ^ 0x40)};

	if (c == '\n' && (t->settings.oflag & OPOST) && (t->settings.oflag & ONLCR))
		terminal_echo(t, "\r\n", 2);
	else if ((c < ' ' || c == 127) && c != '\n' && c != '\t' && (t->settings.lflag & ECHOCTL))
		terminal_echo(t, text, 2);
	else
		terminal_echo(t, (char *)&c, 1);
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

long terminal_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct terminal *t = file->private_data;
	char in[256], out[512];
	long total = 0;
	int ret = t->is_hung_up ? -EIO : 0;

	if (!ret && (t->settings.lflag & TOSTOP))
		ret = terminal_check_foreground(t, LINUX_SIGTTOU);
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
