/* SPDX-License-Identifier: BSD-3-Clause */
/* dory doctor */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/image.h"
#include "dory/base/colour.h"
#include "dory/base/text.h"
#include "dory/doctor/doctor.h"

static struct doctor_values {
	bool json;
} values;

static const struct option options[] = {
	OPTION(struct doctor_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON"),
	{0},
};

struct telling {
	json_t *array; /* NULL: lines */
	size_t counts[DOCTOR_FAILURE + 1];
};

static const struct {
	const char *name;
	enum colour colour;
} verdicts[] = {[DOCTOR_OK] = {"ok", COLOUR_GOOD}, [DOCTOR_WARNING] = {"warn", COLOUR_WARNING}, [DOCTOR_FAILURE] = {"fail", COLOUR_BAD}};

static void tell(void *context, const struct doctor_finding *f)
{
	struct telling *telling = context;

	telling->counts[f->verdict]++;
	if (telling->array) {
		json_array_append_new(telling->array, json_pack("{s:s, s:s, s:s, s:s?}", "check", f->check, "verdict", verdicts[f->verdict].name,
								"what", f->what, "advice", f->advice));
		return;
	}
	printf("%s%-4s%s  %-12s %s\n", colour_start(STDOUT_FILENO, verdicts[f->verdict].colour), verdicts[f->verdict].name,
		colour_start(STDOUT_FILENO, COLOUR_END), f->check, f->what);
	if (f->advice)
		printf("                   %s\n", f->advice);
}

static int doctor(struct invocation *invocation)
{
	struct telling telling = {.array = values.json ? json_array() : NULL};
	struct doctor_installation installation = {0};
	char *kernel = NULL, *composer;
	struct dory_config config;
	struct dory_error err;

	if (invocation->words.operands.count > 0)
		return verb_misuse(invocation, "'%s' is one word too many", invocation->words.operands.words[0]);
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	if (dory_kernel_find(NULL, &kernel, &err) == 0)
		installation.kernel = kernel;
	installation.composer = composer = composer_find();
	doctor_examine(&config, &installation, tell, &telling);
	if (telling.array)
		print_json_value(telling.array);
	else
		printf("\n%zu checks: %zu ok, %zu warnings, %zu failures\n", telling.counts[0] + telling.counts[1] + telling.counts[2],
			telling.counts[DOCTOR_OK], telling.counts[DOCTOR_WARNING], telling.counts[DOCTOR_FAILURE]);
	free(kernel);
	free(composer);
	config_release(&config);
	return telling.counts[DOCTOR_FAILURE] ? EXIT_FAILED : 0;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "Check this machine, and say what to do",
	.details = "Each line says ok, warn or fail. The exit status is 1 if something fails; what is warned of costs only\n"
		   "speed, or a feature that you may not need.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = doctor,
	.values = &values,
};
