/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the bill of materials share. */
#pragma once
#include "dory/content/content.h"

/*
 * The SPDX expression of the licences that a Debian package's copyright file declares in machine-readable form ("Machine-readable
 * debian/copyright file", version 1.0); "NOASSERTION" where the file is of another form, or names a licence without a known
 * identifier. Returns owned.
 */
char *sbom_licence(const char *copyright);
