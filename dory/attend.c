/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens beside a machine while it runs: requests of other commands, the grace period, health, the state's file. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/instance/session.h"
#include "dory/supervise.h"

enum source { SOURCE_REQUESTS, SOURCE_TIMER, SOURCE_HEALTH, SOURCE_REPORT, SOURCE_SIZE, SOURCE_EXECS };

void supervisor_write_state(struct supervisor *s, bool is_durable)
{
	struct dory_error err;

	if (instance_state_write(s->instance->directory, &s->instance->state, is_durable, &err) == 0) {
		s->is_state_bad = false;
		if (!s->is_foreground && instance_status_is_live(s->instance->state.status))
			place_reserve_record(s->instance->directory, INSTANCE_STATE_FILE); /* for its end */
	} else if (!s->is_state_bad && !s->is_foreground) {
		s->is_state_bad = true;
		progress_warning("%s", err.message);
	}
}

void supervisor_report(struct supervisor *s, const struct dory_start_report *report)
{
	if (s->report_fd < 0)
		return;
	if (write(s->report_fd, report, sizeof(*report)) < 0)
		s->is_stop_wanted |= errno == EPIPE;
	close(s->report_fd);
	s->report_fd = -1;
}

static bool watch(struct supervisor *s, int fd, enum source source)
{
	/* Of the report's pipe only the error is waited for: its reader is gone. */
	struct epoll_event event = {.events = source == SOURCE_REPORT ? 0 : EPOLLIN, .data.u32 = source};

	return epoll_ctl(s->events, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void set_timer(struct supervisor *s, int64_t milliseconds)
{
	struct itimerspec when = {.it_value = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000}};

	timerfd_settime(s->timer, 0, &when, NULL);
}

static void kill_machine(struct supervisor *s)
{
	if (s->session)
		session_kill(s->session, s->is_foreground);
}

/* The program is asked first, if there is time. */
static void stop_program(struct supervisor *s, int64_t grace_ms)
{
	int number = s->instance->spec.stop_signal ? (int)s->instance->spec.stop_signal : SIGTERM;

	if (!s->session)
		return;
	if (grace_ms == 0 || !session_signal(s->session, number))
		kill_machine(s);
	else
		set_timer(s, grace_ms);
}

static const char *take_request(void *context, const struct request *request)
{
	struct supervisor *s = context;
	bool is_running = s->session && s->instance->state.status == STATUS_RUNNING;

	switch (request->kind) {
	case REQUEST_SIGNAL:
		return is_running && session_signal(s->session, (int)request->number) ? NULL : "the program does not run just now";
	case REQUEST_STOP:
		s->is_stop_wanted = true;
		stop_program(s, request->number);
		return NULL;
	case REQUEST_KILL:
		s->is_stop_wanted = true;
		kill_machine(s);
		return NULL;
	case REQUEST_WAIT:
		return NULL;
	case REQUEST_COUNTERS:
		if (!is_running)
			return "the program does not run just now";
		session_ask_counters(s->session);
		return NULL;
	case REQUEST_EXEC:
		if (!is_running)
			return "the program does not run just now";
		return exec_table_is_full(&s->execs) ? "no more programs can run beside it at one time" : NULL;
	case REQUEST_ATTACH:
		return s->hub ? NULL : "the instance runs in the foreground: its console is there";
	}
	return NULL;
}

/* ---- Those who are attached ---- */

static void attach(struct supervisor *s, int fd)
{
	const struct instance_spec *spec = &s->instance->spec;
	char line[64];
	int length = snprintf(line, sizeof(line), "attached%s%s\n", spec->is_interactive || spec->is_tty ? " input" : "", spec->is_tty ? " tty" : "");

	if (send(fd, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length)
		close(fd);
	else
		attach_hub_add(s->hub, fd);
}

/* ---- Programs beside the first ---- */

static void hand_over(void *context, enum request_kind kind, int fd)
{
	static const char ready[] = "ready\n";
	struct supervisor *s = context;

	if (kind == REQUEST_ATTACH)
		attach(s, fd);
	else if (send(fd, ready, strlen(ready), MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)strlen(ready))
		close(fd);
	else
		exec_table_add(&s->execs, fd);
}

static bool tell_guest(void *context, const char *line, const void *bytes, size_t length)
{
	struct supervisor *s = context;

	return s->session && session_tell(s->session, line, bytes, length);
}

static void on_exec(struct instance_watcher *watcher, const struct control_record *record, const char *bytes, size_t length)
{
	struct supervisor *s = (struct supervisor *)watcher;

	if (record->kind == CONTROL_OUTPUT)
		exec_table_output(&s->execs, record->id, record->stream, bytes, length);
	else if (record->kind == CONTROL_TAKEN)
		exec_table_taken(&s->execs, record->id, (size_t)record->number);
	else if (record->kind == CONTROL_ENDED)
		exec_table_ended(&s->execs, record->id, record->code);
}

/* On the hub's thread. */
static void on_size(void *context, unsigned rows, unsigned columns)
{
	struct supervisor *s = context;
	uint64_t one = 1;

	if (rows == 0 || columns == 0 || rows > UINT16_MAX || columns > UINT16_MAX)
		return;
	atomic_store(&s->size, rows << 16 | columns);
	if (write(s->size_event, &one, sizeof(one)) < 0)
		return; /* it will be looked at anyway */
}

static void take_size(struct supervisor *s)
{
	uint32_t size = atomic_load(&s->size);
	uint64_t count;

	if (read(s->size_event, &count, sizeof(count)) == (ssize_t)sizeof(count) && s->session)
		session_resize(s->session, size >> 16, size & UINT16_MAX);
}

int supervisor_open_hub(struct supervisor *s, int input, struct dory_error *err)
{
	if (!watch(s, s->size_event, SOURCE_SIZE)) {
		error_set_errno(err, DORY_ERROR_IO, "preparing for those who attach");
		if (input >= 0)
			close(input);
		return -1;
	}
	return attach_hub_open(&s->hub, input, on_size, s, err);
}

static void take_health(struct supervisor *s)
{
	struct instance_state *state = &s->instance->state;
	struct health_record record;
	char text[128];
	int former = state->health;

	health_watch_take(s->health, &record, text);
	state->health = !record.is_known ? HEALTH_STARTING : record.is_well ? HEALTH_GOOD : HEALTH_BAD;
	state->health_failures = record.failures;
	text_replace(&state->health_text, text_copy(text));
	supervisor_write_state(s, false);
	if (state->health != former)
		progress_note("the program is %s: %s", instance_health_words[state->health], text);
}

static void take_event(struct supervisor *s, enum source source)
{
	uint64_t count;

	switch (source) {
	case SOURCE_REQUESTS:
		requests_serve(&s->requests);
		break;
	case SOURCE_TIMER:
		if (read(s->timer, &count, sizeof(count)) == (ssize_t)sizeof(count))
			kill_machine(s);
		break;
	case SOURCE_HEALTH:
		if (s->health)
			take_health(s);
		break;
	case SOURCE_SIZE:
		take_size(s);
		break;
	case SOURCE_EXECS:
		exec_table_serve(&s->execs);
		break;
	case SOURCE_REPORT: /* whoever wanted the start was ended before it came */
		epoll_ctl(s->events, EPOLL_CTL_DEL, s->report_fd, NULL);
		s->is_stop_wanted = true;
		kill_machine(s);
		break;
	}
}

static void take_events(struct supervisor *s)
{
	struct epoll_event events[4];
	int count = epoll_wait(s->events, events, ARRAY_SIZE(events), 0);

	for (int i = 0; i < count; i++)
		take_event(s, events[i].data.u32);
}

static void on_ready(struct instance_watcher *watcher, struct session *session)
{
	struct supervisor *s = (struct supervisor *)watcher;

	s->session = session;
	take_events(s);
}

static void on_machine(struct instance_watcher *watcher, pid_t hypervisor)
{
	struct supervisor *s = (struct supervisor *)watcher;

	s->instance->state.hypervisor = hypervisor;
	supervisor_write_state(s, false);
}

static void list_ports(struct supervisor *s)
{
	text_list_release(&s->instance->state.ports);
	for (size_t i = 0; i < s->network.forwards.count; i++) {
		const struct forward *forward = &s->network.forwards.forwards[i];
		char *port = forward_print(forward), *line = text_format("%s %u", port, forward->guest_port);

		text_list_add(&s->instance->state.ports, line);
		free(port);
		free(line);
	}
}

static const struct forward *find_forward(const struct supervisor *s, uint16_t guest_port)
{
	for (size_t i = 0; i < s->network.forwards.count; i++) {
		const struct forward *forward = &s->network.forwards.forwards[i];

		if (forward->guest_port == guest_port && !forward->is_udp && forward->address.family != AF_INET6)
			return forward;
	}
	return NULL;
}

static int start_health(struct supervisor *s, struct dory_error *err)
{
	const struct instance_spec *spec = &s->instance->spec;
	struct health_plan plan = {.interval_ms = spec->health_interval_ms,
		.timeout_ms = spec->health_timeout_ms,
		.retries = spec->health_retries,
		.start_ms = spec->health_start_ms};
	const struct forward *forward;
	char address[IP_TEXT_SIZE];

	if (!spec->health)
		return 0;
	if (health_parse(spec->health, &plan.check, err) < 0)
		return -1;
	plan.directory = s->instance->directory;
	forward = plan.check.guest_port ? find_forward(s, plan.check.guest_port) : NULL;
	if (!forward && plan.check.guest_port)
		return error_set(err, DORY_ERROR_USAGE, "no port of this machine leads to port %u, which is to be checked", plan.check.guest_port);
	if (forward && forward->address.family)
		text_cut_to(plan.address, sizeof(plan.address), ip_address_print(&forward->address, address));
	plan.port = forward ? forward->host_port : 0;
	if (health_watch_start(&s->health, &plan, err) < 0)
		return -1;
	s->instance->state.health = HEALTH_STARTING;
	return watch(s, s->health->changed_fd, SOURCE_HEALTH) ? 0 : error_set_errno(err, DORY_ERROR_IO, "waiting for health checks");
}

static void on_start(struct instance_watcher *watcher)
{
	struct supervisor *s = (struct supervisor *)watcher;
	struct instance_state *state = &s->instance->state;
	struct dory_error err;

	state->status = STATUS_RUNNING;
	state->starts++;
	text_replace(&state->started, time_text_now());
	list_ports(s);
	if (start_health(s, &err) < 0)
		progress_warning("%s", err.message);
	if (atomic_load(&s->size)) /* a program that was started again has a terminal of the same size */
		on_size(s, atomic_load(&s->size) >> 16, atomic_load(&s->size) & UINT16_MAX);
	supervisor_write_state(s, !s->is_foreground);
	supervisor_report(s, &(struct dory_start_report){0});
}

static void on_counters(struct instance_watcher *watcher, const char *text)
{
	struct supervisor *s = (struct supervisor *)watcher;
	char *line = text_format("counters %s", text);

	requests_answer(&s->requests, REQUEST_COUNTERS, line);
	free(line);
}

int supervisor_attend_open(struct supervisor *s, const struct instance_place *place, struct dory_error *err)
{
	char *path = instance_place_path(place, INSTANCE_SOCKET_FILE);
	int result = requests_open(&s->requests, path, err);

	free(path);
	s->requests.take = take_request;
	s->requests.hand_over = hand_over;
	s->requests.context = s;
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	s->events = epoll_create1(EPOLL_CLOEXEC);
	s->size_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->execs.tell = tell_guest;
	s->execs.context = s;
	if (exec_table_open(&s->execs, err) < 0)
		result = -1;
	if (result == 0 && (s->timer < 0 || s->events < 0 || s->size_event < 0 || !watch(s, s->requests.events, SOURCE_REQUESTS) ||
				   !watch(s, s->timer, SOURCE_TIMER) || !watch(s, s->execs.events, SOURCE_EXECS) || (s->report_fd >= 0 && !watch(s, s->report_fd, SOURCE_REPORT))))
		result = error_set_errno(err, DORY_ERROR_IO, "preparing to look after the instance");
	s->watcher = (struct instance_watcher){.fd = s->events,
		.on_ready = on_ready,
		.on_machine = on_machine,
		.on_start = on_start,
		.on_counters = on_counters,
		.on_exec = on_exec};
	if (result < 0)
		supervisor_attend_close(s);
	return result;
}

void supervisor_attend_close(struct supervisor *s)
{
	unlinkat(s->instance->directory, INSTANCE_SOCKET_FILE, 0);
	requests_close(&s->requests);
	exec_table_close(&s->execs);
	if (s->events >= 0)
		close(s->events);
	if (s->timer >= 0)
		close(s->timer);
	if (s->size_event >= 0)
		close(s->size_event);
	s->events = s->timer = s->size_event = -1;
}

void supervisor_run_is_over(struct supervisor *s)
{
	s->session = NULL;
	exec_table_end_all(&s->execs, "the machine ended");
	set_timer(s, 0);
	health_watch_stop(s->health);
	s->health = NULL;
	s->instance->state.health = HEALTH_NONE;
	s->instance->state.health_failures = 0;
	requests_answer(&s->requests, REQUEST_COUNTERS, "error the program does not run just now");
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void supervisor_pause(struct supervisor *s, unsigned milliseconds)
{
	int64_t end = now_ms() + milliseconds, rest = milliseconds;
	struct epoll_event event;

	while (rest > 0 && !s->is_stop_wanted) {
		/* Level-triggered: what is seen here is still there for take_events. */
		if (epoll_wait(s->events, &event, 1, (int)rest) > 0)
			take_events(s);
		rest = end - now_ms();
	}
}
