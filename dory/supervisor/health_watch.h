/* SPDX-License-Identifier: BSD-3-Clause */
/* Health checks again and again, on a thread of their own: asking takes as long as the program takes to answer. */
#pragma once
#include <pthread.h>
#include "dory/supervisor/health.h"

struct health_plan {
	struct health_check check;
	char address[16]; /* of this machine, where the port is; "": 127.0.0.1 */
	uint16_t port;
	int directory;    /* the instance's, for a command; borrowed */
	int64_t interval_ms, timeout_ms, retries;
	int64_t start_ms; /* so long after the start, failures do not count */
};

struct health_watch {
	struct health_plan plan;
	int changed_fd; /* eventfd: readable when there is something new */
	int stop_fd;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards the rest */
	struct health_record record;
	char text[128];
};

/* Error: IO. */
int health_watch_start(struct health_watch **watch, const struct health_plan *plan, struct dory_error *err) must_check;
/* What is known now; the eventfd is read. */
void health_watch_take(struct health_watch *watch, struct health_record *record, char text[128]);
void health_watch_stop(struct health_watch *watch); /* accepts NULL */
