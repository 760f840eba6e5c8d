/* SPDX-License-Identifier: BSD-3-Clause */
/* From the command line to the verb. */
#include "cli/command.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

const struct verb *const verbs[] = {
	&verb_run, &verb_compose, &verb_images, &verb_rmi, &verb_network, &verb_config, &verb_version, &verb_help, NULL};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *const *v = verbs; *v; v++) {
		if (strcmp((*v)->name, name) == 0)
			return *v;
	}
	return NULL;
}

void verb_print_help(const struct invocation *invocation)
{
	const struct verb *verb = invocation->verb;

	printf("Usage: %s %s [OPTION...]%s%s\n\n%s.\n\nOptions:\n", invocation->program, verb->name,
		*verb->operands ? " " : "", verb->operands, verb->summary);
	options_print(verb->options);
	if (verb->details)
		printf("\n%s\n", verb->details);
}

static int unknown_verb(const char *program, const char *name)
{
	const struct verb *near = NULL;
	struct dory_error err;

	for (const struct verb *const *v = verbs; *v && !near; v++) {
		if (word_is_near(name, (*v)->name))
			near = *v;
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
	return EXIT_MISUSED;
}

/* --help and --version are verbs too. */
static const char *verb_name(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
		return "help";
	if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0)
		return "version";
	return argv[1];
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

int command_main(int argc, char **argv, const struct composer *composer)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	struct invocation invocation = {.argv = argv, .composer = composer};
	const char *name = verb_name(argc, argv);
	bool wants_help = false;
	struct dory_error err;
	int status;

	occupy_standard_streams();
	signal(SIGXFSZ, SIG_IGN); /* a limit on files' size is to be an error like a full disk */
	invocation.program = slash ? slash + 1 : argc > 0 ? argv[0] : "dory";
	invocation.verb = verb_find(name);
	if (!invocation.verb)
		return unknown_verb(invocation.program, name);
	if (options_parse(invocation.verb->options, argc > 2 ? argc - 2 : 0, argv + 2, invocation.verb->values,
		    &invocation.words, &wants_help, &err) < 0) {
		if (!err.hint[0])
			error_hint(&err, "See `%s %s --help`.", invocation.program, invocation.verb->name);
		status = verb_fail(&invocation, &err);
	} else if (wants_help) {
		verb_print_help(&invocation);
		status = 0;
	} else {
		status = invocation.verb->run(&invocation);
	}
	option_words_release(&invocation.words);
	if (fflush(stdout) != 0 && status == 0) {
		error_set_errno(&err, DORY_ERROR_IO, "writing standard output");
		status = verb_fail(&invocation, &err);
	}
	return status;
}
