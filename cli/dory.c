/* SPDX-License-Identifier: BSD-3-Clause */
/* The dory command as people start it: quick, without the composing half of libdory. */
#include "cli/command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv, NULL);
}
