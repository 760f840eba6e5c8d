/* SPDX-License-Identifier: BSD-3-Clause */
/* The dory command with all of libdory. dory executes it when an image has to be made. */
#include "cli/package.h"

int main(int argc, char **argv)
{
	static const struct composer composer = {
		.make = dory_image_make,
		.compose = dory_compose,
		.programs = dory_target_programs,
		.package = package_verbs_run,
	};

	return command_main(argc, argv, &composer);
}
