/* SPDX-License-Identifier: BSD-3-Clause */
/* From the command line to the verb. */
#include "cli/image.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

const struct verb *const verbs[] = {&verb_run, &verb_ps, &verb_start, &verb_stop, &verb_restart, &verb_kill, &verb_rm, &verb_logs, &verb_attach, &verb_exec, &verb_wait,
	&verb_stats, &verb_inspect, &verb_rename, &verb_instances, &verb_delete, &verb_supervise, &verb_build, &verb_compose, &verb_image, &verb_images,
	&verb_rmi, &verb_network, &verb_package, &verb_repo, &verb_runtime, &verb_volume, &verb_config, &verb_doctor, &verb_completion, &verb_version, &verb_help,
	&verb_complete, &verb_capstan_import, &verb_capstan_info, NULL};

const char *verb_own_name(const struct verb *verb)
{
	const char *blank = strchr(verb->name, ' ');

	return blank ? blank + 1 : verb->name;
}

static const struct verb *find_in(const struct verb *const *list, const char *name)
{
	for (; *list; list++) {
		if (strcmp(verb_own_name(*list), name) == 0)
			return *list;
	}
	return NULL;
}

const struct verb *verb_find(const char *name)
{
	return find_in(verbs, name);
}

const struct verb *verb_find_action(const struct verb *group, const char *name)
{
	return group->actions ? find_in(group->actions, name) : NULL;
}

static void print_group(const struct invocation *invocation)
{
	const struct verb *group = invocation->verb;

	printf("Usage: %s %s ACTION [OPTION...] [WORD...]\n\n%s.\n\nActions:\n", invocation->program, group->name, group->summary);
	for (const struct verb *const *v = group->actions; *v; v++)
		printf("  %-10s %s\n", verb_own_name(*v), (*v)->summary);
	printf("\n`%s %s ACTION --help` explains an action; so does the manual page dory-%s(1).\n", invocation->program, group->name,
		group->name);
}

void verb_print_help(const struct invocation *invocation)
{
	const struct verb *verb = invocation->verb;

	if (verb->actions) {
		print_group(invocation);
		return;
	}
	printf("Usage: %s %s [OPTION...]%s%s\n\n%s.\n\nOptions:\n", invocation->program, verb->name,
		*verb->operands ? " " : "", verb->operands, verb->summary);
	options_print(verb->options);
	if (verb->details)
		printf("\n%s\n", verb->details);
}

static const struct verb *find_near(const struct verb *const *list, const char *name)
{
	for (; *list; list++) {
		if (!(*list)->is_hidden && word_is_near(name, verb_own_name(*list)))
			return *list;
	}
	return NULL;
}

static int misuse_status(const struct invocation *invocation)
{
	return is_capstan(invocation) ? EXIT_CAPSTAN_MISUSED : EXIT_MISUSED;
}

static int unknown_verb(const struct invocation *invocation, const char *name)
{
	const char *program = invocation->program;
	const struct verb *near = find_near(verbs, name);
	struct dory_error err;

	if (capstan_explain_verb(NULL, name, &err)) {
		message_error(&err);
		return misuse_status(invocation);
	}
	error_set(&err, DORY_ERROR_USAGE, *name == '-' ? "the option %s stands before a verb" : "there is no verb '%s'",
		name);
	if (*name == '-')
		error_hint(&err, "Options stand behind the verb: %s run TARGET %s", program, name);
	else if (near)
		error_hint(&err, "Did you mean `%s %s`?", program, near->name);
	else
		error_hint(&err, "`%s help` lists the verbs.", program);
	message_error(&err);
	return misuse_status(invocation);
}

static int unknown_action(const struct invocation *invocation, const char *name)
{
	const struct verb *group = invocation->verb, *near = name ? find_near(group->actions, name) : NULL;
	struct dory_error err;

	if (name && capstan_explain_verb(group->name, name, &err))
		return verb_fail(invocation, &err);
	if (name)
		error_set(&err, DORY_ERROR_USAGE, "there is no action '%s' of %s %s", name, invocation->program, group->name);
	else
		error_set(&err, DORY_ERROR_USAGE, "say what %s %s is to do", invocation->program, group->name);
	if (near)
		error_hint(&err, "Did you mean `%s %s`?", invocation->program, near->name);
	else
		error_hint(&err, "`%s %s --help` lists the actions.", invocation->program, group->name);
	return verb_fail(invocation, &err);
}

static bool is_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

/* --help and --version are verbs too. */
static const char *verb_name(int argc, char **argv)
{
	if (argc < 1 || is_help(argv[0]))
		return "help";
	if (strcmp(argv[0], "-V") == 0 || strcmp(argv[0], "-v") == 0 || strcmp(argv[0], "--version") == 0)
		return "version";
	return capstan_verb_name(argv[0]);
}

/*
 * Whoever starts us with a standard stream closed must not find a socket or disk of ours in its place. The wrong
 * direction on purpose: using it fails, as it did while it was closed.
 */
static void occupy_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			abort();
	}
}

/* What the program with the composing half does for verbs without a `run`; the other one becomes that program. */
static int run_elsewhere(struct invocation *invocation)
{
	struct dory_error err;

	if (composer_need(invocation, &err) < 0)
		return verb_fail(invocation, &err);
	for (const struct verb_work *work = invocation->composer->work; work->verb; work++) {
		if (work->verb == invocation->verb)
			return work->run(invocation);
	}
	abort();
}

/* The words behind the verb. */
static int run_verb(struct invocation *invocation, int argc, char **argv)
{
	const struct verb *verb = invocation->verb;
	bool wants_help = false;
	struct dory_error err;

	invocation->words.most_operands = verb->takes_command ? 2 : 0;
	if (options_parse(verb->options, argc, argv, verb->values, &invocation->words, &wants_help, &err) < 0) {
		if (!err.hint[0])
			error_hint(&err, "See `%s %s --help`.", invocation->program, verb->name);
		return verb_fail(invocation, &err);
	}
	if (wants_help) {
		verb_print_help(invocation);
		return 0;
	}
	return verb->run ? verb->run(invocation) : run_elsewhere(invocation);
}

/* "package --help", "package help", "package help compose"; Capstan's groups explain themselves without a word, too. */
static bool asks_for_help(struct invocation *invocation, int argc, char **argv)
{
	const struct verb *action;

	if (argc == 0)
		return is_capstan(invocation);
	if (argc == 2 && strcmp(argv[0], "help") == 0 && (action = verb_find_action(invocation->verb, argv[1]))) {
		invocation->verb = action;
		return true;
	}
	return argc == 1 && (is_help(argv[0]) || strcmp(argv[0], "help") == 0);
}

static int run_action(struct invocation *invocation, int argc, char **argv)
{
	const struct verb *action;

	if (asks_for_help(invocation, argc, argv) || (argc > 0 && is_help(argv[0]))) {
		verb_print_help(invocation);
		return 0;
	}
	action = argc > 0 ? verb_find_action(invocation->verb, argv[0]) : NULL;
	if (!action)
		return unknown_action(invocation, argc > 0 ? argv[0] : NULL);
	invocation->verb = action;
	return run_verb(invocation, argc - 1, argv + 1);
}

/* From the options before the verb on. */
static int run_words(struct invocation *invocation, int argc, char **argv)
{
	struct dory_error err;
	const char *name;
	int globals;

	if (global_options_read(argc, argv, &invocation->globals, &globals, &err) < 0) {
		message_error(&err);
		return misuse_status(invocation);
	}
	argc -= globals;
	argv += globals;
	name = verb_name(argc, argv);
	invocation->verb = verb_find(name);
	if (!invocation->verb)
		return unknown_verb(invocation, name);
	argc -= argc > 0;
	argv += 1;
	return invocation->verb->actions ? run_action(invocation, argc, argv) : run_verb(invocation, argc, argv);
}

int command_main(int argc, char **argv, const struct composer *composer)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	struct invocation invocation = {.argv = argv, .composer = composer};
	struct dory_error err;
	int status;

	occupy_standard_streams();
	signal(SIGXFSZ, SIG_IGN); /* a limit on files' size is to be an error like a full disk */
	invocation.program = slash ? slash + 1 : argc > 0 ? argv[0] : "dory";
	if (is_capstan(&invocation))
		capstan_take_environment();
	status = run_words(&invocation, argc > 0 ? argc - 1 : 0, argv + 1);
	option_words_release(&invocation.words);
	if (fflush(stdout) != 0 && status == 0) {
		error_set_errno(&err, DORY_ERROR_IO, "writing standard output");
		status = verb_fail(&invocation, &err);
	}
	return status;
}
