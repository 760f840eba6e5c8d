/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One download. A file with a known digest is written to PATH.part and resumed by a Range request (RFC 9110 §14): the digest tells
 * whether the halves fit, so no ETag is needed. Other files start anew each time.
 */
#include "transfer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/text.h"

enum {
	ATTEMPTS_MAX = 5,
	ATTEMPTS_WHERE_HOPE_IS_SMALL = 2, /* a host that cannot be reached at all, a file that ends early without an error */
	FIRST_DELAY_MS = 500,
	STALL_TIMEOUT_S = 30,
	REDIRECTIONS_MAX = 10,
};

/* Empties the part file: what comes next is the file's beginning. */
static int start_anew(struct transfer *transfer)
{
	transfer->received = 0;
	transfer->resumed_from = 0;
	if (transfer->digest && EVP_DigestInit_ex(transfer->digest, EVP_sha256(), NULL) != 1) {
		errno = ENOMEM;
		return -1;
	}
	if (ftruncate(transfer->fd, 0) < 0 || lseek(transfer->fd, 0, SEEK_SET) < 0)
		return -1;
	return 0;
}

/* Takes the bytes that an earlier attempt, or an earlier command, left into the digest. */
static int take_former_part(struct transfer *transfer)
{
	char chunk[65536];
	uint64_t total = 0;
	ssize_t n;

	if (EVP_DigestInit_ex(transfer->digest, EVP_sha256(), NULL) != 1)
		return start_anew(transfer);
	while ((n = read(transfer->fd, chunk, sizeof(chunk))) > 0) {
		EVP_DigestUpdate(transfer->digest, chunk, (size_t)n);
		total += (uint64_t)n;
	}
	if (n < 0 || (transfer->request->size && total > transfer->request->size))
		return start_anew(transfer);
	transfer->received = transfer->resumed_from = total;
	return 0;
}

static int open_part(struct transfer *transfer, struct dory_error *err)
{
	int status;

	if (!transfer->part_path)
		transfer->part_path = text_format("%s.part", transfer->request->path);
	transfer->fd = open(transfer->part_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (transfer->fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "opening %s", transfer->part_path);
	if (transfer->request->sha256) {
		if (!transfer->digest)
			transfer->digest = EVP_MD_CTX_new();
		if (!transfer->digest)
			return error_set(err, DORY_ERROR_MEMORY, "no memory for a digest");
		status = take_former_part(transfer);
	} else {
		status = start_anew(transfer);
	}
	return status < 0 ? error_set_errno(err, DORY_ERROR_IO, "preparing %s", transfer->part_path) : 0;
}

/* The first bytes of the body: does it begin where our file ends? False aborts the attempt. */
static bool accept_body(struct transfer *transfer, long status)
{
	transfer->has_body = true;
	if (transfer->resumed_from == 0 || status == 0) /* 0: a file URI, where libcurl itself seeks */
		return true;
	if (status == 206 && transfer->range_start == transfer->resumed_from)
		return true;
	if (start_anew(transfer) < 0) {
		transfer->write_errno = errno;
		return false;
	}
	return status != 206;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	const struct fetch_request *request = transfer->request;
	uint64_t limit = request->size ? request->size : request->limit;
	size_t length = size * count, done = 0;
	long status = 0;

	curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 0 && status / 100 != 2)
		return length;
	if (!transfer->has_body && !accept_body(transfer, status))
		return 0;
	if (limit && transfer->received + length > limit) {
		transfer->is_too_long = true;
		return 0;
	}
	while (done < length) {
		ssize_t n = write(transfer->fd, bytes + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			transfer->write_errno = errno;
			return 0;
		}
		done += (size_t)n;
	}
	if (transfer->digest)
		EVP_DigestUpdate(transfer->digest, bytes, length);
	transfer->received += length;
	return length;
}

/* If the line is the header `name`, replaces *value by its value. */
static void take_header(const char *line, size_t length, const char *name, char **value)
{
	size_t n = strlen(name);

	if (length <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return;
	for (n++; n < length && (line[n] == ' ' || line[n] == '\t'); n++)
		;
	while (length > n && strchr("\r\n \t", line[length - 1]))
		length--;
	text_replace(value, text_copy_n(line + n, length - n));
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	char *range = NULL;

	if (length > 5 && strncmp(bytes, "HTTP/", 5) == 0) { /* of a redirection's target, say: what came before is void */
		text_replace(&transfer->etag, NULL);
		text_replace(&transfer->modified, NULL);
		transfer->range_start = UINT64_MAX;
	}
	take_header(bytes, length, "ETag", &transfer->etag);
	take_header(bytes, length, "Last-Modified", &transfer->modified);
	take_header(bytes, length, "Content-Range", &range);
	if (range && strncasecmp(range, "bytes ", 6) == 0)
		transfer->range_start = strtoull(range + 6, NULL, 10);
	free(range);
	return length;
}

static void set_options(struct transfer *transfer, const char *proxy)
{
	const struct fetch_request *request = transfer->request;
	CURL *easy = transfer->easy;
	char range[32];

	curl_set_common(easy, request->url, proxy, STALL_TIMEOUT_S, transfer->curl_error);
	curl.easy_setopt(easy, CURLOPT_PRIVATE, (void *)transfer);
	curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl.easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl.easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTIONS_MAX);
	curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl.easy_setopt(easy, CURLOPT_WRITEDATA, (void *)transfer);
	curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl.easy_setopt(easy, CURLOPT_HEADERDATA, (void *)transfer);
	if (transfer->resumed_from > 0) {
		snprintf(range, sizeof(range), "%llu-", (unsigned long long)transfer->resumed_from);
		curl.easy_setopt(easy, CURLOPT_RANGE, range);
	}
	curl_add_header(&transfer->headers, "If-None-Match", request->etag);
	curl_add_header(&transfer->headers, "If-Modified-Since", request->modified);
	if (transfer->headers)
		curl.easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
}

int transfer_begin(struct transfer *transfer, const char *proxy, struct dory_error *err)
{
	transfer->has_body = false;
	transfer->is_too_long = false;
	transfer->write_errno = 0;
	transfer->range_start = UINT64_MAX;
	transfer->curl_error[0] = '\0';
	if (open_part(transfer, err) < 0)
		return -1;
	if (transfer->request->size && transfer->received == transfer->request->size)
		return 1;
	transfer->easy = curl.easy_init();
	if (!transfer->easy)
		return error_set(err, DORY_ERROR_MEMORY, "no memory for a download");
	set_options(transfer, proxy);
	return 0;
}

void transfer_close(struct transfer *transfer)
{
	if (transfer->easy)
		curl.easy_cleanup(transfer->easy);
	transfer->easy = NULL;
	curl.slist_free_all(transfer->headers);
	transfer->headers = NULL;
	if (transfer->fd >= 0)
		close(transfer->fd);
	transfer->fd = -1;
}

void transfer_release(struct transfer *transfer)
{
	transfer_close(transfer);
	EVP_MD_CTX_free(transfer->digest);
	free(transfer->part_path);
	free(transfer->etag);
	free(transfer->modified);
}

static void try_again(struct transfer *transfer, int64_t at_ms)
{
	transfer->state = TRANSFER_WAITING;
	transfer->retry_at_ms = at_ms;
}

/* Ends with the error that was set. What was received is of no use unless it can be resumed. */
static void give_up(struct transfer *transfer, bool keep_part)
{
	transfer->state = TRANSFER_OVER;
	transfer->request->outcome = FETCH_FAILED;
	if (!keep_part || !transfer->request->sha256 || transfer->received == 0)
		unlink(transfer->part_path);
}

/* Once more, unless there was no progress for `most` attempts; the error is set in case that it is the last. */
static void retry_or_give_up(struct transfer *transfer, unsigned most, int64_t now_ms)
{
	if (transfer->received > transfer->furthest) {
		transfer->furthest = transfer->received;
		transfer->attempts = 0;
	}
	if (++transfer->attempts < most)
		try_again(transfer, now_ms + ((int64_t)FIRST_DELAY_MS << (transfer->attempts - 1)));
	else
		give_up(transfer, true);
}

/* The bytes are not those of the index. Two halves may not fit; then a fresh start helps. */
static void reject(struct transfer *transfer, const char *why, int64_t now_ms)
{
	bool was_resumed = transfer->resumed_from > 0;

	unlink(transfer->part_path);
	if (was_resumed && !transfer->was_restarted) {
		transfer->was_restarted = true;
		try_again(transfer, now_ms);
		return;
	}
	error_set(&transfer->request->error, DORY_ERROR_UNTRUSTED, "downloading %s: %s", transfer->request->url, why);
	error_hint(&transfer->request->error, "the server or a proxy on the way may be broken or out of date; try again later, "
		"or another archive");
	give_up(transfer, false);
}

static bool digest_matches(struct transfer *transfer)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	char text[DIGEST_TEXT_SIZE];

	if (EVP_DigestFinal_ex(transfer->digest, bytes, NULL) != 1)
		return false;
	digest_print(bytes, text);
	return strcmp(text, transfer->request->sha256) == 0;
}

static void take_validators(struct transfer *transfer)
{
	text_replace(&transfer->request->etag, transfer->etag);
	text_replace(&transfer->request->modified, transfer->modified);
	transfer->etag = transfer->modified = NULL;
}

/* All bytes that the server has to give came. */
static void end_whole(struct transfer *transfer, int64_t now_ms)
{
	struct fetch_request *request = transfer->request;

	if (request->size && transfer->received < request->size) {
		error_set(&request->error, DORY_ERROR_NETWORK, "downloading %s: it ends after %llu of %llu bytes", request->url,
		    (unsigned long long)transfer->received, (unsigned long long)request->size);
		retry_or_give_up(transfer, ATTEMPTS_WHERE_HOPE_IS_SMALL, now_ms);
		return;
	}
	if (transfer->digest && !digest_matches(transfer)) {
		reject(transfer, "its SHA-256 digest is not the one that the archive's signed index says", now_ms);
		return;
	}
	if (rename(transfer->part_path, request->path) < 0) {
		error_set_errno(&request->error, DORY_ERROR_IO, "renaming %s", transfer->part_path);
		give_up(transfer, true);
		return;
	}
	take_validators(transfer);
	request->outcome = FETCH_DONE;
	transfer->state = TRANSFER_OVER;
}

static void end_with_status(struct transfer *transfer, long status, int64_t now_ms)
{
	struct fetch_request *request = transfer->request;

	if (status == 304) {
		request->outcome = FETCH_UNCHANGED;
		transfer->state = TRANSFER_OVER;
		unlink(transfer->part_path);
		return;
	}
	error_set(&request->error, DORY_ERROR_NETWORK, "downloading %s: the server answers %ld%s", request->url, status,
	    status == 404	? " (not found)"
		: status == 403 ? " (forbidden)"
		: status == 407 ? " (the proxy wants a password)"
				: "");
	if (status == 416 && transfer->resumed_from > 0) {
		unlink(transfer->part_path);
		retry_or_give_up(transfer, ATTEMPTS_WHERE_HOPE_IS_SMALL, now_ms);
	} else if (status == 408 || status == 429 || status / 100 == 5) {
		retry_or_give_up(transfer, ATTEMPTS_MAX, now_ms);
	} else {
		give_up(transfer, true);
	}
}

static void end_with_failure(struct transfer *transfer, CURLcode code, int64_t now_ms)
{
	struct fetch_request *request = transfer->request;
	const char *why = transfer->curl_error[0] ? transfer->curl_error : curl.easy_strerror(code);

	error_set(&request->error, DORY_ERROR_NETWORK, "downloading %s: %s", request->url, why);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		error_hint(&request->error, "is the network up? A proxy is taken from http_proxy, apt's settings or config.yaml");
		retry_or_give_up(transfer, ATTEMPTS_WHERE_HOPE_IS_SMALL, now_ms);
		return;
	case CURLE_WRITE_ERROR: /* our own refusal of a range that does not fit */
		retry_or_give_up(transfer, ATTEMPTS_WHERE_HOPE_IS_SMALL, now_ms);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		retry_or_give_up(transfer, transfer->received > transfer->resumed_from ? ATTEMPTS_MAX : ATTEMPTS_WHERE_HOPE_IS_SMALL,
		    now_ms);
		return;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RANGE_ERROR:
	case CURLE_BAD_DOWNLOAD_RESUME:
		retry_or_give_up(transfer, ATTEMPTS_MAX, now_ms);
		return;
	case CURLE_FILE_COULDNT_READ_FILE:
		request->http_status = 404;
		give_up(transfer, false);
		return;
	default:
		give_up(transfer, true);
	}
}

void transfer_end(struct transfer *transfer, CURLcode code, int64_t now_ms)
{
	struct fetch_request *request = transfer->request;
	long status = 0;

	if (transfer->easy)
		curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	request->http_status = status;
	transfer_close(transfer);
	if (transfer->write_errno) {
		errno = transfer->write_errno;
		error_set_errno(&request->error, DORY_ERROR_IO, "writing %s", transfer->part_path);
		give_up(transfer, true);
	} else if (transfer->is_too_long) {
		reject(transfer, "it is longer than it should be", now_ms);
	} else if (code == CURLE_OK && (status == 0 || status / 100 == 2)) {
		end_whole(transfer, now_ms);
	} else if (code == CURLE_OK) {
		end_with_status(transfer, status, now_ms);
	} else {
		end_with_failure(transfer, code, now_ms);
	}
}
