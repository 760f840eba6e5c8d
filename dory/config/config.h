/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings: where state lives and which archive packages come from. Sources, the later wins: built-in defaults,
 * $DORY_ROOT/config.yaml, environment (DORY_ROOT, DORY_*), command-line flags.
 */
#pragma once
#include "dory/base/error.h"

struct debian_source { /* one "deb" line of apt's: URI, suite, components */
	char *uri;	   /* without a trailing '/' */
	char *suite;
	char *components;  /* words separated by blanks; empty for a flat archive */
	char *keyring;	   /* path of the keyring that must have signed it; NULL: the default keyring */
};

struct dory_config {
	char *root;	       /* $DORY_ROOT, default $XDG_DATA_HOME/dory, default ~/.local/share/dory; absolute */
	char *architecture;    /* Debian's word: "amd64" */
	char *keyring;	       /* the archive's default keyring */
	struct debian_source *sources; /* may be none: then config_explain_no_sources says what to do */
	size_t source_count;
	char *sources_origin;  /* for people: where the sources were read from */
	bool ignore_expiry;    /* accept release files whose Valid-Until has passed */
	char *proxy;	       /* from config.yaml or apt's settings, "" for none at all; NULL: the environment's, libcurl's business */
	char *qemu;	       /* path or name of QEMU; NULL: search PATH */
	char *accelerator;     /* "kvm", "tcg" or NULL: probe */
	char *machine;	       /* "microvm", "q35", "pc" or NULL: probe */
	char *memory;	       /* default of -m */
	unsigned cpus;	       /* default of -c */
	bool with_documentation; /* keep documentation, man pages and locales */
	char *repo_url;	       /* Capstan's: of packages in its layout, for --s3; NULL: none */
	char *aio;	       /* Capstan's: "threads" or "native", of volumes that say nothing; NULL: threads */
	bool quiet, verbose;
};

/* Reads all sources. `config` owns its strings; config_release frees them. On failure nothing needs to be released. */
int config_load(struct dory_config *config, struct dory_error *err) must_check;
void config_release(struct dory_config *config);

/*
 * What --archive, --suite, --components and --keyring ask for, each NULL if not given: replaces the sources by one for each word of
 * `suites`. What is not given is taken from the first source there was.
 */
int config_choose_archive(struct dory_config *config, const char *archive, const char *suites, const char *components,
    const char *keyring, struct dory_error *err) must_check;

/* The error of a command that needs a source where there is none; returns -1. */
int config_explain_no_sources(const struct dory_config *config, struct dory_error *err);

/* The settings as YAML that config.yaml accepts; returns owned. */
char *config_print(const struct dory_config *config);
