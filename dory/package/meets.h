/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a package meet what is asked for? */
#pragma once
#include "dory/manifest/package_manifest.h"
#include "dory/manifest/requirement.h"

/* By its name or by what it provides; one of Debian's, "deb:NAME", by what it provides alone. */
bool package_meets(const struct package_manifest *manifest, const struct alternative *alternative);
/* Does version `has` lie where the alternative wants it? */
bool version_meets(const char *has, const struct alternative *alternative);
