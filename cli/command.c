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
	&verb_run, &verb_compose, &verb_images, &verb_rmi, &verb_network, &verb_package, &verb_runtime, &verb_config, &verb_version, &verb_help, NULL};

/* "build" of "package build". */
static const char *last_word(const struct verb *verb)
{
	const char *blank = strrchr(verb->name, ' ');

	return blank ? blank + 1 : verb->name;
}

static const struct verb *find_in(const struct verb *const *family, const char *name)
{
	for (const struct verb *const *v = family; *v; v++) {
		if (strcmp(last_word(*v), name) == 0)
			return *v;
	}
	return NULL;
}

const struct verb *verb_find(const char *const *words, size_t count, size_t *used)
{
	const struct verb *verb = count > 0 ? find_in(verbs, words[0]) : NULL, *below;

	*used = verb != NULL;
	if (verb && verb->family && count > 1 && (below = find_in(verb->family, words[1]))) {
		*used = 2;
		return below;
	}
	return verb;
}

static void print_family(const char *program, const struct verb *verb)
{
	printf("Usage: %s %s VERB [OPTION...] [WORD...]\n\n%s.\n\nVerbs:\n", program, verb->name, verb->summary);
	for (const struct verb *const *v = verb->family; *v; v++)
		printf("  %-10s %s\n", last_word(*v), (*v)->summary);
	printf("\n`%s %s VERB --help` explains a verb.\n", program, verb->name);
}

void verb_print_help(const struct invocation *invocation)
{
	const struct verb *verb = invocation->verb;

	if (verb->family) {
		print_family(invocation->program, verb);
		return;
	}
	printf("Usage: %s %s [OPTION...]%s%s\n\n%s.\n\nOptions:\n", invocation->program, verb->name,
		*verb->operands ? " " : "", verb->operands, verb->summary);
	options_print(verb->options);
	if (verb->details)
		printf("\n%s\n", verb->details);
}

/* `family`: NULL if it is not known among all verbs. */
static int unknown_verb(const struct invocation *invocation, const struct verb *family, const char *name)
{
	const char *program = invocation->program;
	const struct verb *near = NULL;
	struct dory_error err;

	for (const struct verb *const *v = family ? family->family : verbs; *v && !near; v++) {
		if (word_is_near(name, last_word(*v)))
			near = *v;
	}
	error_set(&err, DORY_ERROR_USAGE,
		*name == '-' ? "the option %s%s%s stands before a verb" : "there is no verb '%s%s%s'",
		family ? family->name : "", family ? " " : "", name);
	if (*name == '-' && !family)
		error_hint(&err, "Options stand behind the verb: %s run TARGET %s", program, name);
	else if (near)
		error_hint(&err, "Did you mean `%s %s`?", program, near->name);
	else
		error_hint(&err, "`%s help%s%s` lists the verbs.", program, family ? " " : "", family ? family->name : "");
	message_error(&err);
	return is_capstan(invocation) ? EXIT_CAPSTAN_MISUSED : EXIT_MISUSED;
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

static bool asks_for_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

/* Reads the options behind the verb and runs it; `words`: how many of argv the verb's name takes. */
static int run_verb(struct invocation *invocation, int argc, size_t words)
{
	const struct verb *verb = invocation->verb;
	int skip = 1 + (int)words;
	bool wants_help = false;
	struct dory_error err;

	if (options_parse(verb->options, argc > skip ? argc - skip : 0, invocation->argv + skip, verb->values, &invocation->words,
		    &wants_help, &err) < 0) {
		if (!err.hint[0])
			error_hint(&err, "See `%s %s --help`.", invocation->program, verb->name);
		return verb_fail(invocation, &err);
	}
	if (wants_help) {
		verb_print_help(invocation);
		return 0;
	}
	return verb->run(invocation);
}

/* A family alone is a question for help. */
static int run_family(struct invocation *invocation, int argc)
{
	if (argc > 2 && !asks_for_help(invocation->argv[2]))
		return unknown_verb(invocation, invocation->verb, invocation->argv[2]);
	verb_print_help(invocation);
	return 0;
}

int command_main(int argc, char **argv, const struct composer *composer)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	struct invocation invocation = {.argv = argv, .composer = composer};
	const char *name = verb_name(argc, argv), *const words[] = {name, argc > 2 ? argv[2] : NULL};
	struct dory_error err;
	size_t used;
	int status;

	occupy_standard_streams();
	signal(SIGXFSZ, SIG_IGN); /* a limit on files' size is to be an error like a full disk */
	invocation.program = slash ? slash + 1 : argc > 0 ? argv[0] : "dory";
	invocation.verb = verb_find(words, words[1] ? 2 : 1, &used);
	if (!invocation.verb)
		return unknown_verb(&invocation, NULL, name);
	status = invocation.verb->family ? run_family(&invocation, argc) : run_verb(&invocation, argc, used);
	option_words_release(&invocation.words);
	if (fflush(stdout) != 0 && status == 0) {
		error_set_errno(&err, DORY_ERROR_IO, "writing standard output");
		status = verb_fail(&invocation, &err);
	}
	return status;
}
