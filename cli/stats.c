/* SPDX-License-Identifier: BSD-3-Clause */
/* dory stats */
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/image.h"
#include "dory/base/text.h"

static struct stats_values {
	bool no_stream, json;
} values;

static const struct option options[] = {
	OPTION(struct stats_values, no_stream, OPTION_FLAG, "no-stream", 0, NULL, "once, instead of every second"),
	OPTION(struct stats_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON, an array for each time"),
	{0},
};

enum { INTERVAL_MS = 1000 };

/* One instance at two times. */
struct sample {
	char *name;
	struct dory_stats stats;
	int64_t at_ms;
	double cpu; /* of one CPU, in the time between */
	bool is_there;
};

struct samples {
	struct sample *items;
	size_t count;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void samples_release(struct samples *samples)
{
	for (size_t i = 0; i < samples->count; i++)
		free(samples->items[i].name);
	free(samples->items);
	*samples = (struct samples){0};
}

static void add_name(struct samples *samples, const char *name)
{
	struct sample *sample = array_push(&samples->items, &samples->count, sizeof(*samples->items));

	sample->name = text_copy(name);
}

static int add_running(struct samples *samples, const char *root, struct dory_error *err)
{
	struct instance *instances;
	size_t count;

	if (instance_list(root, &instances, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (instances[i].state.status == STATUS_RUNNING)
			add_name(samples, instances[i].name);
	}
	instance_list_free(instances, count);
	return 0;
}

static void take_one(struct sample *sample, const struct dory_stats *stats)
{
	int64_t now = now_ms();

	/* A restarted machine begins anew. */
	sample->cpu = 0;
	if (sample->is_there && now > sample->at_ms && stats->host.cpu_ms >= sample->stats.host.cpu_ms)
		sample->cpu = 100.0 * (double)(stats->host.cpu_ms - sample->stats.host.cpu_ms) / (double)(now - sample->at_ms);
	sample->stats = *stats;
	sample->at_ms = now;
	sample->is_there = true;
}

/* Those named must run; those found may end at any time. */
static int take(struct samples *samples, const char *root, bool are_named, struct dory_error *err)
{
	for (size_t i = 0; i < samples->count; i++) {
		struct sample *sample = &samples->items[i];
		struct dory_stats stats;

		if (dory_stats(root, sample->name, &stats, err) == 0)
			take_one(sample, &stats);
		else if (are_named)
			return -1;
		else
			sample->is_there = false;
	}
	return 0;
}

static void print_pair(uint64_t a, uint64_t b, bool is_known)
{
	char first[16], second[16], both[40];

	snprintf(both, sizeof(both), "%s / %s", human_size(a, first), human_size(b, second));
	printf("  %-15s", is_known ? both : "-");
}

static void print_table(const struct samples *samples)
{
	int width = 4;

	for (size_t i = 0; i < samples->count; i++) {
		if ((int)strlen(samples->items[i].name) > width)
			width = (int)strlen(samples->items[i].name);
	}
	printf("%-*s  %6s  %8s  %-15s  %-15s  %-15s\n", width, "NAME", "CPU", "HOST MEM", "MEM / OF", "NET IN / OUT", "DISK R / W");
	for (size_t i = 0; i < samples->count; i++) {
		const struct sample *sample = &samples->items[i];
		const struct guest_counters *guest = &sample->stats.guest;
		bool is_known = sample->stats.has_guest;
		char text[16];

		if (!sample->is_there)
			continue;
		printf("%-*s  %5.1f%%  %8s", width, sample->name, sample->cpu, human_size(sample->stats.host.resident, text));
		print_pair(guest->memory_total - guest->memory_available, guest->memory_total, is_known);
		print_pair(guest->net_received, guest->net_sent, is_known);
		print_pair(guest->disk_read, guest->disk_written, is_known);
		putchar('\n');
	}
}

static json_t *sample_json(const struct sample *sample)
{
	const struct guest_counters *guest = &sample->stats.guest;
	json_t *object = json_pack("{s:s, s:f, s:I, s:I}", "name", sample->name, "cpu_percent", sample->cpu, "cpu_ms",
		(json_int_t)sample->stats.host.cpu_ms, "host_memory", (json_int_t)sample->stats.host.resident);

	if (sample->stats.has_guest)
		json_object_update_new(object,
			json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "memory_total", (json_int_t)guest->memory_total, "memory_available",
				(json_int_t)guest->memory_available, "net_received", (json_int_t)guest->net_received, "net_sent", (json_int_t)guest->net_sent,
				"disk_read", (json_int_t)guest->disk_read, "disk_written", (json_int_t)guest->disk_written));
	return object;
}

static void print_json(const struct samples *samples)
{
	json_t *list = json_array();

	for (size_t i = 0; i < samples->count; i++) {
		if (samples->items[i].is_there)
			json_array_append_new(list, sample_json(&samples->items[i]));
	}
	json_dumpf(list, stdout, values.no_stream ? JSON_INDENT(2) : JSON_COMPACT);
	putchar('\n');
	json_decref(list);
}

static void print(const struct samples *samples, bool is_screen)
{
	if (is_screen)
		fputs("\033[H\033[J", stdout); /* ECMA-48: to the first line, and nothing on it or below */
	(values.json ? print_json : print_table)(samples);
	fflush(stdout);
}

/* Until nobody reads, or a person has seen enough (Ctrl-C). */
static int watch(struct samples *samples, const char *root, bool are_named, struct dory_error *err)
{
	bool is_screen = !values.json && !values.no_stream && isatty(STDOUT_FILENO);

	if (take(samples, root, are_named, err) < 0)
		return -1;
	do {
		poll(NULL, 0, INTERVAL_MS); /* CPU time is a matter of two times */
		if (take(samples, root, are_named, err) < 0)
			return -1;
		print(samples, is_screen);
	} while (!values.no_stream && !ferror(stdout) && samples->count > 0);
	return 0;
}

static int stats(struct invocation *invocation)
{
	const struct word_list *names = &invocation->words.operands;
	struct samples samples = {0};
	struct dory_config config;
	struct dory_error err;
	int result = 0;

	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	for (size_t i = 0; i < names->count; i++)
		add_name(&samples, names->words[i]);
	if (names->count == 0)
		result = add_running(&samples, config.root, &err);
	if (result == 0)
		result = watch(&samples, config.root, names->count > 0, &err);
	samples_release(&samples);
	config_release(&config);
	return result < 0 ? verb_fail(invocation, &err) : 0;
}

const struct verb verb_stats = {
	.name = "stats",
	.operands = "[INSTANCE...]",
	.summary = "Show what running instances use: CPU, memory, network, disk",
	.details = "CPU is in hundredths of one; HOST MEM is this computer's memory that the machine has taken, MEM what is used inside it.\n"
		   "Network and disk count from the machine's start.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = stats,
	.values = &values,
};
