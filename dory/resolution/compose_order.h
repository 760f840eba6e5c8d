/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of a solution, for solve.c. */
#pragma once
#include "dory/resolution/resolution.h"

/* Fills the packages of the resolution: those of the request's list that are chosen, each behind what it requires. */
void order_for_composition(const struct resolve_request *request, const bool *chosen, struct resolution *resolution);
