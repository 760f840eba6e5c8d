/* SPDX-License-Identifier: BSD-3-Clause */
/* The dory command with all of libdory. dory executes it when an image has to be made. */
#include <locale.h>
#include "cli/package.h"

int main(int argc, char **argv)
{
	static const struct composer composer = {
		.make = dory_image_make,
		.compose = dory_compose,
		.programs = dory_target_programs,
		.package = package_verbs_run,
	};

	setlocale(LC_CTYPE, "C.UTF-8"); /* the names in archives are UTF-8, whatever the terminal's letters are */
	return command_main(argc, argv, &composer);
}
