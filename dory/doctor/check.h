/* SPDX-License-Identifier: BSD-3-Clause */
/* What the checks share; each is a file of its own with a row in doctor.c's table. */
#pragma once
#include "dory/doctor/doctor.h"

struct examination {
	const struct dory_config *config;
	const struct doctor_installation *installation;
	char *qemu; /* the program, once it is found */
	const char *check;
	doctor_tell_fn *tell;
	void *context;
};

/* Both texts are the finding's from now on; `advice` may be NULL. */
void examination_tell(struct examination *examination, enum doctor_verdict verdict, char *what, char *advice);

void check_qemu(struct examination *examination);
void check_machines(struct examination *examination);
void check_kernel(struct examination *examination);
void check_composer(struct examination *examination);
void check_accelerator(struct examination *examination);
void check_kvm(struct examination *examination);
void check_nat(struct examination *examination);
void check_tap(struct examination *examination);
void check_bridge(struct examination *examination);
void check_store(struct examination *examination);
void check_temporary(struct examination *examination);
void check_archive(struct examination *examination);
void check_gpgv(struct examination *examination);
void check_terminal(struct examination *examination);
