/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pseudoterminals (pty(7), pts(4)). The slave is a terminal whose driver puts output into a ring that the master reads; what the
 * master writes is the terminal's input. A pair lives as long as either side is open.
 */
#include "kernel/fs/dev/pty.h"
#include "kernel/file/terminal.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/termios.h"
#include "lib/format.h"
#include "lib/string.h"

enum { RING_SIZE = 4096 };

struct pty {
	struct list node;
	int number;
	unsigned references; /* guarded by list_lock */
	struct terminal *slave;
	struct spinlock lock; /* guards what follows */
	char *ring;
	unsigned head, tail; /* free-running */
	unsigned nr_slaves;  /* open */
	bool was_opened, is_locked, has_master;
	struct wait_queue read_wait, write_wait;
	struct pty_information information;
};

static struct list ptys = LIST_INIT(ptys); /* by number */
static struct spinlock list_lock;
static const struct file_ops master_ops;
static struct file_ops slave_ops;

/* ---- The terminal's driver. ---- */

static size_t slave_output(struct terminal *terminal, const char *text, size_t len)
{
	struct pty *pty = terminal_driver_data(terminal);
	size_t done = 0;

	spin_lock(&pty->lock);
	if (!pty->has_master)
		done = len; /* nobody will read it */
	while (done < len && pty->tail - pty->head < RING_SIZE)
		pty->ring[pty->tail++ % RING_SIZE] = text[done++];
	spin_unlock(&pty->lock);
	if (done)
		wait_wake_all(&pty->read_wait, POLLIN | POLLRDNORM);
	return done;
}

/* ---- Pairs. ---- */

static void pty_free(struct pty *pty)
{
	if (pty->slave)
		terminal_free(pty->slave);
	heap_free(pty->ring);
	heap_free(pty);
}

static void pty_put(struct pty *pty)
{
	bool is_last;

	spin_lock(&list_lock);
	is_last = --pty->references == 0;
	if (is_last)
		list_remove(&pty->node);
	spin_unlock(&list_lock);
	if (is_last)
		pty_free(pty);
}

static struct pty *pty_get(int number)
{
	struct pty *pty, *found = NULL;

	spin_lock(&list_lock);
	list_for_each(pty, &ptys, node)
		if (pty->number == number)
			found = pty;
	if (found)
		found->references++;
	spin_unlock(&list_lock);
	return found;
}

/* Enters it under the lowest free number. */
static int enter(struct pty *pty)
{
	struct list *before = &ptys;
	struct pty *other;

	spin_lock(&list_lock);
	list_for_each(other, &ptys, node) {
		if (other->number != pty->number)
			break;
		pty->number++;
		before = &other->node;
	}
	if (pty->number < PTY_MAX)
		list_insert_between(&pty->node, before, before->next);
	spin_unlock(&list_lock);
	return pty->number < PTY_MAX ? 0 : -ENOSPC;
}

static struct pty *pty_new(void)
{
	const struct credentials *cred = credentials_current();
	struct pty *pty = heap_alloc_zero(sizeof(*pty));
	struct terminal_driver driver = {.write = slave_output, .driver_data = pty, .never_sleeps = true};
	char name[16];

	if (!pty)
		return NULL;
	list_init(&pty->node);
	pty->references = 1;
	pty->has_master = pty->is_locked = true;
	pty->information = (struct pty_information){.uid = cred->fsuid, .gid = 5 /* tty, as Debian's devpts options say */, .mode = 0620, .created = time_stamp_now()};
	wait_queue_init(&pty->read_wait);
	wait_queue_init(&pty->write_wait);
	pty->ring = heap_alloc(RING_SIZE);
	if (!pty->ring || enter(pty)) {
		pty_free(pty);
		return NULL;
	}
	format_text(name, sizeof(name), "pts/%d", pty->number);
	pty->slave = terminal_new_private(name, PTY_SLAVE_MAJOR, (uint32_t)pty->number, &driver);
	if (pty->slave)
		return pty;
	pty_put(pty);
	return NULL;
}

int pty_next(int n, struct pty_information *information)
{
	struct pty *pty;
	int found = -1;

	spin_lock(&list_lock);
	list_for_each(pty, &ptys, node) {
		if (pty->number < n)
			continue;
		found = pty->number;
		*information = pty->information;
		break;
	}
	spin_unlock(&list_lock);
	return found;
}

void pty_set_owner(int n, const struct inode_attributes *attributes)
{
	struct pty *pty = pty_get(n);

	if (!pty)
		return;
	if (attributes->valid & ATTRIBUTE_UID)
		pty->information.uid = attributes->uid;
	if (attributes->valid & ATTRIBUTE_GID)
		pty->information.gid = attributes->gid;
	if (attributes->valid & ATTRIBUTE_MODE)
		pty->information.mode = attributes->mode & 07777;
	pty_put(pty);
}

/* ---- The slave's end. ---- */

int pty_open_slave(int n, struct file *file)
{
	struct pty *pty = pty_get(n);
	int ret;

	if (!pty)
		return -ENXIO;
	ret = pty->is_locked || !pty->slave ? -EIO : terminal_open(pty->slave, file);
	if (ret) {
		pty_put(pty);
		return ret;
	}
	file->ops = &slave_ops;
	spin_lock(&pty->lock);
	pty->nr_slaves++;
	pty->was_opened = true;
	spin_unlock(&pty->lock);
	return 0;
}

static void slave_release(struct file *file)
{
	struct pty *pty = terminal_driver_data(file->private_data);
	bool is_last;

	spin_lock(&pty->lock);
	is_last = --pty->nr_slaves == 0;
	spin_unlock(&pty->lock);
	if (is_last)
		terminal_reset(pty->slave);
	wait_wake_all(&pty->read_wait, POLLIN | POLLHUP);
	pty_put(pty);
}

/* ---- The master's end. ---- */

static int master_open(struct file *file)
{
	struct pty *pty = pty_new();

	if (!pty)
		return -ENOSPC;
	file->ops = &master_ops;
	file->private_data = pty;
	return 0;
}

static void master_release(struct file *file)
{
	struct pty *pty = file->private_data;

	spin_lock(&pty->lock);
	pty->has_master = false;
	spin_unlock(&pty->lock);
	terminal_hang_up(pty->slave);
	pty_put(pty);
}

static size_t take(struct pty *pty, char *to, size_t len)
{
	size_t n = 0;

	spin_lock(&pty->lock);
	while (n < len && pty->head != pty->tail)
		to[n++] = pty->ring[pty->head++ % RING_SIZE];
	spin_unlock(&pty->lock);
	return n;
}

static bool is_hung_up(const struct pty *pty)
{
	return pty->was_opened && !pty->nr_slaves;
}

static int wait_for_output(struct file *file, struct pty *pty)
{
	struct waiter waiter;
	int ret = 0;

	if (pty->head != pty->tail)
		return 0;
	if (is_hung_up(pty))
		return -EIO;
	if (file_is_nonblocking(file))
		return -EAGAIN;
	wait_begin(&waiter, &pty->read_wait);
	while (pty->head == pty->tail && !is_hung_up(pty) && !ret)
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return pty->head != pty->tail ? 0 : ret ? ret : -EIO;
}

static long master_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct pty *pty = file->private_data;
	char buffer[256];
	long done = 0;
	int ret;

	if (!io->left)
		return 0;
	ret = wait_for_output(file, pty);
	if (ret)
		return ret;
	while (io->left) {
		size_t len = take(pty, buffer, min_u64(io->left, sizeof(buffer)));

		if (!len)
			break;
		if (io_vector_put(io, buffer, len) < len)
			return -EFAULT;
		done += (long)len;
	}
	terminal_has_room(pty->slave);
	return done;
}

static long master_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct pty *pty = file->private_data;
	char buffer[256];
	long done = 0;

	while (io->left) {
		size_t wanted = min_u64(io->left, sizeof(buffer)), len = io_vector_get(io, buffer, wanted);

		terminal_receive(pty->slave, buffer, len);
		done += (long)len;
		if (len < wanted)
			return done ? done : -EFAULT;
	}
	return done;
}

static unsigned master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->private_data;
	unsigned events = POLLOUT | POLLWRNORM;

	if (table)
		table->add(table, &pty->read_wait);
	if (pty->head != pty->tail)
		events |= POLLIN | POLLRDNORM;
	if (is_hung_up(pty))
		events |= POLLHUP;
	return events;
}

static int put_int(uint64_t argument, int value)
{
	return copy_to_user(argument, &value, sizeof(value));
}

/* Opens the slave without a path (ioctl_tty(2)); argument: the flags. */
static int open_peer(struct pty *pty, int flags)
{
	struct path place;
	char name[24];
	struct file *file;
	int ret;

	format_text(name, sizeof(name), "/dev/pts/%d", pty->number);
	ret = path_walk(NULL, name, 0, &place);
	if (ret)
		return ret;
	ret = file_open_path(&place, flags, &file);
	path_put(&place);
	if (ret)
		return ret;
	ret = descriptor_add(file, 0, flags & O_CLOEXEC);
	if (ret < 0)
		file_put(file);
	return ret;
}

static long master_ioctl(struct file *file, unsigned command, uint64_t argument)
{
	struct pty *pty = file->private_data;
	int value;

	switch (command) {
	case TIOCGPTN:
		return put_int(argument, pty->number);
	case TIOCSPTLCK:
		if (copy_from_user(&value, argument, sizeof(value)))
			return -EFAULT;
		pty->is_locked = value;
		return 0;
	case TIOCGPTLCK:
		return put_int(argument, pty->is_locked);
	case TIOCGPTPEER:
		return open_peer(pty, (int)argument);
	case FIONREAD:
		return put_int(argument, (int)(pty->tail - pty->head));
	default:
		return terminal_ioctl(pty->slave, file, command, argument);
	}
}

static const struct file_ops master_ops = {
    .read = master_read,
    .write = master_write,
    .poll = master_poll,
    .ioctl = master_ioctl,
    .release = master_release,
};

CHARACTER_DEVICE(ptmx) = {.name = "ptmx", .major = 5, .minor = 2, .mode = 0666, .ops = &master_ops, .open = master_open};

static void pty_start(void)
{
	slave_ops = terminal_file_ops;
	slave_ops.release = slave_release;
}
INITCALL(pty, INIT_CORE, pty_start);
