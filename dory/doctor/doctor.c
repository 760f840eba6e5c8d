/* SPDX-License-Identifier: BSD-3-Clause */
/* The checks in their order, and those that take a line. */
#include "dory/doctor/doctor.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/doctor/check.h"

void examination_tell(struct examination *examination, enum doctor_verdict verdict, char *what, char *advice)
{
	const struct doctor_finding finding = {.check = examination->check, .verdict = verdict, .what = what, .advice = advice};

	examination->tell(examination->context, &finding);
	free(what);
	free(advice);
}

void check_kernel(struct examination *examination)
{
	const char *kernel = examination->installation->kernel;

	if (kernel)
		examination_tell(examination, DOCTOR_OK, text_copy(kernel), NULL);
	else
		examination_tell(examination, DOCTOR_FAILURE, text_copy("the guest's kernel is not installed"),
			text_copy("Install Dory again (make install), or name a kernel by DORY_KERNEL."));
}

void check_composer(struct examination *examination)
{
	const char *composer = examination->installation->composer;

	if (composer)
		examination_tell(examination, DOCTOR_OK, text_copy(composer), NULL);
	else
		examination_tell(examination, DOCTOR_FAILURE, text_copy("the program that makes images is not installed"),
			text_copy("Install Dory again: make install"));
}

void check_terminal(struct examination *examination)
{
	const char *type = getenv("TERM");
	struct winsize size = {0};

	if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
		examination_tell(examination, DOCTOR_OK, text_copy("none here: programs get pipes, progress is told in lines"), NULL);
		return;
	}
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (!type || !*type)
		examination_tell(examination, DOCTOR_WARNING, text_copy("TERM is not set, so programs cannot know the terminal"),
			text_copy("Set it, as in: export TERM=xterm-256color"));
	else if (size.ws_col == 0)
		examination_tell(examination, DOCTOR_WARNING, text_format("%s, which does not tell its size", type),
			text_copy("Set it with stty(1): stty rows 24 cols 80"));
	else
		examination_tell(examination, DOCTOR_OK, text_format("%s, %u columns and %u rows", type, size.ws_col, size.ws_row), NULL);
}

static const struct {
	const char *name;
	void (*run)(struct examination *examination);
} checks[] = {
	{"qemu", check_qemu},
	{"machines", check_machines},
	{"kernel", check_kernel},
	{"composer", check_composer},
	{"accelerator", check_accelerator},
	{"kvm", check_kvm},
	{"nat", check_nat},
	{"tap", check_tap},
	{"bridge", check_bridge},
	{"store", check_store},
	{"temporary", check_temporary},
	{"archive", check_archive},
	{"signatures", check_gpgv},
	{"terminal", check_terminal},
};

void doctor_examine(
	const struct dory_config *config, const struct doctor_installation *installation, doctor_tell_fn *tell, void *context)
{
	struct examination examination = {.config = config, .installation = installation, .tell = tell, .context = context};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		examination.check = checks[i].name;
		checks[i].run(&examination);
	}
	free(examination.qemu);
}
