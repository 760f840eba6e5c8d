/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMU as a hypervisor: its command line (qemu-system-x86_64(1)). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/hypervisor/hypervisor.h"
#include "dory/hypervisor/qemu_nic.h"

#define QEMU_PROGRAM  "qemu-system-x86_64"
#define FIRMWARE_NAME "microvm.bin"

static const char *const machine_types[] = {"microvm", "q35", "pc", NULL};

/* `name` in the directories of PATH; returns owned, NULL if none has it. */
static char *search_path(const char *name)
{
	const char *path = getenv("PATH");

	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	while (*path) {
		size_t length = strcspn(path, ":");
		char *candidate = length ? text_format("%.*s/%s", (int)length, path, name) : text_format("./%s", name);

		if (access(candidate, X_OK) == 0)
			return candidate;
		free(candidate);
		path += length + (path[length] == ':');
	}
	return NULL;
}

static int qemu_find(const char *configured, char **program, struct dory_error *err)
{
	char *found;

	if (!configured || !*configured)
		configured = QEMU_PROGRAM;
	if (strchr(configured, '/')) {
		found = access(configured, X_OK) == 0 ? text_copy(configured) : NULL;
	} else {
		found = search_path(configured);
	}
	if (!found && strcmp(configured, QEMU_PROGRAM) == 0) {
		error_set(err, DORY_ERROR_NOT_FOUND, "QEMU (%s) is not installed", QEMU_PROGRAM);
		return error_hint(err, "Install Debian's package qemu-system-x86: apt install qemu-system-x86");
	}
	if (!found) {
		error_set(err, DORY_ERROR_NOT_FOUND, "there is no QEMU at %s: %s", configured, strerror(errno));
		return error_hint(err,
			"Correct DORY_QEMU or `qemu` in config.yaml, or install Debian's package qemu-system-x86.");
	}
	*program = found;
	return 0;
}

/* A value within an option's list of settings: a comma is written twice. Returns owned. */
static char *option_value(const char *text)
{
	struct text_buffer value = {0};

	for (; *text; text++)
		text_append(&value, *text == ',' ? ",," : text, *text == ',' ? 2 : 1);
	return value.text ? value.text : text_copy("");
}

/*
 * Notifications go to QEMU's main loop by a descriptor, which spares KVM an exit that waits; TCG is in QEMU when it notifies, and only loses the time
 * that the other thread needs to wake up. vhost has no other way. What PCI's devices have in their options is the bus's setting here.
 */
static void add_notification(const struct machine *machine, struct arguments *arguments)
{
	if (strcmp(machine->accelerator, "tcg") != 0)
		return;
	for (size_t i = 0; i < machine->nic_count; i++)
		if (machine->nics[i].vhost_fds)
			return;
	arguments_add(arguments, "-global");
	arguments_add(arguments, "virtio-mmio.ioeventfd=off");
}

static void add_machine(const struct machine *machine, struct arguments *arguments)
{
	uint64_t memory = 0;
	struct dory_error ignored;

	arguments_add(arguments, "-machine");
	/* Memory is not offered for sharing with other machines: who shares can be spied upon, and the offer takes time at each start.
	 * microvm has its devices in the kernel's command line (auto-kernel-cmdline), no option ROM to run, and ACPI tables only cost time there. */
	if (strcmp(machine->type, "microvm") == 0)
		arguments_add(arguments, "microvm,rtc=on,isa-serial=on,x-option-roms=off,acpi=off,mem-merge=off");
	else
		arguments_add(arguments, "%s,usb=off,mem-merge=off", machine->type);
	arguments_add(arguments, "-accel");
	arguments_add(arguments, "%s", machine->accelerator);
	arguments_add(arguments, "-cpu");
	arguments_add(arguments, "%s", strcmp(machine->accelerator, "kvm") == 0 ? "host" : "max");
	arguments_add(arguments, "-m");
	if (machine_memory_check(machine->memory, &memory, &ignored) == 0)
		arguments_add(arguments, "%lluk", (unsigned long long)(memory >> 10));
	else
		arguments_add(arguments, "%s", machine->memory);
	arguments_add(arguments, "-smp");
	arguments_add(arguments, "%u", machine->cpus);
}

/* The firmware that came with the kernel, if any did (firmware/microvm.S); QEMU's own takes longer. */
static void add_firmware(const struct machine *machine, struct arguments *arguments)
{
	const char *name = strrchr(machine->kernel, '/');
	char *path = text_format("%.*s" FIRMWARE_NAME, name ? (int)(name + 1 - machine->kernel) : 0, machine->kernel);

	if (access(path, R_OK) == 0) {
		arguments_add(arguments, "-bios");
		arguments_add(arguments, "%s", path);
	}
	free(path);
}

static void add_kernel(const struct machine *machine, struct arguments *arguments)
{
	arguments_add(arguments, "-kernel");
	arguments_add(arguments, "%s", machine->kernel);
	if (machine->boot_options) {
		arguments_add(arguments, "-append");
		arguments_add(arguments, "%s", machine->boot_options);
	}
	if (machine->fw_cfg_name) {
		arguments_add(arguments, "-fw_cfg");
		arguments_add(arguments, "name=%s,file=/dev/fd/%d", machine->fw_cfg_name, machine->fw_cfg_fd);
	}
}

/* What the guest writes goes to the overlay. If that is not kept, nothing of it needs to survive a crash of the host. */
static void add_disk(const struct machine *machine, const char *bus, struct arguments *arguments)
{
	char *path = option_value(machine->disk);

	arguments_add(arguments, "-drive");
	arguments_add(arguments,
		"if=none,id=disk,driver=qcow2,file.driver=file,file.filename=/dev/fd/%d,backing.driver=raw,"
		"backing.file.driver=file,backing.file.filename=%s,discard=unmap,cache=%s,aio=%s",
		machine->overlay_fd, path, machine->overlay ? "writeback" : "unsafe", machine->disk_uses_io_uring ? "io_uring" : "threads");
	arguments_add(arguments, "-device");
	/* A geometry, which nobody looks at: where it is not said, QEMU reads the disk for it before it starts. By default a full disk of the host
	 * stops the machine in silence; the program is to get the error. */
	arguments_add(arguments, "virtio-blk-%s,drive=disk,cyls=16383,heads=16,secs=63,werror=report,rerror=report", bus);
	free(path);
}

static void add_volume(const struct machine_volume *volume, size_t i, const char *bus, struct arguments *arguments)
{
	char *path = option_value(volume->path);

	arguments_add(arguments, "-drive");
	arguments_add(arguments, "if=none,id=volume%zu,format=%s,file=%s,cache=%s,aio=%s,read-only=%s,discard=unmap", i, volume->format, path,
		volume->cache, volume->aio, volume->is_read_only ? "on" : "off");
	arguments_add(arguments, "-device");
	arguments_add(arguments, "virtio-blk-%s,drive=volume%zu,cyls=16383,heads=16,secs=63,werror=report,rerror=report", bus, i);
	free(path);
}

/* Behind the image's, in the order in which the guest names them. */
static void add_volumes(const struct machine *machine, const char *bus, struct arguments *arguments)
{
	for (size_t i = 0; i < machine->volume_count; i++)
		add_volume(&machine->volumes[i], i, bus, arguments);
}

static void add_ports(const struct machine *machine, const char *bus, struct arguments *arguments)
{
	if (machine->port_count == 0)
		return;
	arguments_add(arguments, "-device");
	arguments_add(arguments, "virtio-serial-%s,max_ports=%zu", bus, machine->port_count + 1);
	for (size_t i = 0; i < machine->port_count; i++) {
		const struct machine_port *port = &machine->ports[i];

		arguments_add(arguments, "-chardev");
		arguments_add(arguments, "socket,id=port%zu,fd=%d", i, port->fd);
		arguments_add(arguments, "-device");
		/* Number 0 is the console's by the specification's habit (virtio 1.2 §5.3.1): others start at 1. */
		if (port->name)
			arguments_add(arguments, "virtserialport,chardev=port%zu,nr=%zu,name=%s", i, i + 1, port->name);
		else
			arguments_add(arguments, "virtconsole,chardev=port%zu,nr=0", i);
	}
}

static void qemu_command(const char *program, const struct machine *machine, struct arguments *arguments)
{
	const char *bus = strcmp(machine->type, "microvm") == 0 ? "device" : "pci";
	static const char *const always[] = {"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"};

	arguments_add(arguments, "%s", program);
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		arguments_add(arguments, "%s", always[i]);
	add_machine(machine, arguments);
	if (strcmp(machine->type, "microvm") == 0) {
		add_notification(machine, arguments);
		add_firmware(machine, arguments);
	}
	add_kernel(machine, arguments);
	if (machine->log_fd >= 0) {
		arguments_add(arguments, "-chardev");
		arguments_add(arguments, "socket,id=log,fd=%d", machine->log_fd);
		arguments_add(arguments, "-serial");
		arguments_add(arguments, "chardev:log");
	}
	if (machine->disk)
		add_disk(machine, bus, arguments);
	add_volumes(machine, bus, arguments);
	if (machine->disk || machine->port_count > 0) { /* any machine but the probe's */
		arguments_add(arguments, "-device");
		arguments_add(arguments, "virtio-rng-%s", bus);
	}
	add_ports(machine, bus, arguments);
	for (size_t i = 0; i < machine->nic_count; i++)
		qemu_add_nic(machine, i, bus, arguments);
}

const struct hypervisor hypervisor_qemu = {
	.name = "QEMU",
	.machine_types = machine_types,
	.find = qemu_find,
	.command = qemu_command,
};
