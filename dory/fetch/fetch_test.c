/* SPDX-License-Identifier: BSD-3-Clause */
/* Downloads from a server in this process that cuts, refuses, stammers and lies on demand; and by file URIs. */
#include "fetch.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "tests/unit/test.h"

enum { BODY_SIZE = 200000 };

static char body[BODY_SIZE], body_digest[DIGEST_TEXT_SIZE];
static char directory[] = "/tmp/fetch-test-XXXXXX";
static int port;
static atomic_int requests_seen, ranges_seen;

static void answer(int fd, const char *status, const char *headers, const char *bytes, size_t announced, size_t sent)
{
	char head[512];
	int length = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", status, announced, headers);

	if (write(fd, head, (size_t)length) == length)
		while (sent > 0) {
			ssize_t n = write(fd, bytes, sent);

			if (n <= 0)
				break;
			bytes += n;
			sent -= (size_t)n;
		}
}

static void serve(int fd, const char *request)
{
	const char *range = strstr(request, "Range: bytes=");
	int number = atomic_fetch_add(&requests_seen, 1);
	size_t start = range ? strtoul(range + 13, NULL, 10) : 0;
	char headers[128] = "";

	if (range) {
		atomic_fetch_add(&ranges_seen, 1);
		snprintf(headers, sizeof(headers), "Content-Range: bytes %zu-%d/%d\r\n", start, BODY_SIZE - 1, BODY_SIZE);
	}
	if (strncmp(request, "GET /cut", 8) == 0 && number == 0)
		answer(fd, "200 OK", "", body, BODY_SIZE, BODY_SIZE / 2);
	else if (strncmp(request, "GET /short", 10) == 0)
		answer(fd, "200 OK", "", body, BODY_SIZE / 2, BODY_SIZE / 2);
	else if (strncmp(request, "GET /norange", 12) == 0)
		answer(fd, "200 OK", "", body, BODY_SIZE, number == 0 ? 5000 : BODY_SIZE);
	else if (strncmp(request, "GET /busy", 9) == 0 && number < 2)
		answer(fd, "503 Service Unavailable", "", "", 0, 0);
	else if (strncmp(request, "GET /missing", 12) == 0)
		answer(fd, "404 Not Found", "", "no such page", 12, 12);
	else if (strncmp(request, "GET /tagged", 11) == 0 && strstr(request, "If-None-Match: \"tag\""))
		answer(fd, "304 Not Modified", "", "", 0, 0);
	else if (strncmp(request, "GET /tagged", 11) == 0)
		answer(fd, "200 OK", "ETag: \"tag\"\r\n", body, BODY_SIZE, BODY_SIZE);
	else if (range)
		answer(fd, "206 Partial Content", headers, body + start, BODY_SIZE - start, BODY_SIZE - start);
	else
		answer(fd, "200 OK", "", body, BODY_SIZE, BODY_SIZE);
}

static void *server(void *context)
{
	int listener = *(int *)context;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		char request[4096];
		size_t length = 0;
		ssize_t n;

		while (length + 1 < sizeof(request) && (n = read(fd, request + length, sizeof(request) - 1 - length)) > 0) {
			length += (size_t)n;
			request[length] = '\0';
			if (strstr(request, "\r\n\r\n"))
				break;
		}
		request[length] = '\0';
		serve(fd, request);
		shutdown(fd, SHUT_WR);
		while (read(fd, request, sizeof(request)) > 0)
			;
		close(fd);
	}
	return NULL;
}

static void start_server(void)
{
	static int listener;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	pthread_t thread;

	requests_seen = ranges_seen = 0;
	if (port)
		return;
	unsetenv("http_proxy");
	for (size_t i = 0; i < BODY_SIZE; i++)
		body[i] = (char)test_random();
	digest_sha256(body, BODY_SIZE, body_digest);
	CHECK(mkdtemp(directory) != NULL);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 16) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
	port = ntohs(address.sin_port);
	CHECK(pthread_create(&thread, NULL, server, &listener) == 0);
	pthread_detach(thread);
}

static char url[256], path[256], part[300];
static struct dory_error err;

/* Downloads http://.../NAME to DIRECTORY/NAME with digest and size of `body` unless told otherwise. */
static int get(const char *name, const char *digest, uint64_t size, struct fetch_request *request)
{
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/%s", port, name);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snprintf(part, sizeof(part), "%s.part", path);
	request->url = url;
	request->path = path;
	request->sha256 = digest;
	request->size = size;
	return fetch_all(&(struct fetch_options){.quiet = true, .proxy = ""}, request, 1, &err);
}

static bool is_whole(void)
{
	struct dory_error ignored;
	size_t length = 0;
	char *content = NULL;
	bool is_same = file_read(path, BODY_SIZE, &content, &length, &ignored) == 0 && length == BODY_SIZE &&
		       memcmp(content, body, BODY_SIZE) == 0;

	free(content);
	return is_same && access(part, F_OK) < 0;
}

static void release(struct fetch_request *request)
{
	free(request->etag);
	free(request->modified);
}

TEST(downloads_and_checks)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("plain", body_digest, BODY_SIZE, &request), 0);
	CHECK(is_whole());
	CHECK_EQ(request.outcome, FETCH_DONE);
	release(&request);
}

TEST(resumes_what_was_cut)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("cut", body_digest, BODY_SIZE, &request), 0);
	CHECK(is_whole());
	CHECK_EQ(ranges_seen, 1);
	release(&request);
}

TEST(starts_anew_where_ranges_are_ignored)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("norange", body_digest, BODY_SIZE, &request), 0);
	CHECK(is_whole());
	release(&request);
}

TEST(resumes_what_an_earlier_command_left)
{
	struct fetch_request request = {0};

	start_server();
	snprintf(part, sizeof(part), "%s/left.part", directory);
	CHECK_EQ(file_replace(part, body, 70000, &err), 0);
	CHECK_EQ(get("left", body_digest, BODY_SIZE, &request), 0);
	CHECK(is_whole());
	CHECK_EQ(ranges_seen, 1);
	release(&request);
}

TEST(drops_a_wrong_beginning)
{
	struct fetch_request request = {0};
	char wrong[1000] = "not what the file begins with";

	start_server();
	snprintf(part, sizeof(part), "%s/wrong.part", directory);
	CHECK_EQ(file_replace(part, wrong, sizeof(wrong), &err), 0);
	CHECK_EQ(get("wrong", body_digest, BODY_SIZE, &request), 0);
	CHECK(is_whole());
	CHECK_EQ(requests_seen, 2);
	release(&request);
}

TEST(takes_a_whole_part_without_asking)
{
	struct fetch_request request = {0};

	start_server();
	snprintf(part, sizeof(part), "%s/there.part", directory);
	CHECK_EQ(file_replace(part, body, BODY_SIZE, &err), 0);
	CHECK_EQ(get("there", body_digest, BODY_SIZE, &request), 0);
	CHECK(is_whole());
	CHECK_EQ(requests_seen, 0);
	release(&request);
}

TEST(tries_again_when_the_server_is_busy)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("busy", body_digest, BODY_SIZE, &request), 0);
	CHECK(is_whole());
	CHECK_EQ(requests_seen, 3);
	release(&request);
}

TEST(says_what_is_missing)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("missing", body_digest, BODY_SIZE, &request), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NETWORK);
	CHECK_EQ(request.http_status, 404);
	CHECK_EQ(requests_seen, 1);
	CHECK(access(path, F_OK) < 0 && access(part, F_OK) < 0);
}

TEST(rejects_another_digest)
{
	struct fetch_request request = {0};
	char digest[DIGEST_TEXT_SIZE];

	start_server();
	digest_sha256("", 0, digest);
	CHECK_EQ(get("other", digest, BODY_SIZE, &request), -1);
	CHECK_EQ(err.kind, DORY_ERROR_UNTRUSTED);
	CHECK(access(path, F_OK) < 0 && access(part, F_OK) < 0);
}

TEST(rejects_what_is_too_long)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("long", body_digest, BODY_SIZE - 1, &request), -1);
	CHECK_EQ(err.kind, DORY_ERROR_UNTRUSTED);
	request = (struct fetch_request){.limit = 1000};
	CHECK_EQ(get("limited", NULL, 0, &request), -1);
	CHECK(access(path, F_OK) < 0 && access(part, F_OK) < 0);
}

TEST(says_what_ends_early)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("short", body_digest, BODY_SIZE, &request), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NETWORK);
	CHECK(strstr(err.message, "ends after 100000 of 200000 bytes") != NULL);
	CHECK(access(path, F_OK) < 0);
}

TEST(asks_whether_it_changed)
{
	struct fetch_request request = {0};

	start_server();
	CHECK_EQ(get("tagged", NULL, 0, &request), 0);
	CHECK_EQ(request.outcome, FETCH_DONE);
	CHECK(request.etag && strcmp(request.etag, "\"tag\"") == 0);
	CHECK_EQ(get("tagged", NULL, 0, &request), 0);
	CHECK_EQ(request.outcome, FETCH_UNCHANGED);
	CHECK(is_whole());
	release(&request);
}

TEST(goes_on_when_one_fails)
{
	char urls[20][64], paths[20][128];
	struct fetch_request requests[20] = {0};

	start_server();
	for (size_t i = 0; i < 20; i++) {
		snprintf(urls[i], sizeof(urls[i]), "http://127.0.0.1:%d/%s", port, i == 7 ? "missing" : "plain");
		snprintf(paths[i], sizeof(paths[i]), "%s/many%zu", directory, i);
		requests[i] = (struct fetch_request){.url = urls[i], .path = paths[i], .sha256 = body_digest, .size = BODY_SIZE};
	}
	CHECK_EQ(fetch_all(&(struct fetch_options){.quiet = true, .proxy = ""}, requests, 20, &err), -1);
	for (size_t i = 0; i < 20; i++)
		CHECK_EQ(requests[i].outcome, i == 7 ? FETCH_FAILED : FETCH_DONE);
}

TEST(reads_file_uris)
{
	struct fetch_request request = {0};
	char from[300], from_url[320];

	start_server();
	snprintf(from, sizeof(from), "%s/source", directory);
	snprintf(from_url, sizeof(from_url), "file://%s", from);
	snprintf(path, sizeof(path), "%s/copied", directory);
	snprintf(part, sizeof(part), "%s/copied.part", directory);
	CHECK_EQ(file_replace(from, body, BODY_SIZE, &err), 0);
	CHECK_EQ(file_replace(part, body, 1234, &err), 0);
	request = (struct fetch_request){.url = from_url, .path = path, .sha256 = body_digest, .size = BODY_SIZE};
	CHECK_EQ(fetch_all(&(struct fetch_options){.quiet = true}, &request, 1, &err), 0);
	CHECK(is_whole());
	strcat(from_url, "-not");
	CHECK_EQ(fetch_all(&(struct fetch_options){.quiet = true}, &request, 1, &err), -1);
	CHECK_EQ(request.http_status, 404);
	release(&request);
}

TEST(says_that_a_host_cannot_be_reached)
{
	struct fetch_request request = {.url = "http://127.0.0.1:1/x", .path = path};

	start_server();
	snprintf(path, sizeof(path), "%s/unreachable", directory);
	CHECK_EQ(fetch_all(&(struct fetch_options){.quiet = true, .proxy = ""}, &request, 1, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NETWORK);
	CHECK(access(path, F_OK) < 0);
}

int main(int argc, char **argv)
{
	int status = test_main(argc, argv);
	char *command = text_format("rm -rf %s", directory);

	if (port && system(command) != 0)
		status = 1;
	free(command);
	return status;
}
