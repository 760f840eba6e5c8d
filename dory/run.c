/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs an image: its command, its machine. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/base/text_list.h"
#include "dory/boot.h"
#include "dory/parts.h"

#define DEFAULT_MEMORY "512M"

/*
 * The command that overrides the image's; stays empty if the image's own is meant as it is. `environment` gets what its
 * configurations set, `unset` what they do not.
 */
static int build_command(const struct image *image, const struct dory_run *run, struct command_line *command,
	struct text_list *environment, struct text_list *unset, struct dory_error *err)
{
	struct text_list skipped = {0};
	const char *base = run->command;

	if (boot_choose(image, run, command, environment, unset, err) < 0)
		return -1;
	if (command->count > 0) {
		for (size_t i = 0; i < run->argument_count; i++)
			command_line_add(command, run->arguments[i], false);
		return 0;
	}
	if (!base && !*image->default_command) {
		error_set(err, DORY_ERROR_USAGE, "the image %s has no default command", image->name);
		return error_hint(err, "Say what to run: -e \"COMMAND LINE\"");
	}
	if (!base && run->argument_count == 0)
		return 0;
	if (base) {
		base = command_line_skip_options(base, environment, &skipped);
		text_list_release(&skipped);
	}
	if (command_line_split(command, base ? base : image->default_command, err) < 0)
		return -1;
	if (command->count == 0)
		return error_set(err, DORY_ERROR_USAGE, "the command line after -e is empty");
	for (size_t i = 0; i < run->argument_count; i++)
		command_line_add(command, run->arguments[i], false);
	return 0;
}

static const char *first_of(const char *a, const char *b)
{
	return a && *a ? a : b && *b ? b : NULL;
}

static int choose_machine(const struct dory_config *config, const struct dory_run *run,
	struct instance_request *request, struct dory_error *err)
{
	struct machine *machine = &request->machine;
	char *cache;
	int result;

	machine->accelerator = first_of(run->accelerator, config->accelerator);
	machine->type = first_of(run->machine, config->machine);
	machine->memory = first_of(first_of(run->memory, config->memory), DEFAULT_MEMORY);
	machine->cpus = run->cpus ? run->cpus : config->cpus ? config->cpus : 1;
	if (machine->accelerator && machine_accelerator_check(machine->accelerator, err) < 0)
		return -1;
	if (machine->type && machine_type_check(request->hypervisor, machine->type, err) < 0)
		return -1;
	if (kernel_check_memory(machine->kernel, machine->memory, err) < 0)
		return -1;
	cache = text_format("%s/cache/probe.json", config->root);
	result = machine_probe(request->hypervisor, request->program, cache, machine, err);
	free(cache);
	return result;
}

static int run_on_networks(const struct dory_config *config, const struct image *image, const struct dory_run *run,
	struct instance_request *request, struct instance_outcome *outcome, struct dory_error *err)
{
	struct network_machine machine = {.root = config->root,
		.name = run->name ? run->name : run->target ? run->target : image->name,
		.is_name_chosen = run->name != NULL,
		.accelerator = request->machine.accelerator,
		.cpus = request->machine.cpus,
		.quiet = run->quiet};
	struct network_setup setup;
	int result;

	if (network_open(&setup, run->network, &machine, err) < 0)
		return -1;
	request->machine.nics = setup.nics;
	request->machine.nic_count = setup.nic_count;
	request->boot_options = setup.boot_options;
	request->announcement = setup.announcement;
	result = instance_run(request, outcome, err);
	network_close(&setup);
	return result;
}

int dory_run(const struct dory_config *config, const struct image *image, const struct dory_run *run,
	struct instance_outcome *outcome, struct dory_error *err)
{
	struct instance_request request = {.hypervisor = &hypervisor_qemu,
		.config = run->config,
		.is_tty = run->is_tty,
		.is_remote = run->is_remote,
		.strace = run->strace,
		.bootchart = run->bootchart,
		.log_level = run->log_level};
	struct text_list environment = {0}, unset = {0};
	char *kernel = NULL, *program = NULL, label[64];
	int disk = -1, result = -1;

	request.config.command = (struct command_line){0};
	if (run->name && !request.config.host_name) {
		host_label(run->name, label);
		request.config.host_name = strpbrk(run->name, "_.") ? label : run->name;
	}
	if (run_config_check(&request.config, err) < 0 ||
		build_command(image, run, &request.config.command, &environment, &unset, err) < 0)
		goto out;
	/* What the run sets counts more than what a configuration does. */
	for (size_t i = 0; i < run->config.environment_count; i++)
		text_list_add(&environment, run->config.environment[i]);
	request.config.environment = (const char *const *)environment.items;
	request.config.environment_count = environment.count;
	request.config.unset = (const char *const *)unset.items;
	request.config.unset_count = unset.count;
	if (dory_kernel_find(run->kernel, &kernel, err) < 0 ||
		request.hypervisor->find(config->qemu, &program, err) < 0)
		goto out;
	/* Holds the image as it is: a composition meanwhile makes a new file. */
	disk = compose_image_open(image->disk_path, err);
	if (disk < 0)
		goto out;
	request.program = program;
	request.machine.kernel = kernel;
	request.machine.disk = image->disk_path;
	request.machine.overlay = run->overlay;
	request.machine.volumes = run->volumes;
	request.machine.volume_count = run->volume_count;
	request.watcher = run->watcher;
	/* What the machine cannot have changed it need not read. */
	if (!run->overlay && image_is_current(image))
		request.config.image = image->run_config;
	if (choose_machine(config, run, &request, err) < 0)
		goto out;
	if (run->network)
		result = run_on_networks(config, image, run, &request, outcome, err);
	else
		result = instance_run(&request, outcome, err);
out:
	if (disk >= 0)
		close(disk);
	command_line_release(&request.config.command);
	text_list_release(&environment);
	text_list_release(&unset);
	free(kernel);
	free(program);
	return result;
}
