/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop around libcurl's multi interface: starts what is due, waits, ends what is through, shows how far it is. */
#include "fetch.h"
#include <stdlib.h>
#include <time.h>
#include "transfer.h"
#include "dory/base/progress.h"

enum {
	PARALLEL_DEFAULT = 8,
	WAIT_MS = 200,
};

struct fetcher {
	const struct fetch_options *options;
	CURLM *multi;
	struct transfer *transfers;
	size_t count, running, over;
	struct progress progress;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void end_transfer(struct fetcher *fetcher, struct transfer *transfer, CURLcode code)
{
	transfer_end(transfer, code, now_ms());
	if (transfer->state == TRANSFER_OVER)
		fetcher->over++;
}

static void start_transfer(struct fetcher *fetcher, struct transfer *transfer)
{
	int status = transfer_begin(transfer, fetcher->options->proxy, &transfer->request->error);

	if (status == 0 && curl.multi_add_handle(fetcher->multi, transfer->easy) != CURLM_OK)
		status = error_set(&transfer->request->error, DORY_ERROR_MEMORY, "no memory for a download");
	if (status < 0) {
		transfer_close(transfer);
		transfer->state = TRANSFER_OVER;
		fetcher->over++;
	} else if (status > 0) {
		end_transfer(fetcher, transfer, CURLE_OK);
	} else {
		transfer->state = TRANSFER_RUNNING;
		fetcher->running++;
	}
}

/* Starts what is due, as far as there is room; returns for how long nothing else will be. */
static int start_due(struct fetcher *fetcher)
{
	unsigned parallel = fetcher->options->parallel ? fetcher->options->parallel : PARALLEL_DEFAULT;
	int64_t now = now_ms(), wait = WAIT_MS;

	for (size_t i = 0; i < fetcher->count && fetcher->running < parallel; i++) {
		struct transfer *transfer = &fetcher->transfers[i];

		if (transfer->state != TRANSFER_WAITING)
			continue;
		if (transfer->retry_at_ms <= now)
			start_transfer(fetcher, transfer);
		else if (transfer->retry_at_ms - now < wait)
			wait = transfer->retry_at_ms - now;
	}
	return (int)wait;
}

static void end_finished(struct fetcher *fetcher)
{
	struct transfer *transfer;
	CURLMsg *message;
	int left;

	while ((message = curl.multi_info_read(fetcher->multi, &left))) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		curl.multi_remove_handle(fetcher->multi, message->easy_handle);
		fetcher->running--;
		end_transfer(fetcher, transfer, code);
	}
}

static void show_progress(struct fetcher *fetcher)
{
	uint64_t done = 0;

	for (size_t i = 0; i < fetcher->count; i++)
		done += fetcher->transfers[i].received;
	progress_update(&fetcher->progress, done);
}

static void run(struct fetcher *fetcher)
{
	int active, wait;

	while (fetcher->over < fetcher->count) {
		wait = start_due(fetcher);
		curl.multi_perform(fetcher->multi, &active);
		end_finished(fetcher);
		show_progress(fetcher);
		if (fetcher->over < fetcher->count)
			curl.multi_poll(fetcher->multi, NULL, 0, wait, NULL);
	}
}

static int first_failure(const struct fetch_request *requests, size_t count, struct dory_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (requests[i].outcome == FETCH_FAILED) {
			*err = requests[i].error;
			return -1;
		}
	return 0;
}

int fetch_all(const struct fetch_options *options, struct fetch_request *requests, size_t count, struct dory_error *err)
{
	struct fetcher fetcher = {.options = options, .count = count};
	uint64_t total = 0;

	if (count == 0)
		return 0;
	if (curl_library_load(err) < 0)
		return -1;
	fetcher.multi = curl.multi_init();
	if (!fetcher.multi)
		return error_set(err, DORY_ERROR_MEMORY, "libcurl cannot be started");
	fetcher.transfers = calloc(count, sizeof(*fetcher.transfers));
	if (!fetcher.transfers) {
		curl.multi_cleanup(fetcher.multi);
		return error_set(err, DORY_ERROR_MEMORY, "no memory for %zu downloads", count);
	}
	for (size_t i = 0; i < count; i++) {
		fetcher.transfers[i].request = &requests[i];
		fetcher.transfers[i].fd = -1;
		requests[i].outcome = FETCH_FAILED;
		total += requests[i].size;
	}
	curl.multi_setopt(fetcher.multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	progress_start(&fetcher.progress, options->title ? options->title : "", 0, total, options->quiet || !options->title);
	run(&fetcher);
	for (size_t i = 0; i < count; i++)
		transfer_release(&fetcher.transfers[i]);
	free(fetcher.transfers);
	curl.multi_cleanup(fetcher.multi);
	progress_finish(&fetcher.progress, first_failure(requests, count, err) == 0);
	return first_failure(requests, count, err);
}
