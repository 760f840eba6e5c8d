/* SPDX-License-Identifier: BSD-3-Clause */
/* Health checks: their words, the verdict over time, and servers good and bad on this machine. */
#include "dory/supervisor/health.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dory/supervisor/health_watch.h"
#include "tests/unit/test.h"

TEST(words)
{
	static const struct {
		const char *text;
		bool is_http;
		uint16_t port;
		const char *path;
	} good[] = {{"tcp:6379", false, 6379, ""}, {"http:/healthz", true, 80, "/healthz"}, {"http:8080/a?b=c", true, 8080, "/a?b=c"},
		{"http:8080", true, 8080, "/"}, {"http:http://localhost:81/x", true, 81, "/x"}, {"http:http://localhost/", true, 80, "/"},
		{"http:http://127.0.0.1:7", true, 7, "/"}};
	static const char *const bad[] = {"tcp:", "tcp:0", "tcp:65536", "tcp:80x", "tcp:-1", "http:x", "http:80x/", "http:/a b", "http:/a\r\nX: y",
		"http:http://h:x/", "udp:80", ""};
	struct health_check check;
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_EQ(health_parse(good[i].text, &check, &err), 0);
		CHECK(check.is_http == good[i].is_http && check.guest_port == good[i].port && strcmp(check.path, good[i].path) == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(health_parse(bad[i], &check, &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	}
}

TEST(the_verdict_takes_its_time)
{
	struct health_record record = {.retries = 3};

	CHECK(!health_note(&record, false, true) && !record.is_known && record.failures == 0); /* it is starting */
	CHECK(health_note(&record, true, true) && record.is_well);
	CHECK(!health_note(&record, false, false) && !health_note(&record, false, false) && record.is_well);
	CHECK(health_note(&record, false, false) && !record.is_well && record.failures == 3);
	CHECK(!health_note(&record, false, false) && record.failures == 4);
	CHECK(health_note(&record, true, false) && record.is_well && record.failures == 0);
}

TEST(never_well)
{
	struct health_record record = {.retries = 2};

	CHECK(!health_note(&record, false, false) && !record.is_known);
	CHECK(health_note(&record, false, false) && record.is_known && !record.is_well);
}

/* A server that answers one connection with a text; NULL: says nothing until the client goes. */
struct server {
	int listener;
	uint16_t port;
	const char *answer;
	pthread_t thread;
};

static void *serve(void *argument)
{
	struct server *server = argument;
	int client = accept(server->listener, NULL, NULL);
	char byte[512];

	if (!server->answer) {
		while (read(client, byte, sizeof(byte)) > 0)
			;
	} else if (*server->answer && read(client, byte, sizeof(byte)) > 0) {
		if (write(client, server->answer, strlen(server->answer)) < 0)
			abort();
	}
	close(client);
	return NULL;
}

static void server_start(struct server *server, const char *answer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	server->answer = answer;
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(bind(server->listener, (struct sockaddr *)&address, length), 0);
	CHECK_EQ(listen(server->listener, 4), 0);
	CHECK_EQ(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
	server->port = ntohs(address.sin_port);
	CHECK_EQ(pthread_create(&server->thread, NULL, serve, server), 0);
}

static bool ask(const char *answer, bool is_http, char text[128])
{
	struct health_check check = {.is_http = is_http, .path = "/x"};
	struct server server;
	bool is_well;

	server_start(&server, answer);
	is_well = health_ask(&check, "", server.port, 3000, text);
	pthread_join(server.thread, NULL);
	close(server.listener);
	return is_well;
}

TEST(tcp)
{
	struct health_check check = {0};
	char text[128];

	CHECK(ask(NULL, false, text)); /* a server that waits for its client */
	CHECK(!ask("", false, text));  /* the hypervisor took it, and nobody in the machine did */
	CHECK(strstr(text, "nobody"));
	CHECK(!health_ask(&check, "127.0.0.1", 1, 500, text));
	CHECK(strstr(text, "cannot be connected"));
}

TEST(http)
{
	char text[128];

	CHECK(ask("HTTP/1.1 200 OK\r\n\r\n", true, text) && strstr(text, "200"));
	CHECK(ask("HTTP/1.0 302 Found\r\n\r\n", true, text));
	CHECK(!ask("HTTP/1.1 503 Service Unavailable\r\n\r\n", true, text) && strstr(text, "503"));
	CHECK(!ask("SSH-2.0-OpenSSH_9.2\r\n", true, text) && strstr(text, "not HTTP"));
	CHECK(!ask("", true, text) && strstr(text, "no answer"));
}

TEST(a_watch_tells_what_is_new)
{
	struct health_plan plan = {.port = 1, .interval_ms = 10, .timeout_ms = 100, .retries = 2};
	struct health_record record = {0};
	struct health_watch *watch;
	struct dory_error err;
	char text[128];

	CHECK_EQ(health_watch_start(&watch, &plan, &err), 0);
	for (unsigned i = 0; i < 500 && !record.is_known; i++) {
		usleep(10000);
		health_watch_take(watch, &record, text);
	}
	CHECK(record.is_known && !record.is_well && record.failures >= 2 && strstr(text, "cannot be connected"));
	health_watch_stop(watch);
	health_watch_stop(NULL);
}

TEST_MAIN()
