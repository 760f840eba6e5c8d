/* SPDX-License-Identifier: BSD-3-Clause */
/* dory ps, and Capstan's instances */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/command.h"
#include "dory/base/json.h"

static struct ps_values {
	bool all, json, quiet;
} values;

static const struct option options[] = {
	OPTION(struct ps_values, all, OPTION_FLAG, "all", 'a', NULL, "also those that have ended"),
	OPTION(struct ps_values, quiet, OPTION_FLAG, "quiet", 'q', NULL, "names alone"),
	OPTION(struct ps_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON"),
	{0},
}, instances_options[] = {
	OPTION(struct ps_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON"),
	{0},
};

static bool is_live(const struct instance *instance)
{
	return instance_status_is_live(instance->state.status);
}

static json_t *instance_json(const struct instance *instance)
{
	const struct instance_state *state = &instance->state;

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:I, s:I, s:s?, s:o, s:b, s:b}", "name", instance->name, "status",
		instance_status_words[state->status], "health", instance_health_words[state->health], "target", instance->spec.target, "image",
		instance->spec.image, "started", state->started, "ended", state->ended, "exit_status", (json_int_t)state->exit_status, "restarts",
		(json_int_t)state->restarts, "end", state->end, "ports", json_of_list(&state->ports), "persist", (int)instance->spec.persist,
		"detached", (int)instance->spec.is_detached);
}

static void print_json(const struct instance *instances, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, instance_json(&instances[i]));
	json_dumpf(list, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(list);
}

/* How long ago: "5 s", "12 min", "3 h", "9 d"; "" if the text is no time. */
static const char *age(const char *text, char buffer[32])
{
	static const struct {
		long seconds;
		const char *unit;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	struct tm tm = {0};
	long seconds;

	buffer[0] = '\0';
	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return buffer;
	seconds = (long)(time(NULL) - timegm(&tm));
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds >= 2 * units[i].seconds || units[i].seconds == 1) {
			snprintf(buffer, 32, "%ld %s", seconds > 0 ? seconds / units[i].seconds : 0, units[i].unit);
			break;
		}
	}
	return buffer;
}

/* "running 5 min (healthy)", "exited (3) 2 h ago" */
static void print_status(const struct instance *instance, char text[80])
{
	const struct instance_state *state = &instance->state;
	const char *word = instance_status_words[state->status];
	char since[32], health[24] = "";

	if (state->health != HEALTH_NONE)
		snprintf(health, sizeof(health), " (%s)", instance_health_words[state->health]);
	if (state->status == STATUS_RUNNING)
		snprintf(text, 80, "%s %s%s", word, age(state->started, since), health);
	else if (state->status == STATUS_EXITED)
		snprintf(text, 80, "%s (%lld) %s ago", word, (long long)state->exit_status, age(state->ended, since));
	else
		snprintf(text, 80, "%s", word);
}

static int widest(const struct instance *instances, size_t count, const char *(*text)(const struct instance *), int least)
{
	for (size_t i = 0; i < count; i++) {
		int length = (int)strlen(text(&instances[i]));

		if (length > least)
			least = length;
	}
	return least;
}

static const char *name_of(const struct instance *instance)
{
	return instance->name;
}

static const char *target_of(const struct instance *instance)
{
	return instance->spec.target ? instance->spec.target : "";
}

/* "0.0.0.0:8080/tcp 80" as "0.0.0.0:8080/tcp -> 80". */
static void print_ports(const struct text_list *ports)
{
	for (size_t i = 0; i < ports->count; i++) {
		const char *blank = strchr(ports->items[i], ' ');
		int length = blank ? (int)(blank - ports->items[i]) : (int)strlen(ports->items[i]);

		printf("%s%.*s->%s", i ? ", " : "", length, ports->items[i], blank ? blank + 1 : "");
	}
}

static void print_table(const struct instance *instances, size_t count)
{
	int names = widest(instances, count, name_of, 4), targets = widest(instances, count, target_of, 6);
	char status[80];

	printf("%-*s  %-*s  %-28s  %s\n", names, "NAME", targets, "TARGET", "STATUS", "PORTS");
	for (size_t i = 0; i < count; i++) {
		print_status(&instances[i], status);
		printf("%-*s  %-*s  %-*s", names, instances[i].name, targets, target_of(&instances[i]),
			instances[i].state.ports.count && is_live(&instances[i]) ? 28 : 0, status);
		if (instances[i].state.ports.count && is_live(&instances[i])) {
			printf("  ");
			print_ports(&instances[i].state.ports);
		}
		putchar('\n');
	}
}

static void print_names(const struct instance *instances, size_t count)
{
	for (size_t i = 0; i < count; i++)
		puts(instances[i].name);
}

/* As Capstan prints it: the image's column is filled, though. */
static void print_as_capstan(const struct instance *instances, size_t count)
{
	printf("%-35s %-10s %-10s %s\n", "Name", "Platform", "Status", "Image");
	for (size_t i = 0; i < count; i++)
		printf("%-35s %-10s %-10s %s\n", instances[i].name, "qemu", is_live(&instances[i]) ? "Running" : "Stopped", target_of(&instances[i]));
}

static size_t keep_live(struct instance *instances, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_live(&instances[i]))
			instances[kept++] = instances[i];
		else
			instance_release(&instances[i]);
	}
	return kept;
}

static int show(const struct invocation *invocation, bool only_live, void (*print)(const struct instance *, size_t))
{
	struct instance *instances;
	struct dory_config config;
	struct dory_error err;
	size_t count;
	int result;

	if (invocation->words.operands.count > 0)
		return verb_misuse(invocation, "'%s' is one word too many", invocation->words.operands.words[0]);
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	result = instance_list(config.root, &instances, &count, &err);
	config_release(&config);
	if (result < 0)
		return verb_fail(invocation, &err);
	if (only_live)
		count = keep_live(instances, count);
	(values.json ? print_json : print)(instances, count);
	instance_list_free(instances, count);
	return 0;
}

static int ps(struct invocation *invocation)
{
	return show(invocation, !values.all, values.quiet ? print_names : print_table);
}

static int list_instances(struct invocation *invocation)
{
	return show(invocation, false, print_as_capstan);
}

const struct verb verb_ps = {
	.name = "ps",
	.operands = "",
	.summary = "List the instances that run",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = ps,
	.values = &values,
};

const struct verb verb_instances = {
	.name = "instances",
	.operands = "",
	.summary = "List all instances, as Capstan does",
	.options = instances_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = list_instances,
	.values = &values,
};
