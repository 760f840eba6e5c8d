/* SPDX-License-Identifier: BSD-3-Clause */
/* The archive of Debian that the build was told of (make DEBIAN_ARCHIVE=URI; by default the building machine's own). */
#pragma once

/* A URI without a final '/', or "" if the build knew none. */
const char *default_archive(void);
