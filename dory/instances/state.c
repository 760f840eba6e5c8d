/* SPDX-License-Identifier: BSD-3-Clause */
/* state.json */
#include "dory/instances/state.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/instances/place.h"

const char *const instance_status_words[] = {[STATUS_CREATED] = "created",
	[STATUS_STARTING] = "starting",
	[STATUS_RUNNING] = "running",
	[STATUS_WAITING] = "restarting",
	[STATUS_EXITED] = "exited",
	[STATUS_FAILED] = "failed",
	[STATUS_LOST] = "lost",
	NULL};

const char *const instance_health_words[] = {
	[HEALTH_NONE] = "none", [HEALTH_STARTING] = "starting", [HEALTH_GOOD] = "healthy", [HEALTH_BAD] = "unhealthy", NULL};

#define FIELD(name_, kind_, member, ...)                                                                               \
	{                                                                                                              \
		.name = name_, .kind = kind_, .offset = offsetof(struct instance_state, member), __VA_ARGS__           \
	}

static const struct record_field fields[] = {
	FIELD("status", RECORD_WORD, status, .words = instance_status_words),
	FIELD("health", RECORD_WORD, health, .words = instance_health_words),
	FIELD("health_failures", RECORD_NUMBER, health_failures),
	FIELD("health_text", RECORD_TEXT, health_text),
	FIELD("supervisor", RECORD_NUMBER, supervisor),
	FIELD("hypervisor", RECORD_NUMBER, hypervisor),
	FIELD("boot_id", RECORD_TEXT, boot_id),
	FIELD("started", RECORD_TEXT, started),
	FIELD("ended", RECORD_TEXT, ended),
	FIELD("starts", RECORD_NUMBER, starts),
	FIELD("restarts", RECORD_NUMBER, restarts),
	FIELD("exit_status", RECORD_NUMBER, exit_status),
	FIELD("end", RECORD_TEXT, end),
	FIELD("hint", RECORD_TEXT, hint),
	FIELD("stop_wanted", RECORD_FLAG, is_stop_wanted),
	FIELD("ports", RECORD_LIST, ports),
	{0},
};

int instance_state_read(int directory, struct instance_state *state, struct dory_error *err)
{
	*state = (struct instance_state){.exit_status = -1};
	return place_read_record(directory, INSTANCE_STATE_FILE, fields, state, err);
}

int instance_state_write(int directory, const struct instance_state *state, bool is_durable, struct dory_error *err)
{
	return place_write_record(directory, INSTANCE_STATE_FILE, fields, state, is_durable, err);
}

void instance_state_release(struct instance_state *state)
{
	record_release(fields, state);
}

int instance_state_print(const struct instance_state *state, char **text, struct dory_error *err)
{
	return record_print(fields, state, text, err);
}

char *time_text_now(void)
{
	char text[32];
	struct tm tm;
	time_t now = time(NULL);

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return text_copy(text);
}

char *host_boot_id(void)
{
	struct dory_error ignored;
	size_t length;
	char *text;

	if (file_read("/proc/sys/kernel/random/boot_id", 64, &text, &length, &ignored) < 0)
		return text_copy("");
	text[strcspn(text, "\n")] = '\0';
	return text;
}
