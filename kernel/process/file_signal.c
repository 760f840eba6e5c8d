/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals about files. A watch stands in the wait queues of its file; what is heard there, under locks that are taken after those of processes, is noted, and a
 * thread of the kernel, which begins with the first watch, sends the signals.
 *
 * Locks: noted_lock guards the list of watches that have something to tell, and what they have. It is taken last.
 */
#include "kernel/process/file_signal.h"
#include "kernel/process/directory_signal.h"
#include "kernel/mem/heap.h"
#include "kernel/process/process.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/signal.h"

enum { QUEUES_MAX = 3 };

struct watch;
struct watcher {
	struct waiter waiter;
	struct watch *watch;
};

struct watch {
	struct file_watch base;
	struct file *file; /* borrowed: it forgets us before it goes */
	int number, fd;	   /* F_SETSIG; the descriptor that O_ASYNC was set by */
	uint32_t uid, euid; /* of who named the owner: it must be allowed to send */
	struct list node;  /* of those with something to tell */
	unsigned events;
	unsigned nr_messages; /* of directories: each is a signal of its own */
	unsigned nr;
	struct watcher watchers[QUEUES_MAX];
};

static struct spinlock noted_lock;
static struct list noted = LIST_INIT(noted);
static struct wait_queue work = {.waiters = LIST_INIT(work.waiters)}; /* the thread's */

/* ---- Sending ---- */

/* What is sent, and for whom: a copy, so that the watch may go. */
struct notice {
	int owner, number, fd;
	uint32_t uid, euid;
	unsigned events;
	bool is_async;
};

static bool next_notice(struct notice *notice)
{
	struct watch *w;
	struct list *node;

	spin_lock(&noted_lock);
	node = list_pop_front(&noted);
	if (node) {
		w = container_of(node, struct watch, node);
		*notice = (struct notice){
		    .owner = w->file->owner, .number = w->number, .fd = w->fd, .uid = w->uid, .euid = w->euid, .events = w->events, .is_async = w->file->flags & O_ASYNC,
		};
		if (w->nr_messages)
			notice->events |= POLLMSG;
		w->events = 0;
		if (w->nr_messages && --w->nr_messages)
			list_push_back(&noted, &w->node);
	}
	spin_unlock(&noted_lock);
	return node != NULL;
}

/* As kill(2), for who named the owner. Under process_tree_lock. */
static bool may_signal(const struct notice *notice, const struct process *target)
{
	const struct credentials *theirs;

	if (!notice->euid || list_empty(&target->tasks))
		return true;
	theirs = container_of(target->tasks.next, struct task, process_node)->credentials;
	return notice->euid == theirs->uid || notice->euid == theirs->suid || notice->uid == theirs->uid || notice->uid == theirs->suid;
}

static void send(const struct notice *notice, int signal, const struct linux_siginfo *info)
{
	spin_lock(&process_tree_lock);
	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1))
		if ((notice->owner > 0 ? p->pid == notice->owner : p->group == -notice->owner) && may_signal(notice, p))
			(void)process_signal(p, signal, info);
	spin_unlock(&process_tree_lock);
}

/* What became of the file, each by itself, as siginfo tells it (sigaction(2): POLL_IN and so on). */
static const struct {
	unsigned event;
	int code;
	unsigned band;
} bands[] = {
    {POLLIN, 1, POLLIN | POLLRDNORM}, {POLLOUT, 2, POLLOUT | POLLWRNORM | POLLWRBAND}, {POLLERR, 4, POLLERR}, {POLLPRI, 5, POLLPRI | POLLRDBAND},
    {POLLMSG, 3, POLLIN | POLLRDNORM | POLLMSG}, {POLLHUP, 6, POLLHUP | POLLERR},
};

static void send_chosen(const struct notice *notice)
{
	for (size_t i = 0; i < ARRAY_SIZE(bands); i++) {
		struct linux_siginfo info = {.signo = notice->number, .code = bands[i].code};

		if (!(notice->events & bands[i].event))
			continue;
		info.poll.band = bands[i].band;
		info.poll.fd = notice->fd;
		send(notice, notice->number, &info);
	}
}

static void send_notice(const struct notice *notice)
{
	if (!notice->owner)
		return;
	if (notice->events & POLLPRI)
		send(notice, LINUX_SIGURG, NULL);
	if (!notice->is_async && !(notice->events & POLLMSG))
		return;
	if (notice->number)
		send_chosen(notice);
	else
		send(notice, LINUX_SIGIO, NULL);
}

void file_signal_send_noted(void)
{
	struct notice notice;

	while (next_notice(&notice))
		send_notice(&notice);
}

static void send_all(void *unused)
{
	struct notice notice;
	struct waiter waiter;

	for (;;) {
		wait_begin(&waiter, &work);
		while (!next_notice(&notice))
			(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
		wait_end(&waiter);
		send_notice(&notice);
	}
}

/* The thread is started once, by the first who needs it. False: no memory. */
static bool has_begun(void)
{
	static bool is_started;

	if (__atomic_exchange_n(&is_started, true, __ATOMIC_ACQ_REL))
		return true;
	if (!thread_spawn("file signals", send_all, NULL))
		return true;
	__atomic_store_n(&is_started, false, __ATOMIC_RELEASE);
	return false;
}

/* ---- Hearing ---- */

/* The file's queue was woken: any context, under the queue's lock. Events 0: it did not say which. */
static void file_changed(struct waiter *waiter, unsigned events)
{
	struct watch *w = container_of(waiter, struct watcher, waiter)->watch;

	events = events ? events : POLLIN | POLLOUT;
	if (!(w->file->flags & O_ASYNC))
		events &= POLLPRI;
	if (!events || !w->file->owner)
		return;
	spin_lock(&noted_lock);
	w->events |= events;
	if (list_empty(&w->node))
		list_push_back(&noted, &w->node);
	spin_unlock(&noted_lock);
	wait_wake_all(&work, POLLIN);
}

void file_signal_note_message(struct file_watch *base)
{
	struct watch *w = container_of(base, struct watch, base);

	spin_lock(&noted_lock);
	w->nr_messages++;
	if (list_empty(&w->node))
		list_push_back(&noted, &w->node);
	spin_unlock(&noted_lock);
}

struct registration {
	struct poll_table table;
	struct watch *watch;
};

static void enter_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct watch *w = container_of(table, struct registration, table)->watch;

	if (w->nr == QUEUES_MAX)
		return; /* no kind of file has more */
	w->watchers[w->nr].watch = w;
	wait_begin_callback(&w->watchers[w->nr++].waiter, queue, file_changed);
}

static void leave_queues(struct watch *w)
{
	for (unsigned i = 0; i < w->nr; i++)
		wait_end(&w->watchers[i].waiter);
	spin_lock(&noted_lock);
	list_remove(&w->node);
	spin_unlock(&noted_lock);
}

static void forget(struct file_watch *base)
{
	struct watch *w = container_of(base, struct watch, base);

	directory_signal_end(base, w->file, NULL);
	leave_queues(w);
	heap_free(w);
}

static void closed(struct file_watch *base, const struct descriptor_table *table)
{
	directory_signal_end(base, container_of(base, struct watch, base)->file, table);
}

static struct watch *watch_of(const struct file *file)
{
	struct file_watch *base = __atomic_load_n(&file->watch, __ATOMIC_ACQUIRE);

	return base ? container_of(base, struct watch, base) : NULL;
}

/* The file's watch, made if there is none. NULL: no memory. */
static struct watch *watch_get(struct file *file)
{
	struct registration registration = {.table.add = enter_queue};
	struct file_watch *none = NULL;
	struct watch *w = watch_of(file);

	if (w)
		return w;
	w = has_begun() ? heap_alloc_zero(sizeof(*w)) : NULL;
	if (!w)
		return NULL;
	*w = (struct watch){.base = {.closed = closed, .forget = forget}, .file = file};
	list_init(&w->node);
	registration.watch = w;
	(void)file_poll(file, &registration.table);
	if (__atomic_compare_exchange_n(&file->watch, &none, &w->base, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return w;
	forget(&w->base); /* another task was faster */
	return watch_of(file);
}

/* ---- What fcntl asks for ---- */

int file_signal_set_owner(struct file *file, int owner)
{
	const struct credentials *cred = credentials_current();
	struct watch *w = owner ? watch_get(file) : watch_of(file);

	if (owner && !w)
		return -ENOMEM;
	if (w) {
		w->uid = cred->uid;
		w->euid = cred->euid;
	}
	file->owner = owner;
	return 0;
}

int file_signal_begin(struct file *file, int fd)
{
	struct watch *w = watch_get(file);

	if (!w)
		return -ENOMEM;
	w->fd = fd;
	return 0;
}

int file_signal_set_number(struct file *file, int number)
{
	struct watch *w;

	if (number < 0 || number > LINUX_NSIG)
		return -EINVAL;
	w = number ? watch_get(file) : watch_of(file);
	if (number && !w)
		return -ENOMEM;
	if (w)
		w->number = number;
	return 0;
}

int file_signal_number(const struct file *file)
{
	const struct watch *w = watch_of(file);

	return w ? w->number : 0;
}

int file_signal_watch_directory(struct file *file, int fd, uint32_t mask)
{
	struct watch *w = watch_of(file);
	int ret;

	if (!directory_signal_events(mask)) {
		if (w)
			directory_signal_end(&w->base, file, task_current()->descriptors);
		return 0;
	}
	if (!file->inode || !inode_is_directory(file->inode))
		return -ENOTDIR;
	w = watch_get(file);
	if (!w)
		return -ENOMEM;
	w->fd = fd;
	ret = file->owner ? 0 : file_signal_set_owner(file, process_current()->pid);
	return ret ? ret : directory_signal_begin(&w->base, file, task_current()->descriptors, mask);
}
