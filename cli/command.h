/* SPDX-License-Identifier: BSD-3-Clause */
/* The dory command: verbs, each in a file of its own with a row in the table of command.c. */
#pragma once
#include "cli/options.h"
#include "dory/dory.h"

enum {
	EXIT_FAILED = 1, /* of every verb but run */
	EXIT_MISUSED = 2,
	/* Capstan's (sysexits.h), where the program is called by that name; `run` keeps its own. */
	EXIT_CAPSTAN_MISUSED = 64,
	EXIT_CAPSTAN_FAILED = 65,
};

/* What may stand before the verb, as Capstan has it. */
struct global_options {
	const char *url, *release; /* of repositories of packages; NULL: not said */
	bool takes_bucket;         /* --s3: packages come from the settings' URL */
};

struct invocation {
	const struct verb *verb;
	const char *program; /* argv[0]'s last part: "dory", "capstan" */
	char **argv;         /* the whole command line */
	struct global_options globals;
	struct option_words words;
	const struct composer *composer; /* NULL: in the other program */
};

/*
 * A verb, an action of a group ("image tree": its name has the group's before it), or a group, which has nothing but a
 * name, a summary, statuses and actions.
 */
struct verb {
	const char *name;     /* a verb within a family: "FAMILY NAME" */
	const char *operands; /* as usage shows them */
	const char *summary;  /* for the list of verbs */
	const char *details;  /* behind the options in --help; may be NULL */
	const struct option *options;
	int misuse_status, failure_status;
	int (*run)(struct invocation *invocation); /* returns the exit status; NULL: the composer's program has it */
	void *values;                              /* what the options are read into */
	const struct verb *const *actions;         /* a group's, NULL-terminated */
	bool is_hidden;                            /* not for people: in no list */
	bool takes_command; /* its second word is a program, and what follows is that program's */
};
/* A verb of a family, whose options are read into family_values; with run NULL it is the composer's program that has it. */
#define FAMILY_VERB(family, word, operands_, summary_, options_, run_, details_)                                       \
	const struct verb verb_##family##_##word = {.name = #family " " #word,                                        \
		.operands = operands_,                                                                                 \
		.summary = summary_,                                                                                   \
		.details = details_,                                                                                   \
		.options = options_,                                                                                   \
		.misuse_status = EXIT_MISUSED,                                                                         \
		.failure_status = EXIT_FAILED,                                                                         \
		.run = run_,                                                                                           \
		.values = &family##_values}

extern const struct verb *const verbs[]; /* in the order of help; NULL-terminated */
extern const struct verb verb_run, verb_build, verb_compose, verb_image, verb_images, verb_rmi, verb_network, verb_package, verb_repo, verb_runtime, verb_volume, verb_config, verb_doctor,
	verb_completion, verb_version, verb_help, verb_complete;
extern const struct verb verb_ps, verb_start, verb_stop, verb_restart, verb_kill, verb_rm, verb_delete, verb_logs, verb_attach, verb_exec, verb_wait, verb_inspect,
	verb_stats, verb_rename, verb_instances, verb_supervise;

/*
 * The half of libdory that makes images; needs libraries which are slow to load. The program that is linked without it
 * executes the one that has it, with the same words, when it turns out to be needed.
 */
struct composer {
	int (*make)(const struct dory_config *, struct dory_target *, enum dory_refresh, struct image *,
		struct dory_error *);
	int (*compose)(const struct dory_config *, const struct dory_composition *, struct dory_error *);
	int (*plan)(const struct dory_config *, const struct dory_composition *, dory_plan_fn *, void *, struct dory_error *);
	int (*project)(const struct dory_config *, enum dory_refresh, char **, struct dory_error *); /* run_project.h */
	int (*programs)(const struct dory_config *, const struct dory_target *, char **, struct dory_error *);
	int (*package_names)(const struct dory_config *, const char *, void (*)(void *, const char *), void *, struct dory_error *);
	/* What verbs without a `run` do; ends with a NULL verb. */
	const struct verb_work {
		const struct verb *verb;
		int (*run)(struct invocation *invocation);
	} * work;
};
/* Returns if this program has it; otherwise becomes the program that has. Error: that one is not there. */
int composer_need(const struct invocation *invocation, struct dory_error *err) must_check;

/* Where that program is; returns owned, NULL if it is not there. */
char *composer_find(void);

/* Is the program called capstan? */
bool is_capstan(const struct invocation *invocation);

/* ---- What Capstan's users are used to (capstan.c, global_options.c) ---- */

/* The full name of a verb that Capstan shortens: "i" is images. */
const char *capstan_verb_name(const char *name);
/* Takes what Capstan's variables say for those of Dory's that are not set. */
void capstan_take_environment(void);
/* A verb of Capstan that has no counterpart here: what to do instead. False: it is none. `group`: "package", or NULL. */
bool capstan_explain_verb(const char *group, const char *name, struct dory_error *err);
/* What `config print` shows. */
void capstan_print_config(const struct dory_config *config);
/* What `images` shows. */
void capstan_print_images(const struct image *images, size_t count);

/* Reads what stands before the verb; *count: how many words that is. Error: USAGE. */
int global_options_read(int argc, char **argv, struct global_options *globals, int *count, struct dory_error *err) must_check;

/* As dory_launch, by this program. */
int launch_instance(const struct invocation *invocation, const struct dory_config *config, const char *name, struct instance_place *place,
	int *exit_status, struct dory_error *err) must_check;

int command_main(int argc, char **argv, const struct composer *composer);
const struct verb *verb_find(const char *name);
/* A group's action by its own name. NULL if there is none. */
const struct verb *verb_find_action(const struct verb *group, const char *name);
/* "image tree" is called "tree" in its group. */
const char *verb_own_name(const struct verb *verb);
void verb_print_help(const struct invocation *invocation);

/* "dory: SENTENCE." and the hint, on standard error. */
void message_error(const struct dory_error *err);
void message_note(const char *format, ...) printf_like(1, 2);
/* Prints the error; returns the verb's exit status for it. */
int verb_fail(const struct invocation *invocation, const struct dory_error *err);
/* Misuse: the sentence and where to read more. */
int verb_misuse(const struct invocation *invocation, const char *format, ...) printf_like(2, 3);

/* Options that verbs share: what overrides the settings. */
struct settings_options {
	const char *archive, *suite, *components, *keyring;
	bool refresh, offline, verbose, quiet, with_documentation;
};
#define ARCHIVE_OPTIONS(type, member)                                                                                  \
	OPTION(type, member.archive, OPTION_TEXT, "archive", 0, "URI",                                                 \
		"the Debian archive, instead of the host's own"),                                                      \
		OPTION(type, member.suite, OPTION_TEXT, "suite", 0, "SUITE", "its suite, as in bookworm"),             \
		OPTION(type, member.components, OPTION_TEXT, "components", 0, "WORDS",                                 \
			"its components, as in \"main contrib\""),                                                     \
		OPTION(type, member.keyring, OPTION_TEXT, "keyring", 0, "FILE", "the keys that must have signed it"),  \
		OPTION(type, member.refresh, OPTION_FLAG, "refresh", 0, NULL, "fetch the archive's indices anew"),     \
		OPTION(type, member.offline, OPTION_FLAG, "offline", 0, NULL, "use what is here, touch no network"),   \
		OPTION(type, member.with_documentation, OPTION_FLAG, "with-documentation", 0, NULL,                    \
			"keep documentation and locales"),                                                             \
		OPTION(type, member.verbose, OPTION_FLAG, "verbose", 'v', NULL, "say more"),                           \
		OPTION(type, member.quiet, OPTION_FLAG, "quiet", 'q', NULL, "say less: no progress")
int settings_load(
	struct dory_config *config, const struct settings_options *options, struct dory_error *err) must_check;
enum dory_refresh settings_refresh(const struct settings_options *options);
