/* SPDX-License-Identifier: BSD-3-Clause */
/* dory run */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "abi/exit_code.h"
#include "cli/command.h"
#include "dory/base/text.h"

static struct run_values {
	struct settings_options settings;
	const char *command, *directory, *user, *host_name, *memory, *accelerator, *machine, *kernel, *log;
	struct word_list environment, boots, with, forwards, networks, addresses, macs;
	const char *name;
	unsigned cpus;
	bool is_file, strace, bootchart, persist, tty, no_tty;
} values;

#define RUN_OPTION(member, kind, name, letter, argument, help)                                                         \
	OPTION(struct run_values, member, kind, name, letter, argument, help)

static const struct option options[] = {
	RUN_OPTION(
		command, OPTION_TEXT, "execute", 'e', "COMMAND", "the command line to run instead of the image's own"),
	RUN_OPTION(boots, OPTION_LIST, "boot", 0, "CONF", "run this configuration of the image (repeatable)"),
	RUN_OPTION(environment, OPTION_LIST, "env", 0, "NAME=VALUE", "set an environment variable (repeatable)"),
	RUN_OPTION(directory, OPTION_TEXT, "workdir", 'w', "DIR", "working directory in the machine"),
	RUN_OPTION(user, OPTION_TEXT, "user", 'u', "USER[:GROUP]", "user, and group, by name or number"),
	RUN_OPTION(host_name, OPTION_TEXT, "hostname", 0, "NAME", "host name of the machine"),
	RUN_OPTION(memory, OPTION_TEXT, "memory", 'm', "SIZE", "memory of the machine: 64M, 2G"),
	RUN_OPTION(cpus, OPTION_NUMBER, "cpus", 'c', "N", "CPUs of the machine"),
	RUN_OPTION(forwards, OPTION_LIST, "publish", 'p', "PORTS",
		"forward a port: [ADDRESS:]HOST:GUEST[/udp] (repeatable)"),
	RUN_OPTION(forwards, OPTION_LIST, "forward", 'f', "HOST:GUEST", "the same"),
	RUN_OPTION(networks, OPTION_LIST, "network", 'n', "NETWORK",
		"nat (default), bridge[:NAME], tap[:NAME], none, or a network (repeatable)"),
	RUN_OPTION(addresses, OPTION_LIST, "ip", 0, "ADDRESS", "ADDRESS[/PREFIX][,GATEWAY] of the first -n, the second, ..."),
	RUN_OPTION(macs, OPTION_LIST, "mac", 0, "ADDRESS", "Ethernet address of the first -n, the second, ..."),
	RUN_OPTION(name, OPTION_TEXT, "name", 0, "NAME", "what other machines call this one (default: the image's name)"),
	RUN_OPTION(with, OPTION_LIST, "with", 0, "deb:NAME", "add a Debian package (repeatable)"),
	RUN_OPTION(is_file, OPTION_FLAG, "file", 0, NULL, "TARGET is a file, whatever it looks like"),
	RUN_OPTION(persist, OPTION_FLAG, "persist", 0, NULL, "keep in the image what the program writes"),
	RUN_OPTION(tty, OPTION_FLAG, "tty", 't', NULL, "give the program a terminal (default: if we have one)"),
	RUN_OPTION(no_tty, OPTION_FLAG, "no-tty", 0, NULL, "give the program pipes"),
	RUN_OPTION(strace, OPTION_FLAG, "strace", 0, NULL, "print every system call of the program"),
	RUN_OPTION(bootchart, OPTION_FLAG, "bootchart", 0, NULL, "print when each step of the start happened"),
	RUN_OPTION(log, OPTION_TEXT, "log", 0, "LEVEL", "show the kernel's log up to severity 0 to 7"),
	RUN_OPTION(accelerator, OPTION_TEXT, "accel", 0, "NAME", "kvm or tcg (default: the faster, measured)"),
	RUN_OPTION(machine, OPTION_TEXT, "machine", 0, "TYPE", "microvm, q35 or pc"),
	RUN_OPTION(kernel, OPTION_TEXT, "kernel", 0, "PATH", "the guest's kernel"),
	ARCHIVE_OPTIONS(struct run_values, settings),
	{0},
};

/* -1: only what is grave; -2: not a level. */
static int log_level(void)
{
	if (!values.log)
		return values.settings.verbose ? 6 : -1;
	return values.log[0] >= '0' && values.log[0] <= '7' && !values.log[1] ? values.log[0] - '0' : -2;
}

/* A program that cannot be started is told apart from our own failures, as shells do. */
static int fail(const struct invocation *invocation, const struct dory_target *target, const struct dory_error *err)
{
	verb_fail(invocation, err);
	if (target->kind == DORY_TARGET_FILE && err->kind == DORY_ERROR_NOT_FOUND)
		return EXIT_NOT_FOUND;
	if (target->kind == DORY_TARGET_FILE && err->kind == DORY_ERROR_NOT_EXECUTABLE)
		return EXIT_NOT_EXECUTABLE;
	return EXIT_DORY;
}

static int report(const struct instance_outcome *outcome)
{
	switch (outcome->end) {
	case INSTANCE_EXITED:
		return outcome->code;
	case INSTANCE_SIGNALED:
		message_note("%s was killed by signal %d (%s)", outcome->text, outcome->code, strsignal(outcome->code));
		return EXIT_SIGNAL_BASE + outcome->code;
	case INSTANCE_REFUSED:
		message_note("%s", outcome->text);
		return outcome->code;
	case INSTANCE_STOPPED:
		message_note("the machine was stopped");
		return EXIT_SIGNAL_BASE + outcome->code;
	}
	return EXIT_DORY;
}

/* Lists the programs to choose from, where a package has several and none with its name. */
static int ask_for_command(const struct invocation *invocation, const struct dory_config *config,
	const struct dory_target *target, struct dory_error *err)
{
	char *programs = NULL;

	if (composer_need(invocation, err) < 0 || invocation->composer->programs(config, target, &programs, err) < 0)
		return -1;
	if (!*programs) {
		error_set(err, DORY_ERROR_USAGE, "the package %s holds no program of its own", target->name);
		error_hint(err, "Say what to run: dory run deb:%s -e \"COMMAND LINE\"", target->name);
	} else {
		error_set(
			err, DORY_ERROR_USAGE, "the package %s holds several programs, none of its name", target->name);
		error_hint(err, "Choose one with -e \"COMMAND LINE\":\n%.400s", programs);
		err->hint[strlen(err->hint) - 1] = '\0'; /* the last newline */
	}
	free(programs);
	return -1;
}

static int run_image(const struct invocation *invocation, const struct dory_config *config,
	const struct dory_target *target, struct network_plan *network, const struct image *image,
	struct instance_outcome *outcome, struct dory_error *err)
{
	struct dory_run run = {.command = values.command,
		.network = network->interface_count ? network : NULL,
		.name = values.name,
		.target = target->name,
		.quiet = config->quiet,
		.boots = values.boots.words,
		.boot_count = values.boots.count,
		.arguments = invocation->words.rest.words,
		.argument_count = invocation->words.rest.count,
		.kernel = values.kernel,
		.accelerator = values.accelerator,
		.machine = values.machine,
		.memory = values.memory,
		.cpus = values.cpus,
		.persist = values.persist,
		.strace = values.strace,
		.bootchart = values.bootchart,
		.log_level = log_level()};

	run.is_tty = values.tty || (!values.no_tty && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
	run.config = (struct run_config){.environment = values.environment.words,
		.environment_count = values.environment.count,
		.directory = values.directory,
		.host_name = values.host_name,
		.user = values.user};
	if (!run.command && !*image->default_command && target->kind == DORY_TARGET_DEBIAN)
		return ask_for_command(invocation, config, target, err);
	return dory_run(config, image, &run, outcome, err);
}

static int run_target(const struct invocation *invocation, const struct dory_config *config, struct dory_target *target,
	struct network_plan *network)
{
	enum dory_refresh refresh = settings_refresh(&values.settings);
	struct instance_outcome outcome;
	struct dory_error err;
	struct image image;
	int result = dory_image_find(config, target, refresh, &image, &err);

	if (result == 1) {
		if (composer_need(invocation, &err) < 0)
			return fail(invocation, target, &err);
		result = invocation->composer->make(config, target, refresh, &image, &err);
	}
	if (result < 0)
		return fail(invocation, target, &err);
	result = run_image(invocation, config, target, network, &image, &outcome, &err);
	image_release(&image);
	return result < 0 ? verb_fail(invocation, &err) : report(&outcome);
}

static int check_words(const struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;

	if (operands->count == 0)
		return verb_misuse(invocation, "say what to run: an image, deb:NAME or ./program");
	if (operands->count > 1)
		return verb_misuse(invocation, "'%s' is one word too many; arguments of the program stand behind --",
			operands->words[1]);
	if (values.tty && values.no_tty)
		return verb_misuse(invocation, "--tty and --no-tty exclude each other");
	if (values.tty && !isatty(STDIN_FILENO))
		return verb_misuse(invocation, "--tty needs a terminal on standard input");
	if (log_level() == -2)
		return verb_misuse(invocation, "--log takes a severity from 0 (gravest) to 7, not '%s'", values.log);
	return 0;
}

static int read_networks(struct network_plan *plan, struct dory_error *err)
{
	struct network_words words = {.networks = values.networks.words,
		.network_count = values.networks.count,
		.forwards = values.forwards.words,
		.forward_count = values.forwards.count,
		.addresses = values.addresses.words,
		.address_count = values.addresses.count,
		.macs = values.macs.words,
		.mac_count = values.macs.count};

	if (values.name && instance_name_check(values.name, err) < 0)
		return -1;
	return network_plan_init(plan, &words, err);
}

static int run_on(const struct invocation *invocation, struct network_plan *network)
{
	struct dory_target target;
	struct dory_config config;
	struct dory_error err;
	int status;

	if (dory_target_init(&target, invocation->words.operands.words[0], values.is_file, values.with.words,
		    values.with.count, &err) < 0)
		return verb_fail(invocation, &err);
	if (settings_load(&config, &values.settings, &err) < 0) {
		status = verb_fail(invocation, &err);
	} else {
		status = run_target(invocation, &config, &target, network);
		config_release(&config);
	}
	dory_target_release(&target);
	return status;
}

static int run(struct invocation *invocation)
{
	struct word_list *const lists[] = {&values.environment, &values.boots, &values.with, &values.forwards, &values.networks, &values.addresses, &values.macs};
	struct network_plan network;
	struct dory_error err;
	int status = check_words(invocation);

	if (status)
		return status;
	if (read_networks(&network, &err) < 0) {
		status = verb_fail(invocation, &err);
	} else {
		status = run_on(invocation, &network);
		network_plan_release(&network);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		word_list_release(lists[i]);
	return status;
}

const struct verb verb_run = {
	.name = "run",
	.operands = "TARGET [-- ARGUMENT...]",
	.summary = "Run a program in a small virtual machine",
	.details = "TARGET is deb:NAME[=VERSION] for a Debian package, a path for a program or script on this disk\n"
		   "(./program), or the name of an image (`dory images`).\n\n"
		   "The exit status is the program's, 128+N if signal N killed it; 125: Dory failed, 126: the program\n"
		   "cannot be executed, 127: it was not found. On a terminal, Ctrl-a x kills the machine.",
	.options = options,
	.misuse_status = EXIT_DORY,
	.failure_status = EXIT_DORY,
	.run = run,
	.values = &values,
};
