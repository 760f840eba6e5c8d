/* SPDX-License-Identifier: BSD-3-Clause */
/* From the options of `dory run` to an instance's specification. */
#include "cli/run_spec.h"
#include <stdlib.h>
#include <string.h>
#include "cli/signal_name.h"
#include "dory/base/duration.h"
#include "dory/base/text.h"
#include "dory/network/plan.h"
#include "dory/volumes.h"

enum { HEALTH_INTERVAL_MS = 10000, HEALTH_TIMEOUT_MS = 5000, HEALTH_START_MS = 10000, HEALTH_RETRIES = 3 };

static void copy_words(struct text_list *to, const struct word_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		text_list_add(to, from->words[i]);
}

static int read_log_level(const struct run_values *values, int64_t *level, struct dory_error *err)
{
	const char *text = values->log;

	*level = values->settings.verbose ? 6 : -1;
	if (!text)
		return 0;
	if (text[0] < '0' || text[0] > '7' || text[1])
		return error_set(err, DORY_ERROR_USAGE, "--log takes a severity from 0 (gravest) to 7, not '%s'", text);
	*level = text[0] - '0';
	return 0;
}

/* -b names the bridge or interface of the network before it, as Capstan has it. */
static int copy_networks(struct instance_spec *spec, const struct run_values *values, struct dory_error *err)
{
	bool is_used = false;

	for (size_t i = 0; i < values->networks.count; i++) {
		const char *word = values->networks.words[i];
		bool is_named = values->device && (strcmp(word, "bridge") == 0 || strcmp(word, "tap") == 0);
		char *whole = is_named ? text_format("%s:%s", word, values->device) : text_copy(word);

		text_list_add(&spec->networks, whole);
		is_used |= is_named;
		free(whole);
	}
	if (values->device && !is_used) {
		error_set(err, DORY_ERROR_USAGE, "-b %s is for a bridge or tap interface, and no -n asks for one", values->device);
		return error_hint(err, "Write -n bridge -b BRIDGE or -n tap -b INTERFACE.");
	}
	return 0;
}

/* Paths as seen from everywhere; the format is decided once, not by what the program has written meanwhile. */
static int add_volume(struct instance_spec *spec, const char *word, struct dory_error *err)
{
	const char *colon = strchrnul(word, ':');
	char *given = text_copy_n(word, (size_t)(colon - word)), *path = realpath(given, NULL), format[VOLUME_FORMAT_SIZE] = "raw";
	int result = path && !strcasestr(colon, ":format=") ? dory_volume_format(path, format, err) : 0;

	if (result == 0)
		text_list_take(&spec->volumes, text_format("%s%s%s%s", path ? path : given, colon, strcmp(format, "raw") == 0 ? "" : ":format=",
						       strcmp(format, "raw") == 0 ? "" : format));
	free(given);
	free(path);
	return result;
}

static int copy_volumes(struct instance_spec *spec, const struct run_values *values, struct dory_error *err)
{
	for (size_t i = 0; i < values->volumes.count; i++) {
		if (add_volume(spec, values->volumes.words[i], err) < 0)
			return -1;
	}
	return 0;
}

static int read_health(struct instance_spec *spec, const struct run_values *values, struct dory_error *err)
{
	const struct {
		const char *text;
		int64_t *to, otherwise;
	} times[] = {{values->health_interval, &spec->health_interval_ms, HEALTH_INTERVAL_MS},
		{values->health_timeout, &spec->health_timeout_ms, HEALTH_TIMEOUT_MS},
		{values->health_start, &spec->health_start_ms, HEALTH_START_MS}};

	if (values->health_tcp)
		spec->health = text_format("tcp:%s", values->health_tcp);
	if (values->health_http)
		spec->health = text_format("http:%s", values->health_http);
	if (values->health_cmd)
		spec->health = text_format("cmd:%s", values->health_cmd);
	spec->health_retries = values->health_retries ? values->health_retries : HEALTH_RETRIES;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		*times[i].to = times[i].otherwise;
		if (times[i].text && !spec->health)
			return error_set(err, DORY_ERROR_USAGE, "--health-interval and the like need --health-tcp, --health-http or --health-cmd");
		if (times[i].text && duration_parse(times[i].text, times[i].to, err) < 0)
			return -1;
	}
	if (spec->health_interval_ms == 0 || spec->health_timeout_ms == 0)
		return error_set(err, DORY_ERROR_USAGE, "--health-interval and --health-timeout are longer than nothing");
	return 0;
}

static int read_log(struct instance_spec *spec, const struct run_values *values, struct dory_error *err)
{
	enum { LOG_LEAST = 4096, LOG_FILES_MOST = 99 };
	uint64_t bytes = 0;

	spec->log_files = values->log_files;
	if (values->log_files > LOG_FILES_MOST)
		return error_set(err, DORY_ERROR_USAGE, "--log-files takes a number up to %d", LOG_FILES_MOST);
	if (!values->log_size)
		return 0;
	if (machine_memory_check(values->log_size, &bytes, err) < 0 || bytes < LOG_LEAST) {
		error_set(err, DORY_ERROR_USAGE, "--log-size takes a size of at least 4K, not '%s'", values->log_size);
		return error_hint(err, "Write a number with K, M or G behind it: 10M.");
	}
	spec->log_bytes = (int64_t)bytes;
	return 0;
}

static void copy_texts(struct instance_spec *spec, const struct run_values *values)
{
	spec->command = text_copy(values->command);
	spec->directory = text_copy(values->directory);
	spec->user = text_copy(values->user);
	spec->host_name = text_copy(values->host_name);
	spec->memory = text_copy(values->memory);
	spec->accelerator = text_copy(values->accelerator);
	spec->machine = text_copy(values->machine);
	spec->kernel = values->kernel ? realpath(values->kernel, NULL) : NULL;
	if (values->kernel && !spec->kernel) /* its absence is told later, by its name */
		spec->kernel = text_copy(values->kernel);
	spec->restart = text_copy(values->restart);
}

int run_spec_read(struct instance_spec *spec, const struct run_values *values, const char *target, const struct word_list *arguments,
	struct dory_error *err)
{
	*spec = (struct instance_spec){.created = time_text_now(),
		.target = text_copy(target),
		.cpus = values->cpus,
		.is_name_chosen = values->name != NULL,
		.persist = values->persist,
		.is_removed_at_end = values->is_removed_at_end || (!values->is_detached && !values->persist),
		.is_detached = values->is_detached,
		.is_interactive = values->is_interactive,
		.is_tty = values->tty && values->is_detached,
		.strace = values->strace,
		.bootchart = values->bootchart};
	copy_texts(spec, values);
	copy_words(&spec->arguments, arguments);
	copy_words(&spec->environment, &values->environment);
	copy_words(&spec->boots, &values->boots);
	copy_words(&spec->forwards, &values->forwards);
	copy_words(&spec->addresses, &values->addresses);
	copy_words(&spec->macs, &values->macs);
	if (values->name && instance_name_check(values->name, err) < 0)
		return -1;
	if (values->stop_signal && signal_parse(values->stop_signal, &spec->stop_signal, err) < 0)
		return -1;
	if (copy_volumes(spec, values, err) < 0 || read_log_level(values, &spec->log_level, err) < 0 || copy_networks(spec, values, err) < 0 || read_health(spec, values, err) < 0 ||
		read_log(spec, values, err) < 0)
		return -1;
	return dory_spec_check(spec, err);
}

static void override_text(char **text, char **asked)
{
	if (!*asked)
		return;
	text_replace(text, *asked);
	*asked = NULL;
}

static void override_list(struct text_list *list, struct text_list *asked)
{
	if (asked->count == 0)
		return;
	text_list_release(list);
	*list = *asked;
	*asked = (struct text_list){0};
}

void run_spec_override(struct instance_spec *spec, struct instance_spec *asked)
{
	if (asked->command || asked->boots.count > 0) { /* either is what is run */
		text_list_release(&spec->arguments);
		text_list_release(&spec->boots);
		text_replace(&spec->command, NULL);
	}
	override_list(&spec->boots, &asked->boots);
	override_text(&spec->command, &asked->command);
	override_list(&spec->arguments, &asked->arguments);
	for (size_t i = 0; i < asked->environment.count; i++)
		text_list_add(&spec->environment, asked->environment.items[i]);
	override_text(&spec->directory, &asked->directory);
	override_text(&spec->user, &asked->user);
	override_text(&spec->host_name, &asked->host_name);
	override_text(&spec->memory, &asked->memory);
	override_text(&spec->accelerator, &asked->accelerator);
	override_text(&spec->machine, &asked->machine);
	override_text(&spec->kernel, &asked->kernel);
	override_text(&spec->restart, &asked->restart);
	override_text(&spec->health, &asked->health);
	override_list(&spec->networks, &asked->networks);
	override_list(&spec->forwards, &asked->forwards);
	override_list(&spec->addresses, &asked->addresses);
	override_list(&spec->macs, &asked->macs);
	override_list(&spec->volumes, &asked->volumes);
	if (asked->cpus)
		spec->cpus = asked->cpus;
	spec->strace = asked->strace;
	spec->bootchart = asked->bootchart;
	spec->log_level = asked->log_level;
	spec->is_detached = asked->is_detached;
	spec->is_interactive |= asked->is_interactive;
	spec->is_tty |= asked->is_tty;
}
