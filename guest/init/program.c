/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads run configurations, and becomes the program. What is done after a vfork shares init's memory. */
#include "guest/init/program.h"
#include "abi/exit_code.h"
#include "abi/run_config.h"
#include "guest/init/file.h"
#include "guest/init/syscalls.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

void refusal_text(const struct refusal *refusal, char *text, size_t size)
{
	format_text(text, size, "%s%s%s", refusal->subject ? refusal->subject : "", refusal->subject ? ": " : "", refusal->sentence);
}

static bool refuse(struct refusal *refusal, int code, const char *subject, const char *sentence)
{
	*refusal = (struct refusal){.code = code, .subject = subject, .sentence = sentence};
	return false;
}

/* ---- The configuration ---- */

static bool read_text(struct run_config *config, const char *path, char *text, size_t len, bool is_override, struct refusal *refusal)
{
	const char *why = text && len ? run_config_read(config, text, len, is_override) : NULL;

	return !why || refuse(refusal, EXIT_DORY, path, why);
}

bool program_configure(struct run_config *config, struct refusal *refusal)
{
	size_t len = 0, override_len = 0;
	char *override = file_read(RUN_CONFIG_DEVICE, &override_len), *text;

	run_config_set_environment(config, RUN_CONFIG_DEFAULT_PATH);
	if (!override || !run_config_holds_image(override, override_len)) {
		text = file_read(RUN_CONFIG_PATH, &len);
		if (!read_text(config, RUN_CONFIG_PATH, text, len, false, refusal))
			return false;
	}
	return read_text(config, RUN_CONFIG_DEVICE, override, override_len, true, refusal);
}

static void set_home(struct run_config *config, const char *home)
{
	size_t len = strlen(home);
	char *assignment;

	if (run_config_environment(config, "HOME"))
		return;
	assignment = allocate(len + 6);
	memcpy(assignment, "HOME=", 5);
	memcpy(assignment + 5, home, len + 1);
	run_config_set_environment(config, assignment);
}

bool program_prepare(struct run_config *config, struct command *command, struct refusal *refusal)
{
	const char *why;

	if (!config->user) {
		set_home(config, RUN_CONFIG_DEFAULT_HOME);
		return true;
	}
	why = account_find(config->user, &command->account);
	if (why)
		return refuse(refusal, EXIT_DORY, config->user, why);
	command->has_account = true;
	set_home(config, command->account.home ? command->account.home : "/");
	return true;
}

/* ---- The program ---- */

static void take_account(const struct account *account)
{
	sys2(setgroups, account->nr_groups, account->groups);
	sys1(setgid, account->gid);
	sys1(setuid, account->uid);
}

/* Until execve has failed, there is no error. The first failure that is not ENOENT is the one to report. */
static void try_execute(struct run_config *config, struct command *command, const char *path)
{
	int before = command->error, error;

	command->path = path;
	command->error = 0;
	error = (int)-sys3(execve, path, command->argv, config->environment.items);
	if (error == ENOENT && sys2(access, path, 0) == 0)
		command->sentence = "the interpreter or dynamic loader that it names is not in the image";
	command->error = before && before != ENOENT ? before : error;
}

/* As execvp(3): a name without a '/' is looked for in PATH. Returns only on failure. */
static void execute(struct run_config *config, struct command *command)
{
	const char *name = command->argv[0], *path = run_config_environment(config, "PATH");
	size_t name_len = strlen(name);

	if (strchr(name, '/')) {
		try_execute(config, command, name);
		return;
	}
	while (path && *path && !command->sentence) {
		const char *colon = strchr(path, ':');
		size_t len = colon ? (size_t)(colon - path) : strlen(path);
		char *candidate = allocate(len + name_len + 2);

		memcpy(candidate, path, len);
		candidate[len] = '/';
		memcpy(candidate + len + 1, name, name_len + 1);
		try_execute(config, command, candidate);
		path += len + (colon != NULL);
	}
}

void program_become(struct run_config *config, struct command *command)
{
	if (config->cwd && (command->error = (int)-sys1(chdir, config->cwd)) != 0) {
		command->sentence = "its working directory cannot be entered";
		return;
	}
	if (command->has_account)
		take_account(&command->account);
	execute(config, command);
}

static const char *describe_error(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such program in the image";
	case EACCES:
		return "it is not an executable file";
	case ENOEXEC:
		return "it is not a program for this machine (no ELF of this architecture, no #! line)";
	case ENOMEM:
		return "there is not enough memory to start it; give the machine more with -m";
	case E2BIG:
		return "its arguments and environment are too long";
	default:
		return "it cannot be executed";
	}
}

void program_explain(const struct command *command, struct refusal *refusal)
{
	int code = command->error == ENOENT ? EXIT_NOT_FOUND : command->error == ENOMEM ? EXIT_DORY : EXIT_NOT_EXECUTABLE;

	refuse(refusal, code, command->argv[0], command->sentence ? command->sentence : describe_error(command->error));
}
