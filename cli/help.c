/* SPDX-License-Identifier: BSD-3-Clause */
/* dory help */
#include <stdio.h>
#include "cli/command.h"

static const struct option options[] = {{0}};

static void list_verbs(const char *program)
{
	printf("Dory packs any Linux program, with just what it needs, into a tiny virtual machine and runs it.\n\n"
	       "Usage: %s VERB [OPTION...] [WORD...]\n\nVerbs:\n",
		program);
	for (const struct verb *const *v = verbs; *v; v++)
		printf("  %-10s %s\n", (*v)->name, (*v)->summary);
	printf("\nExamples:\n"
	       "  %s run deb:sqlite3 -- :memory: 'select sqlite_version()'\n"
	       "  %s run deb:python3 -e \"python3 -c 'print(6 * 7)'\"\n"
	       "  %s run ./program -- --its-option\n"
	       "  %s compose web --deb lua5.4 ./site && %s run web -e \"lua5.4 /main.lua\"\n\n"
	       "`%s VERB --help` explains a verb; so do the manual pages dory(1), dory-VERB(1).\n",
		program, program, program, program, program, program);
}

static int help(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;
	const struct verb *verb;
	size_t used;

	if (operands->count == 0) {
		list_verbs(invocation->program);
		return 0;
	}
	verb = verb_find(operands->words, operands->count, &used);
	if (!verb || used < operands->count)
		return verb_misuse(invocation, "there is no verb '%s'", operands->words[operands->count - 1]);
	invocation->verb = verb;
	verb_print_help(invocation);
	return 0;
}

const struct verb verb_help = {
	.name = "help",
	.operands = "[VERB]",
	.summary = "Explain a verb, or list them",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = help,
};
