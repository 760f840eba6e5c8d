/* SPDX-License-Identifier: BSD-3-Clause */
/* dory attach */
#include <unistd.h>
#include "cli/command.h"

static struct attach_values {
	bool is_output_only;
} values;

static const struct option options[] = {
	OPTION(struct attach_values, is_output_only, OPTION_FLAG, "no-stdin", 0, NULL, "show what the program writes, and type nothing"),
	{0},
};

/* The program's status becomes ours; whoever detaches leaves with 0. */
static int attach_to(const struct invocation *invocation, const char *name)
{
	struct dory_attachment attachment;
	struct dory_config config;
	struct dory_error err;
	int result;

	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	result = dory_attach(config.root, name, values.is_output_only, &attachment, &err);
	config_release(&config);
	if (result < 0)
		return verb_fail(invocation, &err);
	if (attachment.has_detached)
		return 0;
	if (attachment.end.text[0])
		message_note("%s", attachment.end.text);
	return attachment.end.exit_status >= 0 ? (int)attachment.end.exit_status : invocation->verb->failure_status;
}

static int attach(struct invocation *invocation)
{
	const struct word_list *names = &invocation->words.operands;

	if (names->count != 1)
		return names->count ? verb_misuse(invocation, "'%s' is one word too many", names->words[1])
				    : verb_misuse(invocation, "say which instance to attach to");
	return attach_to(invocation, names->words[0]);
}

const struct verb verb_attach = {
	.name = "attach",
	.operands = "INSTANCE",
	.summary = "Join the terminal to a detached instance's program",
	.details = "Shows what it writes from now on, and passes on what is typed if the instance was started with `dory run -d --tty` or\n"
		   "`--interactive`. On a terminal Ctrl-p Ctrl-q ends that, and the program goes on. If it ends, its status is passed on.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = attach,
	.values = &values,
};
