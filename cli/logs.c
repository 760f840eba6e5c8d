/* SPDX-License-Identifier: BSD-3-Clause */
/* dory logs */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cli/command.h"
#include "dory/base/duration.h"
#include "dory/base/text.h"
#include "dory/instances/log_reader.h"

static struct logs_values {
	bool follow, timestamps;
	const char *tail, *since;
} values;

static const struct option options[] = {
	OPTION(struct logs_values, follow, OPTION_FLAG, "follow", 'f', NULL, "go on as long as the instance runs"),
	OPTION(struct logs_values, tail, OPTION_TEXT, "tail", 'n', "N", "only the last N lines; all: every one"),
	OPTION(struct logs_values, since, OPTION_TEXT, "since", 0, "TIME", "only what came since: 10m, 2h, or 2026-11-28T18:11:05Z"),
	OPTION(struct logs_values, timestamps, OPTION_FLAG, "timestamps", 't', NULL, "show when each line came"),
	{0},
};

struct printing {
	bool is_inside[2]; /* by stream: its last line is not whole */
	int failure;
};

static bool print_line(void *context, const struct log_line *line)
{
	struct printing *printing = context;
	FILE *file = line->stream == LOG_STDERR ? stderr : stdout;

	if (values.timestamps && !printing->is_inside[line->stream])
		fprintf(file, "%.*s ", LOG_TIME_SIZE - 1, line->time);
	fwrite(line->text, 1, line->length, file);
	if (line->is_whole)
		putc('\n', file);
	printing->is_inside[line->stream] = !line->is_whole;
	if (values.follow)
		fflush(file);
	if (!ferror(file))
		return true;
	printing->failure = errno;
	return false;
}

static int read_tail(struct log_query *query, struct dory_error *err)
{
	char *end;

	if (!values.tail || strcmp(values.tail, "all") == 0)
		return 0;
	query->has_tail = true;
	query->tail = strtoull(values.tail, &end, 10);
	if (values.tail[0] < '0' || values.tail[0] > '9' || *end)
		return error_set(err, DORY_ERROR_USAGE, "--tail takes a number of lines, not '%s'", values.tail);
	return 0;
}

/* The text of a time so long ago. */
static void time_ago(int64_t milliseconds, char text[LOG_TIME_SIZE])
{
	struct timespec now;
	int64_t then;
	struct tm tm;
	time_t seconds;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	then = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - milliseconds;
	seconds = then / 1000;
	length = strftime(text, LOG_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
	snprintf(text + length, LOG_TIME_SIZE - length, ".%03d000Z", (int)(then % 1000));
}

/* A time as ours, of any length: what is missing is zero. */
static int read_time(const char *given, char text[LOG_TIME_SIZE], struct dory_error *err)
{
	static const char pattern[] = "0000-00-00T00:00:00.000000Z";
	size_t length = strlen(given);

	if (length > 0 && given[length - 1] == 'Z')
		length--;
	if (length < strlen("2026-11-28") || length >= sizeof(pattern) - 1)
		goto bad;
	strcpy(text, pattern);
	for (size_t i = 0; i < length; i++) {
		bool is_digit = given[i] >= '0' && given[i] <= '9';

		if (is_digit != (pattern[i] == '0') || (!is_digit && given[i] != pattern[i] && !(pattern[i] == 'T' && given[i] == ' ')))
			goto bad;
		text[i] = pattern[i] == 'T' ? 'T' : given[i];
	}
	return 0;
bad:
	error_set(err, DORY_ERROR_USAGE, "'%s' is neither a span of time nor a time", given);
	return error_hint(err, "Write 10m, 2h, or a time of UTC: 2026-11-28T18:11:05Z");
}

static int read_since(struct log_query *query, char text[LOG_TIME_SIZE], struct dory_error *err)
{
	int64_t milliseconds;

	if (!values.since)
		return 0;
	query->since = text;
	if (!strchr(values.since, '-') && duration_parse(values.since, &milliseconds, err) == 0)
		time_ago(milliseconds, text);
	else if (read_time(values.since, text, err) < 0)
		return -1;
	return 0;
}

static int print_log(const struct invocation *invocation, const struct log_query *query, struct dory_error *err)
{
	const char *name = invocation->words.operands.words[0];
	struct printing *printing = query->context;
	struct dory_config config;
	struct instance instance;
	int result;

	if (config_load(&config, err) < 0)
		return -1;
	result = instance_find(config.root, name, &instance, err);
	config_release(&config);
	if (result < 0)
		return -1;
	if (!instance.spec.is_detached && instance_status_is_live(instance.state.status))
		result = error_set(err, DORY_ERROR_CONFLICT, "the instance %s runs in the foreground: what it writes is there", name);
	else
		result = instance_log_read(instance.directory, query, err);
	instance_release(&instance);
	if (result == 0 && printing->failure && printing->failure != EPIPE) {
		errno = printing->failure;
		result = error_set_errno(err, DORY_ERROR_IO, "writing standard output");
	}
	return result;
}

static int logs(struct invocation *invocation)
{
	const struct word_list *names = &invocation->words.operands;
	struct printing printing = {0};
	struct log_query query = {.follow = values.follow, .take = print_line, .context = &printing};
	char since[LOG_TIME_SIZE];
	struct dory_error err;

	if (names->count != 1)
		return names->count ? verb_misuse(invocation, "'%s' is one word too many", names->words[1])
				    : verb_misuse(invocation, "say whose log to show");
	if (read_tail(&query, &err) < 0 || read_since(&query, since, &err) < 0 || print_log(invocation, &query, &err) < 0)
		return verb_fail(invocation, &err);
	return 0;
}

const struct verb verb_logs = {
	.name = "logs",
	.operands = "INSTANCE",
	.summary = "Show what the program of a detached instance wrote",
	.details = "What it wrote on standard output comes on standard output, the rest on standard error, with what Dory and the\n"
		   "machine's kernel have to say.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = logs,
	.values = &values,
};
