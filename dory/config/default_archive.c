/* SPDX-License-Identifier: BSD-3-Clause */
/* One word in a file of its own, since it alone depends on the machine that builds. */
#include "default_archive.h"

#ifndef DORY_DEBIAN_ARCHIVE
#define DORY_DEBIAN_ARCHIVE ""
#endif

const char *default_archive(void)
{
	return DORY_DEBIAN_ARCHIVE;
}
