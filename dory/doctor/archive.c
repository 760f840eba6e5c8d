/* SPDX-License-Identifier: BSD-3-Clause */
/* The Debian archive: sources, the keys that must have signed them, and gpgv(1), which checks that. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/child.h"
#include "dory/base/text.h"
#include "dory/doctor/check.h"

/* False, and told, if a keyring that is needed cannot be read. */
static bool check_keyring(struct examination *e, const char *keyring)
{
	if (keyring && access(keyring, R_OK) == 0)
		return true;
	if (keyring)
		examination_tell(e, DOCTOR_FAILURE, text_format("the keyring %s cannot be read: %s", keyring, strerror(errno)),
			text_copy("Install Debian's package debian-archive-keyring, or name a keyring with --keyring."));
	else
		examination_tell(e, DOCTOR_FAILURE, text_copy("no keyring is set"), text_copy("Name one with --keyring, or in config.yaml."));
	return false;
}

void check_archive(struct examination *e)
{
	const struct dory_config *config = e->config;
	struct text_buffer suites = {0};
	struct dory_error err = {0};

	if (config->source_count == 0) {
		config_explain_no_sources(config, &err);
		examination_tell(e, DOCTOR_WARNING, text_copy(err.message), text_copy(*err.hint ? err.hint : NULL));
		return;
	}
	for (size_t i = 0; i < config->source_count; i++) {
		const struct debian_source *source = &config->sources[i];

		if (!check_keyring(e, source->keyring ? source->keyring : config->keyring)) {
			free(suites.text);
			return;
		}
		text_append_format(&suites, "%s%s", i ? ", " : "", source->suite);
	}
	examination_tell(e, DOCTOR_OK, text_format("%s, from %s", suites.text, config->sources_origin ? config->sources_origin : "config.yaml"), NULL);
	free(suites.text);
}

void check_gpgv(struct examination *e)
{
	const char *const argv[] = {"gpgv", "--version", NULL};
	struct child_result result;
	struct dory_error err;
	char *line;

	if (child_run(argv, &result, &err) < 0) {
		examination_tell(e, DOCTOR_FAILURE, text_copy("gpgv, which checks the archive's signatures, is not installed"),
			text_copy("Install Debian's package gpgv."));
		return;
	}
	line = text_copy_n(result.output ? result.output : "", result.output ? strcspn(result.output, "\n") : 0);
	if (result.status == 0)
		examination_tell(e, DOCTOR_OK, line, NULL);
	else {
		examination_tell(e, DOCTOR_FAILURE, text_copy("gpgv does not run"), text_copy("Install Debian's package gpgv anew."));
		free(line);
	}
	child_result_release(&result);
}
