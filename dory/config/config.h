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
	struct debian_source *sources;
	size_t source_count;
	char *sources_origin;  /* for people: where the sources were read from */
	char *proxy;	       /* from apt's settings; the environment's is libcurl's own business; NULL if none */
	char *qemu;	       /* path or name of QEMU; NULL: search PATH */
	char *accelerator;     /* "kvm", "tcg" or NULL: probe */
	char *machine;	       /* "microvm", "q35", "pc" or NULL: probe */
	char *memory;	       /* default of -m */
	unsigned cpus;	       /* default of -c */
	bool with_documentation; /* keep documentation, man pages and locales */
	bool quiet, verbose;
};

/* Reads all sources. `config` owns its strings; config_release frees them. */
int config_load(struct dory_config *config, struct dory_error *err) must_check;
void config_release(struct dory_config *config);

/* The settings as YAML that config.yaml accepts; returns owned. */
char *config_print(const struct dory_config *config);
