/* SPDX-License-Identifier: BSD-3-Clause */
/* Terminals: making and opening them, and what their drivers tell. */
#include "kernel/file/terminal_internal.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/fcntl.h"

static struct terminal *console;
static void (*reserve)(void);

static const struct linux_termios default_settings = {
    .iflag = ICRNL | IXON,
    .oflag = OPOST | ONLCR,
    .cflag = CBAUD_38400 | CS8 | CREAD,
    .lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1, [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26,
	[VREPRINT] = 18, [VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22},
};

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
	if (!(file->flags & O_NOCTTY) && terminal_jobs && t->session <= 0)
		(void)terminal_take(t, false); /* only a session's leader without one gets it */
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

void terminal_set_reserve(void (*make)(void))
{
	reserve = make;
}

struct terminal *terminal_console(void)
{
	void (*make)(void) = reserve;

	if (!console && make) { /* while the first program starts, or under the lock of /dev's mount: one at a time */
		reserve = NULL;
		make();
	}
	return console;
}

void terminal_set_size(struct terminal *t, unsigned rows, unsigned columns)
{
	if (t->size.rows == rows && t->size.columns == columns)
		return;
	t->size.rows = (uint16_t)rows;
	t->size.columns = (uint16_t)columns;
	terminal_signal_group(t->foreground, LINUX_SIGWINCH);
}

void terminal_has_room(struct terminal *terminal)
{
	wait_wake_all(&terminal->write_wait, POLLOUT | POLLWRNORM);
}

void terminal_reset(struct terminal *t)
{
	spin_lock(&t->lock);
	terminal_flush_input(t);
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
	struct terminal **mine = terminal_jobs ? terminal_jobs->controlling() : NULL;

	return mine && *mine ? terminal_open(*mine, file) : -ENXIO;
}

static int console_open(struct file *file)
{
	if (!terminal_console())
		return -ENXIO;
	file->flags |= O_NOCTTY;
	return terminal_open(console, file);
}

CHARACTER_DEVICE(tty) = {.name = "tty", .major = 5, .minor = 0, .mode = 0666, .ops = &terminal_file_ops, .open = tty_open};
CHARACTER_DEVICE(console) = {.name = "console", .major = 5, .minor = 1, .mode = 0600, .ops = &terminal_file_ops, .open = console_open};
