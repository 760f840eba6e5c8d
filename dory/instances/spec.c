/* SPDX-License-Identifier: BSD-3-Clause */
/* instance.json */
#include "dory/instances/spec.h"
#include <stdlib.h>
#include "dory/instances/place.h"

#define FIELD(name_, kind_, member)                                                                                    \
	{                                                                                                              \
		.name = name_, .kind = kind_, .offset = offsetof(struct instance_spec, member)                         \
	}

static const struct record_field fields[] = {
	FIELD("created", RECORD_TEXT, created),
	FIELD("image", RECORD_TEXT, image),
	FIELD("image_boot", RECORD_TEXT, image_boot),
	FIELD("target", RECORD_TEXT, target),
	FIELD("default_command", RECORD_TEXT, default_command),
	FIELD("command", RECORD_TEXT, command),
	FIELD("boot", RECORD_LIST, boots),
	FIELD("arguments", RECORD_LIST, arguments),
	FIELD("env", RECORD_LIST, environment),
	FIELD("workdir", RECORD_TEXT, directory),
	FIELD("user", RECORD_TEXT, user),
	FIELD("hostname", RECORD_TEXT, host_name),
	FIELD("memory", RECORD_TEXT, memory),
	FIELD("cpus", RECORD_NUMBER, cpus),
	FIELD("accelerator", RECORD_TEXT, accelerator),
	FIELD("machine", RECORD_TEXT, machine),
	FIELD("kernel", RECORD_TEXT, kernel),
	FIELD("networks", RECORD_LIST, networks),
	FIELD("publish", RECORD_LIST, forwards),
	FIELD("ip", RECORD_LIST, addresses),
	FIELD("mac", RECORD_LIST, macs),
	FIELD("volumes", RECORD_LIST, volumes),
	FIELD("name_chosen", RECORD_FLAG, is_name_chosen),
	FIELD("persist", RECORD_FLAG, persist),
	FIELD("rm", RECORD_FLAG, is_removed_at_end),
	FIELD("detached", RECORD_FLAG, is_detached),
	FIELD("interactive", RECORD_FLAG, is_interactive),
	FIELD("tty", RECORD_FLAG, is_tty),
	FIELD("strace", RECORD_FLAG, strace),
	FIELD("bootchart", RECORD_FLAG, bootchart),
	FIELD("log_level", RECORD_NUMBER, log_level),
	FIELD("restart", RECORD_TEXT, restart),
	FIELD("stop_signal", RECORD_NUMBER, stop_signal),
	FIELD("health", RECORD_TEXT, health),
	FIELD("health_interval_ms", RECORD_NUMBER, health_interval_ms),
	FIELD("health_timeout_ms", RECORD_NUMBER, health_timeout_ms),
	FIELD("health_start_ms", RECORD_NUMBER, health_start_ms),
	FIELD("health_retries", RECORD_NUMBER, health_retries),
	FIELD("log_bytes", RECORD_NUMBER, log_bytes),
	FIELD("log_files", RECORD_NUMBER, log_files),
	{0},
};

int instance_spec_read(int directory, struct instance_spec *spec, struct dory_error *err)
{
	*spec = (struct instance_spec){0};
	return place_read_record(directory, INSTANCE_SPEC_FILE, fields, spec, err);
}

int instance_spec_write(int directory, const struct instance_spec *spec, bool is_durable, struct dory_error *err)
{
	return place_write_record(directory, INSTANCE_SPEC_FILE, fields, spec, is_durable, err);
}

void instance_spec_release(struct instance_spec *spec)
{
	record_release(fields, spec);
}

int instance_spec_print(const struct instance_spec *spec, char **text, struct dory_error *err)
{
	return record_print(fields, spec, text, err);
}
