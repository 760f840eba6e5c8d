/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for files: poll(2), select(2), epoll(7), eventfd(2), timerfd_create(2), inotify(7). */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"

enum { SHOWN = 16 };

static const struct strace_name poll_events[] = {{1, "POLLIN"}, {2, "POLLPRI"}, {4, "POLLOUT"}, {8, "POLLERR"}, {0x10, "POLLHUP"}, {0x20, "POLLNVAL"}, {0x40, "POLLRDNORM"}, {0x80, "POLLRDBAND"},
    {0x100, "POLLWRNORM"}, {0x200, "POLLWRBAND"}, {0x2000, "POLLRDHUP"}, {0, NULL}};
static const struct strace_name epoll_events[] = {{1, "EPOLLIN"}, {2, "EPOLLPRI"}, {4, "EPOLLOUT"}, {8, "EPOLLERR"}, {0x10, "EPOLLHUP"}, {0x40, "EPOLLRDNORM"}, {0x100, "EPOLLWRNORM"}, {0x2000, "EPOLLRDHUP"},
    {1u << 28, "EPOLLEXCLUSIVE"}, {1u << 29, "EPOLLWAKEUP"}, {1u << 30, "EPOLLONESHOT"}, {1u << 31, "EPOLLET"}, {0, NULL}};
static const struct strace_name epoll_operations[] = {{1, "EPOLL_CTL_ADD"}, {2, "EPOLL_CTL_DEL"}, {3, "EPOLL_CTL_MOD"}, {0, NULL}};
static const struct strace_name epoll_flags[] = {{O_CLOEXEC, "EPOLL_CLOEXEC"}, {0, NULL}};
static const struct strace_name eventfd_flags[] = {{1, "EFD_SEMAPHORE"}, {O_CLOEXEC, "EFD_CLOEXEC"}, {O_NONBLOCK, "EFD_NONBLOCK"}, {0, NULL}};
static const struct strace_name inotify_flags[] = {{O_CLOEXEC, "IN_CLOEXEC"}, {O_NONBLOCK, "IN_NONBLOCK"}, {0, NULL}};
static const struct strace_name watches[] = {{0xfff, "IN_ALL_EVENTS"}, {1, "IN_ACCESS"}, {2, "IN_MODIFY"}, {4, "IN_ATTRIB"}, {8, "IN_CLOSE_WRITE"}, {16, "IN_CLOSE_NOWRITE"}, {32, "IN_OPEN"}, {64, "IN_MOVED_FROM"},
    {128, "IN_MOVED_TO"}, {256, "IN_CREATE"}, {512, "IN_DELETE"}, {1024, "IN_DELETE_SELF"}, {2048, "IN_MOVE_SELF"}, {0x01000000, "IN_ONLYDIR"}, {0x02000000, "IN_DONT_FOLLOW"}, {0x20000000, "IN_MASK_ADD"},
    {0x80000000, "IN_ONESHOT"}, {0, NULL}};
static void show_polled(struct strace_line *line, const struct strace_value *v)
{
	uint64_t count = v->a->v[v->index + 1];
	struct linux_pollfd entry;

	strace_add(line, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (i == SHOWN || user_copy_in(&entry, v->value + i * sizeof(entry), sizeof(entry))) {
			strace_add(line, "...");
			break;
		}
		strace_add(line, i ? ", {fd=%d, events=" : "{fd=%d, events=", entry.fd);
		strace_add_flags(line, (uint16_t)entry.events, poll_events, "0");
		strace_add(line, "}");
	}
	strace_add(line, "]");
}

/* Which of them have what. */
static void explain_poll(struct strace_line *line, const struct syscall_arguments *a, int64_t result)
{
	const char *separator = "";
	struct linux_pollfd entry;

	strace_add(line, result ? " ([" : " (Timeout)");
	for (uint64_t i = 0; result && i < a->v[1] && i < SHOWN && !user_copy_in(&entry, a->v[0] + i * sizeof(entry), sizeof(entry)); i++) {
		if (!entry.revents)
			continue;
		strace_add(line, "%s{fd=%d, revents=", separator, entry.fd);
		strace_add_flags(line, (uint16_t)entry.revents, poll_events, "0");
		strace_add(line, "}");
		separator = ", ";
	}
	strace_add(line, result ? "])" : "");
}

static void explain_timeout(struct strace_line *line, const struct syscall_arguments *a, int64_t result)
{
	strace_add(line, result ? "" : " (Timeout)");
}

/* Descriptors of a set, as many as the first argument says. */
static void show_set(struct strace_line *line, const struct strace_value *v)
{
	int nr = (int)v->a->v[0];
	const char *separator = "";
	uint64_t word = 0;

	if (!v->value) {
		strace_add(line, "NULL");
		return;
	}
	strace_add(line, "[");
	for (int fd = 0; fd < nr && fd < 1024; fd++) {
		if (fd % 64 == 0 && user_copy_in(&word, v->value + (uint64_t)fd / 8, sizeof(word)))
			break;
		if (!(word >> (fd % 64) & 1))
			continue;
		strace_add(line, "%s%d", separator, fd);
		separator = " ";
	}
	strace_add(line, "]");
}

static void add_event(struct strace_line *line, const struct linux_epoll_event *event)
{
	strace_add(line, "{events=");
	strace_add_flags(line, event->events, epoll_events, "0");
	strace_add(line, ", data={u32=%u, u64=%llu}}", (uint32_t)event->data, (unsigned long long)event->data);
}

static void show_event(struct strace_line *line, const struct strace_value *v)
{
	struct linux_epoll_event event;

	if (strace_fetch(line, v, &event, sizeof(event)))
		add_event(line, &event);
}

static void show_events(struct strace_line *line, const struct strace_value *v)
{
	struct linux_epoll_event event;

	if (v->result < 0) {
		strace_show_address(line, v);
		return;
	}
	strace_add(line, "[");
	for (int64_t i = 0; i < v->result; i++) {
		if (i == SHOWN || user_copy_in(&event, v->value + (uint64_t)i * sizeof(event), sizeof(event))) {
			strace_add(line, ", ...");
			break;
		}
		strace_add(line, i ? ", " : "");
		add_event(line, &event);
	}
	strace_add(line, "]");
}

STRACE_EXPLAINED(poll, explain_poll, {.show = show_polled}, UNSIGNED, INT);
STRACE_EXPLAINED(ppoll, explain_poll, {.show = show_polled}, UNSIGNED, TIME, SIGNALS, UNSIGNED);
STRACE_EXPLAINED(select, explain_timeout, INT, {.show = show_set}, {.show = show_set}, {.show = show_set}, {.show = strace_show_timeval});
STRACE_EXPLAINED(pselect6, explain_timeout, INT, {.show = show_set}, {.show = show_set}, {.show = show_set}, TIME, ADDRESS);
STRACE(epoll_create1, FLAGS(epoll_flags));
STRACE(epoll_ctl, INT, NAME(epoll_operations), INT, {.show = show_event});
STRACE(epoll_wait, INT, FILLED(show_events), INT, INT);
STRACE(epoll_pwait, INT, FILLED(show_events), INT, INT, SIGNALS, UNSIGNED);
STRACE(epoll_pwait2, INT, FILLED(show_events), INT, TIME, SIGNALS, UNSIGNED);
STRACE(eventfd2, UNSIGNED, FLAGS(eventfd_flags));
STRACE(inotify_init1, FLAGS(inotify_flags));
STRACE(inotify_add_watch, INT, PATH, FLAGS(watches));
