/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll(7) from within. */
#pragma once
#include "kernel/file/file.h"
#include "kernel/uapi/poll.h"

bool file_is_epoll(const struct file *file);
/* epoll_ctl(2); event NULL for EPOLL_CTL_DEL. */
int epoll_control(struct file *epoll, int operation, int fd, struct file *file, const struct linux_epoll_event *event) must_check;
/* epoll_wait(2): fills up to max events in kernel memory. The number, 0 at the deadline, -EINTR. */
int epoll_wait_events(struct file *epoll, struct linux_epoll_event *events, int max, uint64_t deadline_ns);
/* How many files are watched: no more events come at once. */
unsigned epoll_count(struct file *epoll);
/* The last reference to a watched file is gone. */
void epoll_forget_file(struct file *file);
