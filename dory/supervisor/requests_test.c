/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests and answers over a socket, good, bad, and of clients that misbehave. */
#include "dory/supervisor/requests.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/supervisor/ask.h"
#include "tests/unit/test.h"

TEST(forms)
{
	static const char *const bad[] = {"", "signal", "signal ", "signal 0", "signal 65", "signal x", "signal 1 ", "stop", "stop -1", "stop 86400001", "kill 9",
		"waiting", "Kill", "signal 99999999999999999999"};
	struct request request;

	CHECK(request_parse("signal 15", &request) && request.kind == REQUEST_SIGNAL && request.number == 15);
	CHECK(request_parse("stop 0", &request) && request.kind == REQUEST_STOP && request.number == 0);
	CHECK(request_parse("kill", &request) && request.kind == REQUEST_KILL);
	CHECK(request_parse("wait", &request) && request.kind == REQUEST_WAIT);
	CHECK(request_parse("counters", &request) && request.kind == REQUEST_COUNTERS);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!request_parse(bad[i], &request));
}

static char directory_path[64];
static int directory;
static struct request_server server;
static struct request taken;
static unsigned taken_count;
static const char *refusal;

static const char *take(void *context, const struct request *request)
{
	taken = *request;
	taken_count++;
	return refusal;
}

static void begin(void)
{
	struct dory_error err;
	char *path;

	strcpy(directory_path, "/tmp/dory-requests-XXXXXX");
	CHECK(mkdtemp(directory_path));
	directory = open(directory_path, O_RDONLY | O_DIRECTORY);
	path = text_format("%s/requests", directory_path);
	CHECK_EQ(requests_open(&server, path, &err), 0);
	free(path);
	server.take = take;
	taken_count = 0;
	refusal = NULL;
}

static void end(void)
{
	struct dory_error err;

	requests_close(&server);
	close(directory);
	CHECK_EQ(file_remove_tree(directory_path, &err), 0);
}

/* Until nothing is left to be served. */
static void serve(void)
{
	struct pollfd events = {.fd = server.events, .events = POLLIN};

	while (poll(&events, 1, 50) > 0)
		requests_serve(&server);
}

TEST(asked_and_answered)
{
	struct dory_error err;
	char text[64];
	int fd;

	begin();
	fd = ask_open(directory, "signal 10");
	CHECK(fd >= 0);
	serve();
	CHECK(taken_count == 1 && taken.number == 10);
	CHECK_EQ(ask_answer(fd, "ok", 1000, text, sizeof(text), &err), 0);
	refusal = "the program does not run just now";
	fd = ask_open(directory, "signal 10");
	serve();
	CHECK_EQ(ask_answer(fd, "ok", 1000, text, sizeof(text), &err), -1);
	CHECK(strcmp(err.message, refusal) == 0);
	end();
}

TEST(those_who_wait_are_told_the_end)
{
	static const char *const requests[] = {"wait", "stop 1000", "kill"};
	struct dory_error err;
	const char *sentence;
	int fds[ARRAY_SIZE(requests)], counters;
	int64_t status;
	char text[64];

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		fds[i] = ask_open(directory, requests[i]);
	counters = ask_open(directory, "counters");
	serve();
	requests_answer(&server, REQUEST_WAIT, "ended 3 it exited with status 3");
	requests_answer(&server, REQUEST_COUNTERS, "counters a=1");
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		CHECK_EQ(ask_answer(fds[i], "ended", 1000, text, sizeof(text), &err), 0);
		CHECK(ask_parse_end(text, &status, &sentence) && status == 3 && strcmp(sentence, "it exited with status 3") == 0);
	}
	CHECK_EQ(ask_answer(counters, "counters", 1000, text, sizeof(text), &err), 0);
	CHECK(strcmp(text, "a=1") == 0);
	end();
}

TEST(a_kill_is_seen)
{
	struct dory_error err;
	char text[64];
	int fd;

	begin();
	fd = ask_open(directory, "wait");
	serve();
	requests_close(&server);
	CHECK_EQ(ask_answer(fd, "ended", -1, text, sizeof(text), &err), 1);
	CHECK_EQ(ask_open(directory, "wait"), -1);
	end();
}

TEST(clients_that_misbehave)
{
	struct dory_error err;
	int fds[REQUEST_CLIENTS_MAX + 4], fd;
	char text[64], noise[300];

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) { /* more than fit: the others are hung up on */
		fds[i] = ask_open(directory, "wait");
		if (i % 16 == 0)
			serve();
	}
	serve();
	CHECK_EQ(taken_count, REQUEST_CLIENTS_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	serve();
	memset(noise, 'x', sizeof(noise) - 1);
	noise[sizeof(noise) - 1] = '\0';
	fd = ask_open(directory, "nonsense");
	serve();
	CHECK_EQ(ask_answer(fd, "ok", 1000, text, sizeof(text), &err), -1);
	fd = ask_open(directory, "wait"); /* says more when it has asked */
	CHECK(write(fd, noise, sizeof(noise)) == (ssize_t)sizeof(noise));
	serve();
	close(fd);
	serve();
	taken_count = 0;
	fd = ask_open(directory, "kill");
	serve();
	CHECK_EQ(taken_count, 1);
	close(fd);
	end();
}

TEST_MAIN()
