/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of this machine, each with an advice where something is missing. None changes anything but the probe's cache. */
#pragma once
#include "dory/config/config.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILURE };

struct doctor_finding {
	const char *check; /* "qemu" */
	enum doctor_verdict verdict;
	char *what;   /* a phrase without a final stop */
	char *advice; /* what to do; NULL if nothing need be done */
};

/* What the machine needs beside libdory: the program names the paths that it found, NULL for what is missing. */
struct doctor_installation {
	const char *kernel, *composer;
};

/* Calls `tell` with each finding, in order. */
typedef void doctor_tell_fn(void *context, const struct doctor_finding *finding);
void doctor_examine(const struct dory_config *config, const struct doctor_installation *installation, doctor_tell_fn *tell, void *context);
