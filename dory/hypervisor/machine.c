/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptions of machines: checks what people wrote, and starts what was described. */
#include "dory/hypervisor/hypervisor.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/hypervisor/overlay.h"

void arguments_add(struct arguments *arguments, const char *format, ...)
{
	va_list args;
	char *word;

	va_start(args, format);
	if (vasprintf(&word, format, args) < 0)
		abort();
	va_end(args);
	if (arguments->count == 0) /* the NULL at the end */
		array_push(&arguments->words, &arguments->count, sizeof(*arguments->words));
	arguments->words[arguments->count - 1] = word;
	*(char **)array_push(&arguments->words, &arguments->count, sizeof(*arguments->words)) = NULL;
}

void arguments_release(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		free(arguments->words[i]);
	free(arguments->words);
	*arguments = (struct arguments){0};
}

/* The power of two of a unit's letter; -1: no unit. */
static int unit_shift(char unit)
{
	static const struct {
		char letter;
		int shift;
	} units[] = {{'K', 10}, {'M', 20}, {'G', 30}, {'T', 40}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (units[i].letter == toupper((unsigned char)unit))
			return units[i].shift;
	}
	return -1;
}

int machine_memory_check(const char *text, uint64_t *bytes, struct dory_error *err)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);
	int shift = *end ? unit_shift(*end) : 20;

	if (*end && shift >= 0) {
		end++;
		if (*end == 'i')
			end++;
		if (*end == 'b' || *end == 'B')
			end++;
	}
	if (!isdigit((unsigned char)text[0]) || shift < 0 || *end) {
		error_set(err, DORY_ERROR_USAGE, "'%s' is not an amount of memory", text);
		return error_hint(err, "Write a number with K, M or G behind it: 256M, 2G.");
	}
	if (number == 0 || number > UINT64_MAX >> shift || number << shift > (uint64_t)1 << 46)
		return error_set(err, DORY_ERROR_USAGE, "%s of memory is more or less than a machine can have", text);
	*bytes = number << shift;
	return 0;
}

int machine_type_check(const struct hypervisor *hypervisor, const char *type, struct dory_error *err)
{
	for (const char *const *t = hypervisor->machine_types; *t; t++) {
		if (strcmp(*t, type) == 0)
			return 0;
	}
	error_set(err, DORY_ERROR_USAGE, "there is no machine type '%s'", type);
	return error_hint(err, "Choose one of microvm, q35, pc.");
}

int machine_accelerator_check(const char *accelerator, struct dory_error *err)
{
	if (strcmp(accelerator, "kvm") == 0 || strcmp(accelerator, "tcg") == 0)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "there is no accelerator '%s'", accelerator);
	return error_hint(err, "Choose one of kvm, tcg; without --accel the faster is measured and chosen.");
}

static void keep(int **kept, size_t *count, int fd)
{
	*(int *)array_push(kept, count, sizeof(**kept)) = fd;
}

static void keep_nic(int **kept, size_t *count, const struct machine_nic *nic)
{
	if (nic->kind == MACHINE_NIC_SOCKET)
		keep(kept, count, nic->socket_fd);
	if (nic->kind != MACHINE_NIC_TAP)
		return;
	for (size_t i = 0; i < nic->queue_count; i++) {
		keep(kept, count, nic->fds[i]);
		if (nic->vhost_fds)
			keep(kept, count, nic->vhost_fds[i]);
	}
}

static int open_overlay(struct machine *machine, struct dory_error *err)
{
	struct stat st;

	machine->overlay_fd = -1;
	if (!machine->disk)
		return 0;
	if (machine->overlay) {
		machine->overlay_fd = open(machine->overlay, O_RDWR | O_CLOEXEC);
		return machine->overlay_fd < 0 ? error_set_errno(err, DORY_ERROR_IO, "opening %s", machine->overlay) : 0;
	}
	if (stat(machine->disk, &st) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "%s", machine->disk);
	machine->overlay_fd = overlay_open((uint64_t)st.st_size, err);
	return machine->overlay_fd < 0 ? -1 : 0;
}

int machine_start(const struct hypervisor *hypervisor, const char *program, const struct machine *given,
	struct process *process, struct dory_error *err)
{
	struct arguments arguments = {0};
	struct machine machine = *given;
	size_t kept_count = 0;
	int *kept = NULL;
	int result;

	if (open_overlay(&machine, err) < 0)
		return -1;
	for (size_t i = 0; i < machine.port_count; i++)
		keep(&kept, &kept_count, machine.ports[i].fd);
	for (size_t i = 0; i < machine.nic_count; i++)
		keep_nic(&kept, &kept_count, &machine.nics[i]);
	if (machine.log_fd >= 0)
		keep(&kept, &kept_count, machine.log_fd);
	if (machine.fw_cfg_name)
		keep(&kept, &kept_count, machine.fw_cfg_fd);
	if (machine.overlay_fd >= 0)
		keep(&kept, &kept_count, machine.overlay_fd);
	hypervisor->command(program, &machine, &arguments);
	result = process_start(process, &arguments, kept, kept_count, err);
	arguments_release(&arguments);
	free(kept);
	if (machine.overlay_fd >= 0)
		close(machine.overlay_fd);
	return result;
}
