/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings with what the command line overrides. */
#include "cli/command.h"

int settings_load(struct dory_config *config, const struct settings_options *options, struct dory_error *err)
{
	if (config_load(config, err) < 0)
		return -1;
	if ((options->archive || options->suite || options->components || options->keyring) &&
		config_choose_archive(
			config, options->archive, options->suite, options->components, options->keyring, err) < 0) {
		config_release(config);
		return -1;
	}
	config->with_documentation |= options->with_documentation;
	config->verbose |= options->verbose;
	config->quiet |= options->quiet;
	return 0;
}

enum dory_refresh settings_refresh(const struct settings_options *options)
{
	return options->offline ? DORY_REFRESH_NEVER : options->refresh ? DORY_REFRESH_NOW : DORY_REFRESH_AS_NEEDED;
}
