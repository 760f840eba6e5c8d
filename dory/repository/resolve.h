/* SPDX-License-Identifier: BSD-3-Clause */
/* What a solution depends on beside names and indices. */
#pragma once

/* Changes whenever the same names over the same indices may give another solution. */
extern const char resolve_rules_version[];
