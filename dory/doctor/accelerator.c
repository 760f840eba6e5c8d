/* SPDX-License-Identifier: BSD-3-Clause */
/* The accelerators: what the probe measured, and the rights on /dev/kvm. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/doctor/check.h"
#include "dory/hypervisor/hypervisor.h"

enum { SLOW_MS = 3000, CACHE_MAX = 4096 };

/* The times that the probe kept; -1 where there is none. */
static void read_times(const char *cache, int *kvm_ms, int *tcg_ms)
{
	struct dory_error ignored;
	json_t *object = NULL;
	char *text = NULL;
	size_t length;

	*kvm_ms = *tcg_ms = -1;
	if (file_read(cache, CACHE_MAX, &text, &length, &ignored) == 0)
		object = json_loadb(text, length, 0, NULL);
	if (json_is_object(object)) {
		*kvm_ms = (int)json_integer_value(json_object_get(object, "kvm_ms"));
		*tcg_ms = (int)json_integer_value(json_object_get(object, "tcg_ms"));
	}
	json_decref(object);
	free(text);
}

static char *time_text_of(const char *name, int ms)
{
	return ms >= 0 ? text_format("%s %d ms", name, ms) : text_format("%s not at all, or not in time", name);
}

static void tell_measured(struct examination *e, const char *accelerator, const char *type, const char *cache)
{
	int kvm_ms, tcg_ms, chosen;
	char *kvm, *tcg, *what;

	read_times(cache, &kvm_ms, &tcg_ms);
	chosen = strcmp(accelerator, "kvm") == 0 ? kvm_ms : tcg_ms;
	kvm = time_text_of("kvm", kvm_ms);
	tcg = time_text_of("tcg", tcg_ms);
	what = text_format("%s on %s is the fastest: a tiny guest took %s, %s", accelerator, type, kvm, tcg);
	if (chosen > SLOW_MS)
		examination_tell(e, DOCTOR_WARNING, what, text_copy("This machine is busy, or slow; remove the probe's answer to measure again: cache/probe.json"));
	else
		examination_tell(e, DOCTOR_OK, what, NULL);
	free(kvm);
	free(tcg);
}

void check_accelerator(struct examination *e)
{
	struct machine machine = {0};
	char *cache = text_format("%s/cache/probe.json", e->config->root);
	struct dory_error err = {0};

	if (!e->qemu)
		examination_tell(e, DOCTOR_FAILURE, text_copy("not known without QEMU"), NULL);
	else if (machine_probe(&hypervisor_qemu, e->qemu, cache, &machine, &err) < 0)
		examination_tell(e, DOCTOR_FAILURE, text_copy(err.message), text_copy(*err.hint ? err.hint : NULL));
	else
		tell_measured(e, machine.accelerator, machine.type, cache);
	free(cache);
}

void check_kvm(struct examination *e)
{
	if (access("/dev/kvm", R_OK | W_OK) == 0)
		examination_tell(e, DOCTOR_OK, text_copy("/dev/kvm may be used"), NULL);
	else if (errno == EACCES)
		examination_tell(e, DOCTOR_WARNING, text_copy("/dev/kvm is there, but not for this user"),
			text_copy("Let root add the user to its group: usermod -aG kvm USER"));
	else
		examination_tell(e, DOCTOR_WARNING, text_copy("there is no /dev/kvm: machines run under TCG, slower"),
			text_copy("Load the module kvm_intel or kvm_amd; the firmware's setting of virtualisation may be off."));
}
