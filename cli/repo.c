/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/repo.h"

struct repo_values repo_values;

#define VALUE(member, kind, name, letter, argument, help)                                                              \
	OPTION(struct repo_values, member, kind, name, letter, argument, help)
#define QUIET_OPTION VALUE(quiet, OPTION_FLAG, "quiet", 'q', NULL, "no progress")

static const struct option no_options[] = {{0}};
static const struct option add_options[] = {
	VALUE(key, OPTION_TEXT, "key", 'k', "ed25519:HEX",
		"the public key its index is signed with (default: the one it offers now)"),
	VALUE(insecure, OPTION_FLAG, "no-key", 0, NULL, "take its index unsigned"),
	VALUE(layout, OPTION_TEXT, "layout", 0, "dory|capstan|github", "how it is laid out (default: dory)"),
	QUIET_OPTION, {0}};
static const struct option ls_options[] = {VALUE(json, OPTION_FLAG, "json", 0, NULL, "as JSON"), {0}};
static const struct option update_options[] = {QUIET_OPTION, {0}};
static const struct option sign_options[] = {VALUE(key, OPTION_TEXT, "key", 'k', "FILE", "the private key, a PEM file"),
	VALUE(new_key, OPTION_TEXT, "new-key", 0, "FILE", "make a private key there, and sign with it"), {0}};

#define VERB(word, operands, summary, options, details)                                                                \
	FAMILY_VERB(repo, word, operands, summary, options, NULL, details)

VERB(add, "NAME URL", "Know a repository of packages", add_options,
	"URL is where its index.json is found (https://, http:// or file:///). Layouts of others: `capstan` is a bucket of S3 as\n"
	"Capstan's hub was, `github` the URL of a repository in GitHub's API, whose releases hold packages.");
VERB(ls, "", "List the repositories", ls_options, NULL);
VERB(rm, "NAME...", "Forget repositories", no_options, NULL);
VERB(update, "[NAME...]", "Ask repositories what they have", update_options, NULL);
VERB(index, "DIR", "Make the index of a directory of packages, to be served as a repository", no_options,
	"DIR has NAME.yaml beside NAME.mpm or NAME.dory, itself or in its folder packages: any web server can serve it then.");
VERB(sign, "DIR", "Sign the index of a directory of packages", sign_options, NULL);

static const struct verb *const actions[] = {
	&verb_repo_add, &verb_repo_ls, &verb_repo_rm, &verb_repo_update, &verb_repo_index, &verb_repo_sign, NULL};

const struct verb verb_repo = {
	.name = "repo",
	.operands = "ACTION",
	.summary = "Repositories that packages are fetched from",
	.options = no_options,
	.actions = actions,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
};
