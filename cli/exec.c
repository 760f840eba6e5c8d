/* SPDX-License-Identifier: BSD-3-Clause */
/* dory exec */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "abi/exit_code.h"
#include "cli/command.h"

static struct exec_values {
	struct word_list environment;
	const char *directory, *user;
	bool is_interactive, tty, no_tty, no_stdin;
} values;

#define EXEC_OPTION(member, kind, name, letter, argument, help) OPTION(struct exec_values, member, kind, name, letter, argument, help)

static const struct option options[] = {
	EXEC_OPTION(environment, OPTION_LIST, "env", 'e', "NAME=VALUE", "set an environment variable (repeatable)"),
	EXEC_OPTION(directory, OPTION_TEXT, "workdir", 'w', "DIR", "working directory in the machine"),
	EXEC_OPTION(user, OPTION_TEXT, "user", 'u', "USER[:GROUP]", "user, and group, by name or number"),
	EXEC_OPTION(tty, OPTION_FLAG, "tty", 't', NULL, "give the program a terminal (default: if we have one)"),
	EXEC_OPTION(no_tty, OPTION_FLAG, "no-tty", 0, NULL, "give the program pipes"),
	EXEC_OPTION(is_interactive, OPTION_FLAG, "interactive", 'i', NULL, "pass standard input on, which is done anyway"),
	EXEC_OPTION(no_stdin, OPTION_FLAG, "no-stdin", 0, NULL, "pass no standard input on"),
	{0},
};

static int check_words(const struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;

	if (operands->count == 0)
		return verb_misuse(invocation, "say in which instance, and what to run");
	if (operands->count + invocation->words.rest.count < 2)
		return verb_misuse(invocation, "say what to run in %s", operands->words[0]);
	if (values.tty && values.no_tty)
		return verb_misuse(invocation, "--tty and --no-tty exclude each other");
	if (values.is_interactive && values.no_stdin)
		return verb_misuse(invocation, "--interactive and --no-stdin exclude each other");
	if (values.tty && !isatty(STDIN_FILENO))
		return verb_misuse(invocation, "--tty needs a terminal on standard input");
	return 0;
}

static void read_command(struct command_line *command, const struct option_words *words)
{
	for (size_t i = 1; i < words->operands.count; i++)
		command_line_add(command, words->operands.words[i], false);
	for (size_t i = 0; i < words->rest.count; i++)
		command_line_add(command, words->rest.words[i], false);
}

static int execute(const struct invocation *invocation, const struct dory_config *config)
{
	struct run_config asked = {.environment = values.environment.words,
		.environment_count = values.environment.count,
		.directory = values.directory,
		.user = values.user,
		.is_tty = values.tty || (!values.no_tty && !values.no_stdin && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))};
	struct dory_error err;
	struct dory_end end;
	int result;

	read_command(&asked.command, &invocation->words);
	result = dory_exec(config->root, invocation->words.operands.words[0], &asked, !values.no_stdin, &end, &err);
	command_line_release(&asked.command);
	if (result < 0)
		return verb_fail(invocation, &err);
	if (end.text[0])
		message_note("%s", end.text);
	return end.exit_status >= 0 ? (int)end.exit_status : EXIT_DORY;
}

static int exec(struct invocation *invocation)
{
	int status = check_words(invocation);
	struct dory_config config;
	struct dory_error err;

	if (status)
		return status;
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	status = execute(invocation, &config);
	config_release(&config);
	word_list_release(&values.environment);
	return status;
}

const struct verb verb_exec = {
	.name = "exec",
	.operands = "INSTANCE [--] PROGRAM [ARGUMENT...]",
	.summary = "Run another program in an instance that runs",
	.details = "It has the environment, working directory and user of the instance's own program, but for what options say, and its own\n"
		   "streams or terminal. What follows -- is the program's, options too. The exit status is the program's, 128+N if signal N\n"
		   "killed it; 125: Dory failed, 126: the program cannot be executed, 127: it was not found.",
	.options = options,
	.misuse_status = EXIT_DORY,
	.failure_status = EXIT_DORY,
	.run = exec,
	.values = &values,
	.takes_command = true,
};
