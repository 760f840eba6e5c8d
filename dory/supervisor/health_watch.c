/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread of health checks. */
#include "dory/supervisor/health_watch.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/supervisor/exec_client.h"

enum { STARTING_INTERVAL_MS = 1000 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* By a program beside the instance's. */
static bool ask_command(const struct health_watch *watch, char *text, size_t size)
{
	const struct health_plan *plan = &watch->plan;
	struct run_config config = {0};
	struct dory_error err;
	char said[128];
	int status, socket = -1, result;

	if (command_line_split(&config.command, plan->check.command, &err) == 0)
		socket = exec_ask(plan->directory, &config, watch->stop_fd, &err);
	command_line_release(&config.command);
	if (socket < 0) {
		text_cut_to(text, size, err.message);
		return false;
	}
	result = exec_await(socket, (int)plan->timeout_ms, watch->stop_fd, &status, said, sizeof(said));
	if (result < 0)
		text_cut_to(text, size, "the command did not end in time");
	else
		snprintf(text, size, "the command exited with %d%s%.90s", status, *said ? ": " : "", said);
	return result == 0 && status == 0;
}

static bool ask(const struct health_watch *watch, char text[128])
{
	const struct health_plan *plan = &watch->plan;

	return plan->check.command[0] ? ask_command(watch, text, 128) : health_ask(&plan->check, plan->address, plan->port, (int)plan->timeout_ms, text);
}

static void ask_once(struct health_watch *watch, bool is_starting)
{
	char text[sizeof(watch->text)];
	bool is_well = ask(watch, text), is_new;
	int64_t failures = watch->record.failures;
	uint64_t one = 1;

	pthread_mutex_lock(&watch->mutex);
	is_new = health_note(&watch->record, is_well, is_starting) || watch->record.failures != failures;
	text_cut_to(watch->text, sizeof(watch->text), text);
	pthread_mutex_unlock(&watch->mutex);
	if (is_new && write(watch->changed_fd, &one, sizeof(one)) < 0)
		return; /* an eventfd takes 2^64-2 of them */
}

static void *check_again_and_again(void *argument)
{
	struct health_watch *watch = argument;
	struct pollfd stop = {.fd = watch->stop_fd, .events = POLLIN};
	int64_t start = now_ms(), interval;

	do {
		bool is_starting = now_ms() - start < watch->plan.start_ms && !watch->record.is_known;

		ask_once(watch, is_starting);
		interval = watch->plan.interval_ms;
		if (is_starting && !watch->record.is_known && interval > STARTING_INTERVAL_MS)
			interval = STARTING_INTERVAL_MS;
	} while (poll(&stop, 1, (int)interval) <= 0);
	return NULL;
}

static void release(struct health_watch *watch)
{
	if (watch->changed_fd >= 0)
		close(watch->changed_fd);
	if (watch->stop_fd >= 0)
		close(watch->stop_fd);
	pthread_mutex_destroy(&watch->mutex);
	free(watch);
}

int health_watch_start(struct health_watch **watch, const struct health_plan *plan, struct dory_error *err)
{
	struct health_watch *w = calloc(1, sizeof(*w));
	int failure;

	if (!w)
		abort();
	w->plan = *plan;
	w->record.retries = plan->retries;
	pthread_mutex_init(&w->mutex, NULL);
	w->changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	failure = w->changed_fd < 0 || w->stop_fd < 0 ? errno : pthread_create(&w->thread, NULL, check_again_and_again, w);
	if (failure) {
		release(w);
		errno = failure;
		return error_set_errno(err, DORY_ERROR_IO, "starting the health checks");
	}
	*watch = w;
	return 0;
}

void health_watch_take(struct health_watch *watch, struct health_record *record, char text[128])
{
	uint64_t count;

	if (read(watch->changed_fd, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&watch->mutex);
	*record = watch->record;
	text_cut_to(text, sizeof(watch->text), watch->text);
	pthread_mutex_unlock(&watch->mutex);
}

void health_watch_stop(struct health_watch *watch)
{
	uint64_t one = 1;

	if (!watch)
		return;
	if (write(watch->stop_fd, &one, sizeof(one)) < 0)
		abort();
	pthread_join(watch->thread, NULL);
	release(watch);
}
