/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which provider Debian's tools would take for a dependency: of alternatives the first, of providers the package of that name. libsolv
 * looks for a solution, not for this one, so what would be taken is handed to it as favoured; where that cannot be, it finds another.
 */
#pragma once
#include <solv/bitmap.h>
#include <solv/pool.h>
#include <solv/queue.h>

/*
 * Appends to `jobs` one that favours each package that the jobs so far would bring. `impossible`: solvables that are known not to be
 * installable; NULL: none is.
 */
void preferences_favour(Pool *pool, const Map *impossible, Queue *jobs);
