/* SPDX-License-Identifier: BSD-3-Clause */
/* What other commands ask of whoever runs an instance. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/dory.h"
#include "dory/supervisor/ask.h"
#include "dory/supervisor/requests.h"

enum { ANSWER_MS = 10000, COUNTERS_MS = 2000, LOCK_TRIES = 500, LOCK_WAIT_MS = 10, ASK_TRIES = 300 };

static void sleep_ms(int milliseconds)
{
	poll(NULL, 0, milliseconds);
}

static void take_state(struct dory_end *end, const struct instance_state *state)
{
	end->exit_status = state->exit_status;
	text_cut_to(end->text, sizeof(end->text), state->end ? state->end : "");
}

/* Who has answered ends next; the lock is free then. */
static void wait_for_lock(int directory)
{
	for (unsigned i = 0; i < LOCK_TRIES && place_is_locked(directory); i++)
		sleep_ms(LOCK_WAIT_MS);
}

/* It has the lock, so that the number is still its own. */
static void kill_supervisor(int directory)
{
	struct instance_state state;
	struct dory_error ignored;

	if (instance_state_read(directory, &state, &ignored) < 0)
		return;
	if (state.supervisor > 1 && place_is_locked(directory))
		kill((pid_t)state.supervisor, SIGKILL);
	instance_state_release(&state);
	wait_for_lock(directory);
}

/* 0: *end says how; 1: it is not known, and nobody runs it. */
static int take_answer(int fd, int directory, int timeout_ms, struct dory_end *end, struct dory_error *err)
{
	char text[REQUEST_LINE_MAX];
	const char *sentence;
	int result = ask_answer(fd, "ended", timeout_ms, text, sizeof(text), err);

	if (result == 0 && ask_parse_end(text, &end->exit_status, &sentence))
		text_cut_to(end->text, sizeof(end->text), sentence);
	if (result == 1 && timeout_ms >= 0)
		kill_supervisor(directory);
	wait_for_lock(directory);
	return result;
}

static int ask_to_end(const char *root, const char *name, const char *request, int timeout_ms, struct dory_end *end, struct dory_error *err)
{
	struct instance instance;
	int result = 1, fd;

	*end = (struct dory_end){.exit_status = -1};
	/* In between: it has the lock and does not listen yet, or no longer. */
	for (unsigned i = 0; i < ASK_TRIES && result == 1; i++) {
		if (instance_find(root, name, &instance, err) < 0)
			return i == 0 ? -1 : 0;
		if (!place_is_locked(instance.directory)) {
			take_state(end, &instance.state);
			result = 0;
		} else {
			fd = ask_open(instance.directory, request);
			end->was_running = true;
			if (fd >= 0)
				result = take_answer(fd, instance.directory, timeout_ms, end, err);
			else
				sleep_ms(LOCK_WAIT_MS);
		}
		instance_release(&instance);
	}
	return result == 1 ? error_set(err, DORY_ERROR_CONFLICT, "whoever runs the instance %s does not answer", name) : result;
}

int dory_wait(const char *root, const char *name, struct dory_end *end, struct dory_error *err)
{
	return ask_to_end(root, name, "wait", -1, end, err);
}

int dory_stop(const char *root, const char *name, int64_t grace_ms, struct dory_end *end, struct dory_error *err)
{
	char *request = text_format("stop %lld", (long long)grace_ms);
	int result = ask_to_end(root, name, request, (int)(grace_ms + ANSWER_MS), end, err);

	free(request);
	return result;
}

int dory_kill(const char *root, const char *name, struct dory_end *end, struct dory_error *err)
{
	return ask_to_end(root, name, "kill", ANSWER_MS, end, err);
}

int dory_signal(const char *root, const char *name, int number, struct dory_error *err)
{
	struct instance instance;
	char text[REQUEST_LINE_MAX], *request;
	int fd, result;

	if (instance_find(root, name, &instance, err) < 0)
		return -1;
	request = text_format("signal %d", number);
	fd = ask_open(instance.directory, request);
	result = fd < 0 ? 1 : ask_answer(fd, "ok", ANSWER_MS, text, sizeof(text), err);
	if (result == 1)
		result = error_set(err, DORY_ERROR_CONFLICT, "the instance %s does not run", name);
	free(request);
	instance_release(&instance);
	return result;
}

static void ask_guest(int directory, struct dory_stats *stats)
{
	char text[REQUEST_LINE_MAX];
	struct dory_error ignored;
	int fd = ask_open(directory, "counters");

	if (fd >= 0 && ask_answer(fd, "counters", COUNTERS_MS, text, sizeof(text), &ignored) == 0)
		stats->has_guest = guest_counters_parse(text, &stats->guest);
}

int dory_stats(const char *root, const char *name, struct dory_stats *stats, struct dory_error *err)
{
	struct instance instance;
	int result = 0;

	if (instance_find(root, name, &instance, err) < 0)
		return -1;
	*stats = (struct dory_stats){0};
	if (instance.state.status == STATUS_RUNNING && host_counters_read(instance.state.hypervisor, &stats->host))
		ask_guest(instance.directory, stats);
	else
		result = error_set(err, DORY_ERROR_CONFLICT, "the instance %s does not run", name);
	instance_release(&instance);
	return result;
}
