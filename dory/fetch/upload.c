/* SPDX-License-Identifier: BSD-3-Clause */
#include "upload.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "curl_library.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"

enum { STALL_TIMEOUT_S = 60 };

struct sending {
	CURL *easy;
	struct curl_slist *headers;
	int fd;
	int read_errno;
	uint64_t sent;
	struct progress progress;
	char curl_error[CURL_ERROR_SIZE];
};

static size_t on_read(char *bytes, size_t size, size_t count, void *context)
{
	struct sending *sending = context;
	ssize_t n;

	do
		n = read(sending->fd, bytes, size * count);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		sending->read_errno = errno;
		return CURL_READFUNC_ABORT;
	}
	sending->sent += (uint64_t)n;
	progress_update(&sending->progress, sending->sent);
	return (size_t)n;
}

/* What a server says in its body is for browsers. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	(void)context;
	return size * count;
}

static void set_options(const struct upload *upload, struct sending *sending, uint64_t size)
{
	CURL *easy = sending->easy;
	char *authorization = upload->token ? text_format("Bearer %s", upload->token) : NULL;

	curl_set_common(easy, upload->url, upload->proxy, STALL_TIMEOUT_S, sending->curl_error);
	curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	if (upload->path) {
		curl.easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl.easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
		curl.easy_setopt(easy, CURLOPT_READDATA, (void *)sending);
		curl.easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
	} else {
		curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
	}
	if (!upload->token)
		curl.easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_add_header(&sending->headers, "Authorization", authorization);
	curl_add_header(&sending->headers, "If-Match", upload->if_match);
	curl_add_header(&sending->headers, "If-None-Match", upload->is_new ? "*" : NULL);
	curl.easy_setopt(easy, CURLOPT_HTTPHEADER, sending->headers);
	free(authorization);
}

/* What the statuses mean that servers refuse with; RFC 9110 §15. */
static int explain_status(const struct upload *upload, struct dory_error *err)
{
	static const struct {
		long status;
		enum dory_error_kind kind;
		const char *what, *hint;
	} known[] = {
		{401, DORY_ERROR_NETWORK, "the server wants to know who sends", "Give a token with --token-file, or name and password in ~/.netrc."},
		{403, DORY_ERROR_NETWORK, "the server does not let you write there", "Ask its owner for the right to, or use another token."},
		{404, DORY_ERROR_NETWORK, "the server has no such place", "Does the repository's URL lead to where files can be put?"},
		{405, DORY_ERROR_NETWORK, "the server takes no files there", "It has to answer PUT as well as GET."},
		{409, DORY_ERROR_CONFLICT, "somebody else has changed the repository meanwhile", "Try again."},
		{412, DORY_ERROR_CONFLICT, "somebody else has changed the repository meanwhile", "Try again."},
		{413, DORY_ERROR_NETWORK, "the file is larger than the server takes", "Ask its owner to raise the limit."},
		{507, DORY_ERROR_NETWORK, "the server has no room left", "Ask its owner for more."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].status != upload->http_status)
			continue;
		error_set(err, known[i].kind, "%s: %s (%ld)", upload->url, known[i].what, upload->http_status);
		return error_hint(err, "%s", known[i].hint);
	}
	error_set(err, DORY_ERROR_NETWORK, "%s: the server answered %ld", upload->url, upload->http_status);
	return error_hint(err, upload->http_status >= 500 ? "The server has a problem of its own; try again later." : "It takes no such request.");
}

static int conclude(struct upload *upload, const struct sending *sending, CURLcode code, struct dory_error *err)
{
	curl.easy_getinfo(sending->easy, CURLINFO_RESPONSE_CODE, &upload->http_status);
	if (sending->read_errno) {
		errno = sending->read_errno;
		return error_set_errno(err, DORY_ERROR_IO, "reading %s", upload->path);
	}
	if (code != CURLE_OK && upload->http_status < 400) {
		error_set(err, DORY_ERROR_NETWORK, "%s: %s", upload->url, *sending->curl_error ? sending->curl_error : curl.easy_strerror(code));
		return error_hint(err, "Whether the server has the file is not known. Is the network up?");
	}
	return upload->http_status / 100 == 2 ? 0 : explain_status(upload, err);
}

int upload_run(struct upload *upload, struct dory_error *err)
{
	struct sending sending = {.fd = -1};
	struct stat st = {0};
	int result;

	upload->http_status = 0;
	if (curl_library_load(err) < 0)
		return -1;
	if (upload->path) {
		sending.fd = open(upload->path, O_RDONLY | O_CLOEXEC);
		if (sending.fd < 0 || fstat(sending.fd, &st) < 0) {
			error_set_errno(err, DORY_ERROR_IO, "opening %s", upload->path);
			if (sending.fd >= 0)
				close(sending.fd);
			return -1;
		}
	}
	sending.easy = curl.easy_init();
	if (!sending.easy)
		abort();
	progress_start(&sending.progress, upload->title ? upload->title : "", 0, (uint64_t)st.st_size, !upload->title);
	set_options(upload, &sending, (uint64_t)st.st_size);
	result = conclude(upload, &sending, curl.easy_perform(sending.easy), err);
	progress_finish(&sending.progress, result == 0);
	curl.easy_cleanup(sending.easy);
	curl.slist_free_all(sending.headers);
	if (sending.fd >= 0)
		close(sending.fd);
	return result;
}
