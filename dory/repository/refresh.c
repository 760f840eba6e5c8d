/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Refreshing goes through all due sources step by step, each step for all in parallel: release files, signatures, package lists.
 * A source that fails in a step is left out of the next ones; what the cache holds of it stays as it was. One process at a time
 * refreshes, under <root>/cache/debian/lock.
 */
#include "refresh.h"
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "package_lists.h"
#include "refresh_task.h"
#include "release.h"
#include "signature.h"
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"

enum {
	FRESH_FOR_S = 24 * 60 * 60,
	LEAVE_ALONE_FOR_S = 5 * 60, /* a source that just failed, while others serve */
	RELEASE_MAX = 64 << 20,
};

void refresh_fail(struct task *task, const struct dory_error *error)
{
	task->error = *error;
	task->is_over = true;
}

static bool is_due(const struct refresh *refresh, const struct index *index, bool force, bool others_serve)
{
	bool is_cached = index_is_cached(index, refresh->config->architecture);
	bool is_fresh = is_cached && index->checked <= refresh->now && refresh->now - index->checked < FRESH_FOR_S;
	bool just_failed = index->attempted > index->checked && index->attempted <= refresh->now &&
			   refresh->now - index->attempted < LEAVE_ALONE_FOR_S;

	return force || (!is_fresh && !(just_failed && (is_cached || others_serve)));
}

static size_t count_cached(const struct refresh *refresh, const struct index_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += index_is_cached(&list->indices[i], refresh->config->architecture);
	return count;
}

static size_t count_due(const struct refresh *refresh, const struct index_list *list, bool force)
{
	bool others_serve = count_cached(refresh, list) > 0;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += is_due(refresh, &list->indices[i], force, others_serve);
	return count;
}

/* What a process that was killed had begun to write; nobody else writes under the lock. */
static void remove_leftovers(const struct index *index)
{
	static const char *const patterns[] = {"*.new", "*.??????"};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		char *pattern = text_format("%s/%s", index->directory, patterns[i]);
		glob_t found = {0};

		if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc; k++)
				unlink(found.gl_pathv[k]);
		globfree(&found);
		free(pattern);
	}
}

static void add_tasks(struct refresh *refresh, struct index_list *list, bool force)
{
	bool others_serve = count_cached(refresh, list) > 0;
	struct dory_error error;

	for (size_t i = 0; i < list->count; i++) {
		struct index *index = &list->indices[i];
		struct task *task;

		if (!is_due(refresh, index, force, others_serve))
			continue;
		task = array_push(&refresh->tasks, &refresh->task_count, sizeof(*task));
		task->index = index;
		task->inrelease = text_format("%s/InRelease.new", index->directory);
		task->text = text_format("%s/Release.new", index->directory);
		task->signature = text_format("%s/Release.gpg.new", index->directory);
		if (index_is_cached(index, refresh->config->architecture)) {
			task->etag = text_copy(index->etag);
			task->modified = text_copy(index->modified);
		}
		if (file_make_directories(index->directory, &error) < 0)
			refresh_fail(task, &error);
		remove_leftovers(index);
	}
}

/* Step 1: InRelease of all. What an archive without InRelease answers (404) is left for step 2. */
static void fetch_inreleases(struct refresh *refresh)
{
	struct fetch_request *requests = NULL;
	struct task **of = NULL;
	size_t count = 0, of_count = 0;
	struct dory_error ignored;

	for (size_t i = 0; i < refresh->task_count; i++) {
		struct task *task = &refresh->tasks[i];
		struct fetch_request *request;

		if (task->is_over)
			continue;
		request = array_push(&requests, &count, sizeof(*request));
		request->url = text_format("%s/InRelease", task->index->dist_url);
		request->path = task->inrelease;
		request->limit = RELEASE_MAX;
		request->etag = text_copy(task->etag);
		request->modified = text_copy(task->modified);
		*(struct task **)array_push(&of, &of_count, sizeof(*of)) = task;
	}
	if (fetch_all(&refresh->options, requests, count, &ignored) < 0) {
		/* each request has its own error */
	}
	for (size_t i = 0; i < count; i++) {
		if (requests[i].outcome == FETCH_UNCHANGED)
			of[i]->is_over = true;
		else if (requests[i].outcome == FETCH_FAILED && requests[i].http_status == 404)
			of[i]->is_detached = true;
		else if (requests[i].outcome == FETCH_FAILED)
			refresh_fail(of[i], &requests[i].error);
		text_replace(&of[i]->etag, requests[i].etag);
		text_replace(&of[i]->modified, requests[i].modified);
		free((char *)requests[i].url);
	}
	free(requests);
	free(of);
}

/* Step 2: Release and Release.gpg of an archive without InRelease. */
static void fetch_detached(struct refresh *refresh, struct task *task)
{
	char *urls[] = {text_format("%s/Release", task->index->dist_url), text_format("%s/Release.gpg", task->index->dist_url)};
	struct fetch_request requests[] = {
	    {.url = urls[0], .path = task->text, .limit = RELEASE_MAX},
	    {.url = urls[1], .path = task->signature, .limit = RELEASE_MAX},
	};
	struct dory_error error;

	if (fetch_all(&refresh->options, requests, ARRAY_SIZE(requests), &error) < 0)
		refresh_fail(task, &error);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		free(requests[i].etag);
		free(requests[i].modified);
		free(urls[i]);
	}
}

/* The date of the release that the cache has; 0 if there is none. */
static int64_t cached_date(const struct task *task)
{
	char *path = text_format("%s/Release", task->index->directory), *text, *line;
	struct dory_error ignored;
	int64_t date = 0;
	size_t length;

	if (file_read(path, RELEASE_MAX, &text, &length, &ignored) == 0) {
		line = strstr(text, "\nDate:");
		if (line)
			date = release_parse_date(line + 6 + strspn(line + 6, " "));
		free(text);
	}
	free(path);
	return date;
}

static int check_dates(const struct refresh *refresh, struct task *task, struct dory_error *err)
{
	const struct release *release = &task->release;

	if (release->valid_until && release->valid_until < refresh->now && !refresh->config->ignore_expiry) {
		error_set(err, DORY_ERROR_UNTRUSTED, "the release file expired %lld days ago",
		    (long long)(refresh->now - release->valid_until) / 86400);
		return error_hint(err, "the mirror may be out of date, or the clock wrong; 'ignore-expiry: true' below 'debian:' in "
			"config.yaml accepts it");
	}
	/* An older one than we had: a mirror behind the others, or somebody who wants known holes back. */
	if (index_is_cached(task->index, refresh->config->architecture) && release->date < cached_date(task))
		task->is_over = true;
	return 0;
}

/* Step 3: the signature, and what it covers. */
static int verify(const struct refresh *refresh, struct task *task, struct dory_error *err)
{
	const struct debian_source *source = task->index->source;
	const char *keyring = source->keyring ? source->keyring : refresh->config->keyring;
	char *copy = text_format("%s/keyring.gpg", task->index->directory), *text;
	size_t length;
	int result;

	result = signature_verify(task->is_detached ? task->text : task->inrelease, task->is_detached ? task->signature : NULL,
	    task->text, keyring, copy, err);
	free(copy);
	if (result < 0 || file_read(task->text, RELEASE_MAX, &text, &length, err) < 0)
		return -1;
	result = release_parse(text, length, task->text, &task->release, err);
	free(text);
	return result < 0 ? -1 : check_dates(refresh, task, err);
}

static void replace_file(const struct task *task, const char *from, const char *name)
{
	char *to = text_format("%s/%s", task->index->directory, name);

	if (rename(from, to) < 0)
		unlink(from);
	free(to);
}

/* Last step: what the next refresh compares with. */
static void settle(const struct refresh *refresh, struct task *task)
{
	struct index *index = task->index;
	bool is_new = !task->is_over;
	struct dory_error error;

	index->attempted = refresh->now;
	if (task->error.kind == DORY_ERROR_NONE)
		index->checked = refresh->now;
	if (is_new) {
		replace_file(task, task->text, "Release");
		if (!task->is_detached)
			replace_file(task, task->inrelease, "InRelease");
		text_replace(&index->etag, text_copy(task->etag));
		text_replace(&index->modified, text_copy(task->modified));
		index->is_not_automatic = task->release.is_not_automatic;
	}
	unlink(task->inrelease);
	unlink(task->text);
	unlink(task->signature);
	if (index_write_state(index, &error) < 0 && task->error.kind == DORY_ERROR_NONE)
		task->error = error;
}

static void run_steps(struct refresh *refresh)
{
	struct dory_error error;

	fetch_inreleases(refresh);
	for (size_t i = 0; i < refresh->task_count; i++) {
		struct task *task = &refresh->tasks[i];

		if (!task->is_over && task->is_detached)
			fetch_detached(refresh, task);
		if (!task->is_over && verify(refresh, task, &error) < 0)
			refresh_fail(task, &error);
		if (!task->is_over && package_lists_plan(refresh, task, &error) < 0)
			refresh_fail(task, &error);
	}
	package_lists_take(refresh);
	for (size_t i = 0; i < refresh->task_count; i++)
		settle(refresh, &refresh->tasks[i]);
}

/* Neither a full disk nor a forged signature is the weather of the network, to be waited out with the other sources. */
static bool is_grave(const struct task *task, bool is_cached)
{
	enum dory_error_kind kind = task->error.kind;

	return kind == DORY_ERROR_IO || kind == DORY_ERROR_NO_SPACE || kind == DORY_ERROR_MEMORY ||
	       (task->error.os_errno == EBADMSG && !is_cached);
}

/* Warns of the sources that failed; an error if no index serves at all, or something is wrong that will not pass. */
static int report(const struct refresh *refresh, const struct index_list *list, struct dory_error *err)
{
	bool some_serve = count_cached(refresh, list) > 0;

	for (size_t i = 0; i < refresh->task_count; i++) {
		struct task *task = &refresh->tasks[i];
		const struct debian_source *source = task->index->source;
		bool is_cached = index_is_cached(task->index, refresh->config->architecture);

		if (task->error.kind == DORY_ERROR_NONE)
			continue;
		if (!some_serve || is_grave(task, is_cached)) {
			*err = task->error;
			return error_wrap(err, "the source %s %s", source->uri, source->suite);
		}
		progress_warning("the source %s %s %s: %s", source->uri, source->suite,
		    is_cached ? "was not refreshed" : "is left out",
		    task->error.message);
	}
	return some_serve ? 0 : error_set(err, DORY_ERROR_NETWORK, "no source of packages serves");
}

static void finish(struct refresh *refresh)
{
	for (size_t i = 0; i < refresh->task_count; i++) {
		struct task *task = &refresh->tasks[i];

		release_fini(&task->release);
		free(task->inrelease);
		free(task->text);
		free(task->signature);
		free(task->etag);
		free(task->modified);
	}
	package_lists_fini(refresh);
	free(refresh->tasks);
}

static void say_waiting(const char *path)
{
	progress_note("waiting for another dory that refreshes package lists or downloads packages");
}

int refresh_indices(const struct dory_config *config, struct index_list *list, bool force, struct dory_error *err)
{
	struct refresh refresh = {
	    .config = config,
	    .options = {.proxy = config->proxy, .quiet = config->quiet},
	    .now = (int64_t)time(NULL),
	};
	char *lock_path;
	int lock, result;

	if (count_due(&refresh, list, force) == 0)
		return 0;
	if (file_make_directories(list->directory, err) < 0)
		return -1;
	lock_path = text_format("%s/lock", list->directory);
	result = file_lock(lock_path, config->quiet ? NULL : say_waiting, &lock, err);
	free(lock_path);
	if (result < 0)
		return -1;
	refresh.now = (int64_t)time(NULL); /* after the wait: who held the lock may have done it all */
	for (size_t i = 0; i < list->count; i++)
		index_read_state(&list->indices[i]);
	add_tasks(&refresh, list, force);
	run_steps(&refresh);
	result = report(&refresh, list, err);
	finish(&refresh);
	close(lock);
	return result;
}
