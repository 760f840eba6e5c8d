/* SPDX-License-Identifier: BSD-3-Clause */
/* dory rm, and Capstan's delete */
#include "cli/instance_names.h"

static struct rm_values {
	bool force;
} values;

static const struct option options[] = {
	OPTION(struct rm_values, force, OPTION_FLAG, "force", 'f', NULL, "end those that run"),
	{0},
}, no_options[] = {{0}};

enum { DELETE_GRACE_MS = 10000 };

static int rm_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct dory_error failure;
	struct dory_end end;

	if (values.force && dory_kill(config->root, name, &end, err) < 0)
		return -1;
	if (instance_remove(config->root, name, &failure) == 0 || (values.force && end.was_running && failure.kind == DORY_ERROR_NOT_FOUND))
		return 0;
	*err = failure;
	return -1;
}

static int rm(struct invocation *invocation)
{
	return for_each_instance(invocation, "remove", rm_one);
}

static int delete_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct dory_error failure;
	struct dory_end end;

	if (dory_stop(config->root, name, DELETE_GRACE_MS, &end, err) < 0)
		return -1;
	if (instance_remove(config->root, name, &failure) < 0 && !(end.was_running && failure.kind == DORY_ERROR_NOT_FOUND)) {
		*err = failure;
		return -1;
	}
	say_as_capstan(invocation, "Deleted", name);
	return 0;
}

static int delete(struct invocation *invocation)
{
	return for_each_instance(invocation, "delete", delete_one);
}

const struct verb verb_rm = {
	.name = "rm",
	.operands = "INSTANCE...",
	.summary = "Remove instances, and what they keep",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = rm,
	.values = &values,
};

const struct verb verb_delete = {
	.name = "delete",
	.operands = "INSTANCE...",
	.summary = "Stop and remove instances",
	.options = no_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = delete,
};
