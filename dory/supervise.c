/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of an instance: runs its machine, restarts it as its policy says, and writes down how it ended. */
#include "dory/supervise.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "abi/exit_code.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/hypervisor/overlay.h"
#include "dory/parts.h"

enum { LOG_BYTES = 10 << 20, LOG_FILES = 3 };

int instance_outcome_status(const struct instance_outcome *outcome)
{
	bool is_signal = outcome->end == INSTANCE_SIGNALED || outcome->end == INSTANCE_STOPPED;

	return is_signal ? EXIT_SIGNAL_BASE + outcome->code : outcome->code;
}

char *instance_outcome_text(const struct instance_outcome *outcome)
{
	switch (outcome->end) {
	case INSTANCE_EXITED:
		return outcome->code ? text_format("it exited with status %d", outcome->code) : text_copy("");
	case INSTANCE_SIGNALED:
		return text_format("%s was killed by signal %d (%s)", outcome->text, outcome->code, strsignal(outcome->code));
	case INSTANCE_REFUSED:
		return text_copy(outcome->text);
	case INSTANCE_STOPPED:
		return text_copy("the machine was stopped");
	}
	return text_copy("");
}

static struct network_words network_words(const struct instance_spec *spec)
{
	return (struct network_words){.networks = (const char *const *)spec->networks.items,
		.network_count = spec->networks.count,
		.forwards = (const char *const *)spec->forwards.items,
		.forward_count = spec->forwards.count,
		.addresses = (const char *const *)spec->addresses.items,
		.address_count = spec->addresses.count,
		.macs = (const char *const *)spec->macs.items,
		.mac_count = spec->macs.count};
}

static int check_health(const struct instance_spec *spec, const struct network_plan *network, struct dory_error *err)
{
	struct health_check check;

	if (!spec->health)
		return 0;
	if (health_parse(spec->health, &check, err) < 0)
		return -1;
	if (check.guest_port == 0)
		return 0;
	for (size_t i = 0; i < network->forwards.count; i++) {
		if (network->forwards.forwards[i].guest_port == check.guest_port && !network->forwards.forwards[i].is_udp)
			return 0;
	}
	error_set(err, DORY_ERROR_USAGE, "port %u is to be checked, and no port of this machine leads there", check.guest_port);
	return error_hint(err, "Forward one: -p 127.0.0.1:0:%u", check.guest_port);
}

static int check_volumes(const struct instance_spec *spec, struct dory_error *err)
{
	struct volume volume;

	if (spec->volumes.count > VOLUMES_MAX)
		return error_set(err, DORY_ERROR_USAGE, "a machine has no more than %d volumes", VOLUMES_MAX);
	for (size_t i = 0; i < spec->volumes.count; i++) {
		if (volume_parse(spec->volumes.items[i], &volume, err) < 0)
			return -1;
		volume_release(&volume);
	}
	return 0;
}

int dory_spec_check(const struct instance_spec *spec, struct dory_error *err)
{
	struct network_words words = network_words(spec);
	struct restart_policy policy;
	struct network_plan network;
	int result;

	if (restart_parse(spec->restart, &policy, err) < 0 || check_volumes(spec, err) < 0 || network_plan_init(&network, &words, err) < 0)
		return -1;
	result = check_health(spec, &network, err);
	network_plan_release(&network);
	return result;
}

/* ---- The disk ---- */

/* The directory's path as it is now: QEMU opens the file behind it by itself. */
static char *real_path(const struct instance_place *place, const char *file)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", place->directory);
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	return text_format("%s/%s", path, file);
}

/*
 * What was written belongs to the blocks below it: they must stay as they were when the instance was first started,
 * whatever is composed later. A second name of the image's file does that (image_lock.h).
 */
static int keep_base(const struct image *image, const char *base, uint64_t *size, struct dory_error *err)
{
	int disk = compose_image_open(image->disk_path, err), result = 0;
	struct stat st;
	char *link;

	if (disk < 0)
		return -1;
	link = text_format("/proc/self/fd/%d", disk);
	unlink(base); /* of a start that was killed here */
	if (fstat(disk, &st) < 0 || linkat(AT_FDCWD, link, AT_FDCWD, base, AT_SYMLINK_FOLLOW) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "keeping the image %s for the instance", image->name);
	*size = (uint64_t)st.st_size;
	free(link);
	close(disk);
	return result;
}

/* The image that the instance runs, and, if it persists, the overlay that it alone has. */
static int open_disk(const struct dory_config *config, const struct supervisor *s, const struct instance_place *place, struct image *image,
	char **overlay, struct dory_error *err)
{
	const struct instance_spec *spec = &s->instance->spec;
	char *base;
	uint64_t size;
	int result = 0;

	*overlay = NULL;
	if (!spec->persist)
		return image_find(config->root, spec->image, image, err);
	base = real_path(place, INSTANCE_BASE_FILE);
	*overlay = real_path(place, INSTANCE_OVERLAY_FILE);
	if (access(*overlay, F_OK) < 0) {
		result = image_find(config->root, spec->image, image, err);
		if (result == 0) {
			result = keep_base(image, base, &size, err);
			if (result == 0)
				result = overlay_make(*overlay, size, err);
			image_release(image);
		}
	}
	*image = (struct image){.name = text_copy(spec->image), .default_command = text_copy(spec->default_command ? spec->default_command : ""),
		.boot = text_copy(spec->image_boot),
		.disk_path = base};
	if (result < 0)
		image_release(image);
	return result;
}

/* ---- One run ---- */

/* The disks of --volume, and the lines that mount them. */
struct disks {
	struct machine_volume volumes[VOLUMES_MAX];
	const char *mounts[VOLUMES_MAX];
	size_t volume_count, mount_count;
};

static void close_volumes(struct supervisor *s, struct disks *disks)
{
	for (size_t i = 0; i < s->volume_count; i++)
		volume_release(&s->volumes[i]);
	for (size_t i = 0; i < disks->mount_count; i++)
		free((char *)disks->mounts[i]);
	s->volume_count = 0;
}

static int open_volumes(struct supervisor *s, struct disks *disks, struct dory_error *err)
{
	const struct text_list *words = &s->instance->spec.volumes;

	*disks = (struct disks){.volume_count = words->count};
	for (size_t i = 0; i < words->count; i++) {
		struct volume *volume = &s->volumes[i];

		if (volume_parse(words->items[i], volume, err) < 0) {
			close_volumes(s, disks);
			return -1;
		}
		s->volume_count++;
		disks->volumes[i] = volume->machine;
		if (volume->target)
			disks->mounts[disks->mount_count++] = volume_mount(volume, i);
	}
	return 0;
}

static struct dory_run run_of(struct supervisor *s, const struct dory_supervision *how, const char *overlay, const struct disks *disks, bool quiet)
{
	const struct instance_spec *spec = &s->instance->spec;

	return (struct dory_run){.command = spec->command,
		.arguments = (const char *const *)spec->arguments.items,
		.argument_count = spec->arguments.count,
		.boots = (const char *const *)spec->boots.items,
		.boot_count = spec->boots.count,
		.config = {.environment = (const char *const *)spec->environment.items,
			.environment_count = spec->environment.count,
			.mounts = disks->mounts,
			.mount_count = disks->mount_count,
			.directory = spec->directory,
			.host_name = spec->host_name,
			.user = spec->user},
		.kernel = spec->kernel,
		.accelerator = spec->accelerator,
		.machine = spec->machine,
		.memory = spec->memory,
		.cpus = (unsigned)spec->cpus,
		.network = s->network.interface_count ? &s->network : NULL,
		.name = spec->is_name_chosen ? s->instance->name : NULL,
		.target = s->instance->name,
		.quiet = quiet,
		.overlay = overlay,
		.volumes = disks->volumes,
		.volume_count = disks->volume_count,
		.watcher = &s->watcher,
		.is_tty = how->is_foreground ? how->is_tty : spec->is_tty,
		.is_remote = !how->is_foreground,
		.strace = spec->strace,
		.bootchart = spec->bootchart,
		.log_level = (int)spec->log_level};
}

static int run_on_disks(const struct dory_config *config, struct supervisor *s, const struct instance_place *place,
	const struct dory_supervision *how, const struct disks *disks, struct instance_outcome *outcome, struct dory_error *err)
{
	struct dory_run run;
	struct image image;
	char *overlay;
	int result = -1;

	if (open_disk(config, s, place, &image, &overlay, err) == 0) {
		run = run_of(s, how, overlay, disks, config->quiet);
		result = dory_run(config, &image, &run, outcome, err);
		image_release(&image);
	}
	free(overlay);
	return result;
}

static int run_once(const struct dory_config *config, struct supervisor *s, const struct instance_place *place,
	const struct dory_supervision *how, struct instance_outcome *outcome, struct dory_error *err)
{
	struct network_words words = network_words(&s->instance->spec);
	struct disks disks;
	int result = -1;

	if (network_plan_init(&s->network, &words, err) < 0)
		return -1;
	if (open_volumes(s, &disks, err) == 0) {
		result = run_on_disks(config, s, place, how, &disks, outcome, err);
		supervisor_run_is_over(s);
		close_volumes(s, &disks);
	}
	network_plan_release(&s->network);
	return result;
}

/* ---- Its life ---- */

static void note_beginning(struct supervisor *s)
{
	struct instance_state *state = &s->instance->state;

	state->status = STATUS_STARTING;
	state->health = HEALTH_NONE;
	state->supervisor = getpid();
	state->hypervisor = 0;
	state->exit_status = -1;
	state->is_stop_wanted = false;
	text_replace(&state->end, NULL);
	text_replace(&state->hint, NULL);
	text_replace(&state->ended, NULL);
	text_list_release(&state->ports);
	supervisor_write_state(s, false);
}

static void note_end(struct supervisor *s, const struct instance_outcome *outcome, const struct dory_error *failure)
{
	struct instance_state *state = &s->instance->state;

	state->hypervisor = 0;
	state->exit_status = failure ? EXIT_DORY : instance_outcome_status(outcome);
	state->status = failure || outcome->end == INSTANCE_REFUSED ? STATUS_FAILED : STATUS_EXITED;
	text_replace(&state->end, failure ? text_copy(failure->message) : instance_outcome_text(outcome));
	text_replace(&state->hint, failure && failure->hint[0] ? text_copy(failure->hint) : NULL);
	text_replace(&state->ended, time_text_now());
}

/* A start that did not come to its program. Told when all of it is gone, so that the same command works again. */
static void report_failure(struct supervisor *s, const struct instance_outcome *outcome, const struct dory_error *failure)
{
	struct dory_start_report report = {.kind = failure ? (int)failure->kind : DORY_ERROR_NOT_EXECUTABLE};
	char *text = failure ? NULL : instance_outcome_text(outcome);

	text_cut_to(report.message, sizeof(report.message), failure ? failure->message : *text ? text : "the machine ended at once");
	text_cut_to(report.hint, sizeof(report.hint), failure ? failure->hint : "");
	report.exit_status = failure ? 0 : instance_outcome_status(outcome);
	supervisor_report(s, &report);
	free(text);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the next start; false: there is none. */
static bool wait_for_restart(struct supervisor *s, const struct restart_policy *policy, bool was_asked, int64_t lived_ms, unsigned *in_a_row)
{
	struct instance_state *state = &s->instance->state;
	unsigned delay;

	if (lived_ms >= RESTART_SOUND_MS)
		*in_a_row = 0;
	if (s->is_foreground || was_asked || s->is_stop_wanted || !restart_is_due(policy, state->exit_status != 0, *in_a_row))
		return false;
	delay = restart_delay_ms((*in_a_row)++);
	state->status = STATUS_WAITING;
	supervisor_write_state(s, false);
	progress_note("%s; the program is started again in %u.%u s", *state->end ? state->end : "it ended", delay / 1000, delay % 1000 / 100);
	supervisor_pause(s, delay);
	state->status = s->is_stop_wanted ? STATUS_EXITED : STATUS_STARTING;
	return !s->is_stop_wanted;
}

static int live(const struct dory_config *config, struct supervisor *s, const struct instance_place *place, const struct dory_supervision *how,
	struct instance_outcome *outcome, struct dory_error *err)
{
	const int64_t starts = s->instance->state.starts;
	struct restart_policy policy;
	unsigned in_a_row = 0;
	int result;

	if (restart_parse(s->instance->spec.restart, &policy, err) < 0)
		return -1;
	s->instance->state.restarts = 0;
	for (;;) {
		int64_t begin = now_ms();

		note_beginning(s);
		*outcome = (struct instance_outcome){0};
		result = run_once(config, s, place, how, outcome, err);
		note_end(s, outcome, result < 0 ? err : NULL);
		if (s->instance->state.starts == starts) /* not even once: no policy helps */
			return result;
		if (!wait_for_restart(s, &policy, result == 0 && outcome->was_asked, now_ms() - begin, &in_a_row))
			return result;
		s->instance->state.restarts++;
	}
}

static void tell_attached(void *context, enum log_stream stream, const char *bytes, size_t length)
{
	struct supervisor *s = context;

	attach_hub_write(s->hub, stream == LOG_STDERR ? ATTACH_STDERR : ATTACH_STDOUT, bytes, length);
}

/* Those who attach write into a pipe that is our standard input, which the program's is joined to. */
static int open_hub(struct supervisor *s, struct dory_error *err)
{
	int ends[2] = {-1, -1};

	if (!s->instance->spec.is_interactive && !s->instance->spec.is_tty)
		return supervisor_open_hub(s, -1, err);
	if (pipe2(ends, O_CLOEXEC) < 0 || dup2(ends[0], STDIN_FILENO) < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0)
		error_set_errno(err, DORY_ERROR_IO, "making a pipe for the program's input");
	else if (close(ends[0]) == 0)
		return supervisor_open_hub(s, ends[1], err);
	return -1;
}

/* The log's streams are open as long as anything may be said. */
static int live_with_log(const struct dory_config *config, struct supervisor *s, const struct instance_place *place,
	const struct dory_supervision *how, struct instance_outcome *outcome, struct dory_error *err)
{
	const struct instance_spec *spec = &s->instance->spec;
	struct log_streams *streams;
	struct instance_log log;
	int result = -1;

	if (how->is_foreground)
		return live(config, s, place, how, outcome, err);
	if (open_hub(s, err) < 0)
		return -1;
	if (instance_log_open(&log, place->directory, spec->log_bytes > 0 ? (uint64_t)spec->log_bytes : LOG_BYTES,
		    spec->log_files > 0 ? (unsigned)spec->log_files : LOG_FILES, err) == 0 &&
		log_streams_open(&streams, &log, tell_attached, s, err) == 0) {
		result = live(config, s, place, how, outcome, err);
		log_streams_close(streams);
	}
	instance_log_close(&log);
	return result;
}

/* Before the lock is free: nobody is to see an end that is not written down. */
static void conclude(const struct dory_config *config, struct supervisor *s, struct instance_place *place)
{
	struct instance_state *state = &s->instance->state;
	struct dory_error err;
	char *answer;

	state->supervisor = state->hypervisor = 0;
	state->is_stop_wanted = s->is_stop_wanted;
	answer = text_format("ended %lld %s", (long long)state->exit_status, state->end ? state->end : "");
	if (s->instance->spec.is_removed_at_end || state->starts == 0) {
		if (instance_remove_locked(config->root, place, &err) < 0)
			progress_warning("%s", err.message);
	} else {
		supervisor_write_state(s, !s->is_foreground);
	}
	requests_answer(&s->requests, REQUEST_WAIT, answer);
	attach_hub_close(s->hub, answer + strlen("ended "));
	s->hub = NULL;
	free(answer);
}

int dory_supervise(const struct dory_config *config, struct instance *instance, struct instance_place *place,
	const struct dory_supervision *how, struct instance_outcome *outcome, struct dory_error *err)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	int result = -1;

	if (!s)
		abort();
	s->instance = instance;
	s->is_foreground = how->is_foreground;
	s->report_fd = how->report_fd;
	text_replace(&instance->state.boot_id, host_boot_id());
	*outcome = (struct instance_outcome){0};
	if (supervisor_attend_open(s, place, err) == 0) {
		result = live_with_log(config, s, place, how, outcome, err);
		conclude(config, s, place);
		supervisor_attend_close(s);
	}
	instance_place_close(place);
	report_failure(s, outcome, result < 0 ? err : NULL); /* unless a start was reported */
	free(s);
	return result;
}
