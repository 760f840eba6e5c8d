/* SPDX-License-Identifier: BSD-3-Clause */
/* config.yaml: its reader and its keys. */
#pragma once
#include "config.h"

/*
 * Sets in `config` what the text of a config.yaml says; `name` is for messages. An unknown key, a wrong value or bad YAML is an
 * error of kind FORMAT that says the line; `config` may be half changed then.
 */
int settings_parse(struct dory_config *config, const char *name, const char *text, size_t length,
    struct dory_error *err) must_check;

/* Frees an array of sources and all in it. */
void debian_sources_release(struct debian_source *sources, size_t count);
