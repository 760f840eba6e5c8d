/* SPDX-License-Identifier: BSD-3-Clause */
/* dory run */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "abi/exit_code.h"
#include "cli/command.h"
#include "cli/run_spec.h"
#include "dory/base/text.h"
#include "dory/network/plan.h"

static struct run_values values;

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
	RUN_OPTION(volumes, OPTION_LIST, "volume", 0, "PATH[:DIR]", "a further disk, mounted at DIR; also :ro, :format=qcow2 (repeatable)"),
	RUN_OPTION(device, OPTION_TEXT, "device", 'b', "NAME", "the bridge of -n bridge, the interface of -n tap"),
	RUN_OPTION(is_detached, OPTION_FLAG, "detach", 'd', NULL, "return when the program was started; see `ps`, `logs`, `stop`"),
	RUN_OPTION(is_interactive, OPTION_FLAG, "interactive", 0, NULL, "-d: keep standard input open, for `attach`"),
	RUN_OPTION(name, OPTION_TEXT, "name", 0, "NAME", "the instance's name (default: the image's, with a number if need be)"),
	RUN_OPTION(image, OPTION_TEXT, "image", 'i', "IMAGE", "the image; the word is then the instance's name"),
	RUN_OPTION(is_removed_at_end, OPTION_FLAG, "rm", 0, NULL, "-d: remove the instance when it ends"),
	RUN_OPTION(restart, OPTION_TEXT, "restart", 0, "POLICY", "-d: no, on-failure[:N], always, unless-stopped"),
	RUN_OPTION(stop_signal, OPTION_TEXT, "stop-signal", 0, "SIGNAL", "what `stop` sends (default: TERM)"),
	RUN_OPTION(health_tcp, OPTION_TEXT, "health-tcp", 0, "PORT", "the program is well while it takes connections"),
	RUN_OPTION(health_http, OPTION_TEXT, "health-http", 0, "[PORT]/PATH", "... while it answers there"),
	RUN_OPTION(health_cmd, OPTION_TEXT, "health-cmd", 0, "COMMAND", "... while this, run beside it, exits with 0"),
	RUN_OPTION(health_interval, OPTION_TEXT, "health-interval", 0, "TIME", "between checks: 10s, 1m"),
	RUN_OPTION(health_timeout, OPTION_TEXT, "health-timeout", 0, "TIME", "of one check"),
	RUN_OPTION(health_retries, OPTION_NUMBER, "health-retries", 0, "N", "failures in a row that make it unhealthy"),
	RUN_OPTION(health_start, OPTION_TEXT, "health-start-period", 0, "TIME", "after the start, when failures do not count"),
	RUN_OPTION(log_size, OPTION_TEXT, "log-size", 0, "SIZE", "-d: of one file of the log (default: 10M)"),
	RUN_OPTION(log_files, OPTION_NUMBER, "log-files", 0, "N", "-d: how many of them are kept (default: 3)"),
	RUN_OPTION(with, OPTION_LIST, "with", 0, "deb:NAME", "add a Debian package (repeatable)"),
	RUN_OPTION(is_file, OPTION_FLAG, "file", 0, NULL, "TARGET is a file, whatever it looks like"),
	RUN_OPTION(persist, OPTION_FLAG, "persist", 0, NULL, "keep what the program writes, with the instance"),
	RUN_OPTION(tty, OPTION_FLAG, "tty", 't', NULL, "give the program a terminal (default: if we have one); -d: for `attach`"),
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

/* A program that cannot be started is told apart from our own failures, as shells do. */
static int fail(const struct invocation *invocation, const struct dory_target *target, const struct dory_error *err)
{
	int status = verb_fail(invocation, err);

	if (is_capstan(invocation))
		return status;
	if (target->kind == DORY_TARGET_FILE && err->kind == DORY_ERROR_NOT_FOUND)
		return EXIT_NOT_FOUND;
	if (target->kind == DORY_TARGET_FILE && err->kind == DORY_ERROR_NOT_EXECUTABLE)
		return EXIT_NOT_EXECUTABLE;
	return EXIT_DORY;
}

static int report(const struct instance_outcome *outcome)
{
	char *text = outcome->end == INSTANCE_EXITED ? NULL : instance_outcome_text(outcome);

	if (text)
		message_note("%s", text);
	free(text);
	return instance_outcome_status(outcome);
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

/* Of what the image is called where nobody chose a name. */
static const char *name_of(const struct dory_target *target)
{
	return values.name ? values.name : target->name;
}

/* The instance's name: what was chosen, else of the image's name what a host can be called; Capstan takes that as it is, but for slashes. */
static void label_of(const struct invocation *invocation, const struct dory_target *target, char label[64])
{
	const char *name = name_of(target);
	struct dory_error ignored;
	char whole[64];

	host_label(name, label);
	if (!is_capstan(invocation) || strlen(name) >= sizeof(whole))
		return;
	strcpy(whole, name);
	for (char *slash = whole; (slash = strchr(slash, '/'));)
		*slash = '-';
	if (instance_name_check(whole, &ignored) == 0)
		strcpy(label, whole);
}

static int run_in_foreground(const struct dory_config *config, struct instance *instance, struct instance_place *place,
	struct instance_outcome *outcome, struct dory_error *err)
{
	struct dory_supervision how = {.is_foreground = true,
		.is_tty = values.tty || (!values.no_tty && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)),
		.report_fd = -1};

	return dory_supervise(config, instance, place, &how, outcome, err);
}

/* In the foreground or not; releases the place. Returns the exit status. */
static int start(const struct invocation *invocation, const struct dory_config *config, struct instance *instance, struct instance_place *place)
{
	struct instance_outcome outcome;
	struct dory_error err;
	int status;

	if (values.is_detached) {
		if (launch_instance(invocation, config, instance->name, place, &status, &err) == 0) {
			puts(instance->name);
			return 0;
		}
		return status && !is_capstan(invocation) ? (message_error(&err), status) : verb_fail(invocation, &err);
	}
	return run_in_foreground(config, instance, place, &outcome, &err) < 0 ? verb_fail(invocation, &err) : report(&outcome);
}

static int run_image(const struct invocation *invocation, const struct dory_config *config, const struct dory_target *target,
	const struct image *image, struct instance_spec *spec)
{
	struct instance instance = {.directory = -1, .state = {.exit_status = -1}};
	struct instance_place place;
	struct dory_error err;
	char label[64];
	int status;

	if (!spec->command && !*image->default_command && target->kind == DORY_TARGET_DEBIAN) {
		ask_for_command(invocation, config, target, &err);
		return verb_fail(invocation, &err);
	}
	spec->image = text_copy(image->name);
	spec->default_command = text_copy(image->default_command);
	spec->image_boot = text_copy(image->boot);
	label_of(invocation, target, label);
	if (instance_create(config->root, values.name ? values.name : label, spec, &place, &instance.name, &err) < 0)
		return verb_fail(invocation, &err);
	instance.spec = *spec;
	*spec = (struct instance_spec){0};
	instance.directory = dup(place.directory);
	status = start(invocation, config, &instance, &place);
	instance_release(&instance);
	return status;
}

static int run_target(const struct invocation *invocation, const struct dory_config *config, struct dory_target *target,
	struct instance_spec *spec)
{
	enum dory_refresh refresh = settings_refresh(&values.settings);
	struct dory_error err;
	struct image image;
	int result = dory_image_find(config, target, refresh, &image, &err), status;

	if (result == 1) {
		if (composer_need(invocation, &err) < 0)
			return fail(invocation, target, &err);
		result = invocation->composer->make(config, target, refresh, &image, &err);
	}
	if (result < 0)
		return fail(invocation, target, &err);
	status = run_image(invocation, config, target, &image, spec);
	image_release(&image);
	return status;
}

/* The instance of that name, if it keeps what its program writes: it is started again, as it was, but for what is asked for now. */
static bool find_kept(const struct invocation *invocation, const struct dory_config *config, const struct dory_target *target, struct instance *instance)
{
	struct dory_error ignored;
	char label[64];

	label_of(invocation, target, label);
	if (target->kind != DORY_TARGET_IMAGE || values.image ||
		instance_find(config->root, values.name ? values.name : label, instance, &ignored) < 0)
		return false;
	if (instance->spec.persist && instance->state.starts > 0 && strcmp(instance->spec.image, target->name) == 0)
		return true;
	instance_release(instance);
	return false;
}

static int run_again(const struct invocation *invocation, const struct dory_config *config, const char *name, struct instance_spec *asked)
{
	struct instance instance;
	struct instance_place place;
	struct dory_error err;
	int status;

	if (instance_take(config->root, name, &instance, &place, &err) < 0) {
		if (err.kind == DORY_ERROR_CONFLICT)
			error_hint(&err, "It keeps what its program writes, and is one machine at a time. `dory stop %s` ends it.", name);
		return verb_fail(invocation, &err);
	}
	run_spec_override(&instance.spec, asked);
	if (dory_spec_check(&instance.spec, &err) < 0)
		status = verb_fail(invocation, &err);
	else if (!instance.spec.is_detached || instance_spec_write(instance.directory, &instance.spec, true, &err) == 0)
		status = start(invocation, config, &instance, &place);
	else
		status = verb_fail(invocation, &err);
	instance_place_close(&place);
	instance_release(&instance);
	return status;
}

/* Without a word the project in this folder is meant. */
static bool is_in_project(void)
{
	return access("Capstanfile", F_OK) == 0 || access("meta/package.yaml", F_OK) == 0;
}

static int explain_nothing(const struct invocation *invocation)
{
	struct dory_error err;

	if (!is_capstan(invocation))
		return verb_misuse(invocation, "say what to run: an image, deb:NAME or ./program; there is no Capstanfile or meta/package.yaml here");
	error_set(&err, DORY_ERROR_NOT_FOUND, "Missing Capstanfile or package metadata");
	return verb_fail(invocation, &err);
}

static int check_words(const struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;

	if (operands->count == 0 && !values.image && !is_in_project())
		return explain_nothing(invocation);
	if (operands->count > 1)
		return verb_misuse(invocation, "'%s' is one word too many; arguments of the program stand behind --",
			operands->words[1]);
	if (values.image && values.name && operands->count > 0)
		return verb_misuse(invocation, "the instance has two names, %s and %s", values.name, operands->words[0]);
	if (values.tty && values.no_tty)
		return verb_misuse(invocation, "--tty and --no-tty exclude each other");
	if (values.is_interactive && !values.is_detached)
		return verb_misuse(invocation, "--interactive is for --detach: in the foreground standard input is the program's");
	if (values.tty && !values.is_detached && !isatty(STDIN_FILENO))
		return verb_misuse(invocation, "--tty needs a terminal on standard input");
	if (values.restart && !values.is_detached)
		return verb_misuse(invocation, "--restart is for --detach");
	if (values.restart && values.is_removed_at_end)
		return verb_misuse(invocation, "--restart and --rm exclude each other");
	if (values.persist && values.is_removed_at_end)
		return verb_misuse(invocation, "--persist and --rm exclude each other");
	if (!!values.health_tcp + !!values.health_http + !!values.health_cmd > 1)
		return verb_misuse(invocation, "--health-tcp, --health-http and --health-cmd exclude each other");
	return 0;
}

/* Capstan's -i names an image or, if there is none, a file. */
static bool is_file(const struct dory_config *config, const char *word)
{
	struct dory_error ignored;
	struct image image;

	if (values.is_file || !values.image || access(word, F_OK) < 0)
		return values.is_file;
	if (image_find(config->root, word, &image, &ignored) < 0)
		return true;
	image_release(&image);
	return false;
}

static int run_on(const struct invocation *invocation, const char *word, struct instance_spec *spec)
{
	struct instance kept;
	struct dory_target target;
	struct dory_config config;
	struct dory_error err;
	int status;

	if (settings_load(&config, &values.settings, &err) < 0)
		return verb_fail(invocation, &err);
	if (dory_target_init(&target, word, is_file(&config, word), values.with.words, values.with.count, &err) < 0) {
		config_release(&config);
		return verb_fail(invocation, &err);
	}
	if (find_kept(invocation, &config, &target, &kept)) {
		status = run_again(invocation, &config, kept.name, spec);
		instance_release(&kept);
	} else {
		status = run_target(invocation, &config, &target, spec);
	}
	config_release(&config);
	dory_target_release(&target);
	return status;
}

/* Makes the project's image; returns its name, owned, or NULL and the exit status. */
static char *make_project(const struct invocation *invocation, int *status)
{
	struct dory_config config;
	struct dory_error err;
	char *name = NULL;

	if (composer_need(invocation, &err) < 0 || settings_load(&config, &values.settings, &err) < 0) {
		*status = verb_fail(invocation, &err);
		return NULL;
	}
	if (invocation->composer->project(&config, settings_refresh(&values.settings), &name, &err) < 0)
		*status = verb_fail(invocation, &err);
	config_release(&config);
	return name;
}

/* What the words name; `made`: the project's image, if they name nothing. */
static const char *target_of(const struct invocation *invocation, const char *made)
{
	return made ? made : values.image ? values.image : invocation->words.operands.words[0];
}

static int run(struct invocation *invocation)
{
	struct word_list *const lists[] = {
		&values.environment, &values.boots, &values.with, &values.forwards, &values.networks, &values.addresses, &values.macs,
		&values.volumes};
	const struct word_list *operands = &invocation->words.operands;
	struct instance_spec spec = {0};
	struct dory_error err;
	int status = check_words(invocation);
	char *made = NULL;

	if (status)
		return status;
	if (values.image && operands->count > 0)
		values.name = operands->words[0];
	if (!values.image && operands->count == 0 && !(made = make_project(invocation, &status)))
		return status;
	if (run_spec_read(&spec, &values, target_of(invocation, made), &invocation->words.rest, &err) < 0)
		status = verb_fail(invocation, &err);
	else
		status = run_on(invocation, target_of(invocation, made), &spec);
	free(made);
	instance_spec_release(&spec);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		word_list_release(lists[i]);
	return status;
}

const struct verb verb_run = {
	.name = "run",
	.operands = "[TARGET] [-- ARGUMENT...]",
	.summary = "Run a program in a small virtual machine",
	.details = "TARGET is deb:NAME[=VERSION] for a Debian package, a path for a program or script on this disk\n"
		   "(./program), or the name of an image (`dory images`). Without it the project in this folder is\n"
		   "built (Capstanfile) or composed (meta/package.yaml), and run.\n\n"
		   "The exit status is the program's, 128+N if signal N killed it; 125: Dory failed, 126: the program\n"
		   "cannot be executed, 127: it was not found. On a terminal, Ctrl-a x kills the machine.",
	.options = options,
	.misuse_status = EXIT_DORY,
	.failure_status = EXIT_DORY,
	.run = run,
	.values = &values,
};
