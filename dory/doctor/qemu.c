/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU: is it there, which version, which machine types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/child.h"
#include "dory/base/text.h"
#include "dory/doctor/check.h"
#include "dory/hypervisor/hypervisor.h"

enum { OLDEST_MAJOR = 5 }; /* the microvm machine as Dory uses it */

/* What QEMU prints for one word; returns owned, NULL if it fails. */
static char *ask(const struct examination *e, const char *option, const char *value)
{
	const char *const argv[] = {e->qemu, option, value, NULL};
	struct child_result result;
	struct dory_error ignored;
	char *output;

	if (!e->qemu || child_run(argv, &result, &ignored) < 0)
		return NULL;
	output = result.status == 0 && result.output ? text_copy(result.output) : NULL;
	child_result_release(&result);
	return output;
}

void check_qemu(struct examination *e)
{
	struct dory_error err = {0};
	unsigned major = 0, minor = 0;
	const char *number;
	char *output;

	if (hypervisor_qemu.find(e->config->qemu, &e->qemu, &err) < 0) {
		examination_tell(e, DOCTOR_FAILURE, text_copy(err.message), text_copy(err.hint));
		return;
	}
	output = ask(e, "--version", NULL);
	number = output ? strstr(output, "version ") : NULL;
	if (!number || sscanf(number, "version %u.%u", &major, &minor) != 2)
		examination_tell(e, DOCTOR_FAILURE, text_format("%s does not tell its version", e->qemu),
			text_copy("Is it QEMU? Correct DORY_QEMU or `qemu` in config.yaml."));
	else if (major < OLDEST_MAJOR)
		examination_tell(e, DOCTOR_WARNING, text_format("%s is version %u.%u, which is old", e->qemu, major, minor),
			text_format("Install version %u or later.", OLDEST_MAJOR));
	else
		examination_tell(e, DOCTOR_OK, text_format("%s, version %u.%u", e->qemu, major, minor), NULL);
	free(output);
}

/* Does a line of the list begin with the word? */
static bool lists(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *line = list; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, word, length) == 0 && (line[length] == ' ' || line[length] == '\n' || !line[length]))
			return true;
	}
	return false;
}

void check_machines(struct examination *e)
{
	char *list = ask(e, "-machine", "help");
	struct text_buffer there = {0}, missing = {0};

	for (const char *const *type = hypervisor_qemu.machine_types; *type && list; type++) {
		struct text_buffer *to = lists(list, *type) ? &there : &missing;

		text_append_format(to, "%s%s", to->length ? ", " : "", *type);
	}
	if (!list)
		examination_tell(e, DOCTOR_FAILURE, text_copy("not known: QEMU does not list its machine types"), NULL);
	else if (!there.text)
		examination_tell(e, DOCTOR_FAILURE, text_copy("this QEMU has none of the machine types that Dory knows"),
			text_copy("Install Debian's package qemu-system-x86."));
	else if (missing.text)
		examination_tell(e, DOCTOR_WARNING, text_format("%s; but not %s", there.text, missing.text),
			text_copy("Machines of type microvm start the fastest; a newer QEMU has it."));
	else
		examination_tell(e, DOCTOR_OK, text_copy(there.text), NULL);
	free(list);
	free(there.text);
	free(missing.text);
}

void check_nat(struct examination *e)
{
	char *list = ask(e, "-netdev", "help");

	if (list && lists(list, "user"))
		examination_tell(e, DOCTOR_OK, text_copy("user-mode networking, which needs no rights"), NULL);
	else
		examination_tell(e, DOCTOR_FAILURE, text_copy("this QEMU has no user-mode networking, which -p and -n nat need"),
			text_copy("Install a QEMU that was built with slirp, as Debian's qemu-system-x86 is."));
	free(list);
}
