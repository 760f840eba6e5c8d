/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections through the relay: bytes both ways, half closes, ends in every order, many at once. */
#include "dory/network/relay.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/unit/test.h"

enum { WAIT_MS = 10000, BYTES = 3000000 };

static struct relay *relay;
static int listener, server;
static struct sockaddr_in6 address;
static struct dory_error err;

static uint16_t bound_port(int fd)
{
	struct sockaddr_in6 name; /* the port of both families is at the same place */
	socklen_t length = sizeof(name);

	CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	return ntohs(name.sin6_port);
}

static void begin(void)
{
	struct sockaddr_in target = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	server = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(bind(server, (struct sockaddr *)&target, sizeof(target)), 0);
	CHECK_EQ(listen(server, 64), 0);
	listener = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK_EQ(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	address.sin6_port = htons(bound_port(listener));
	CHECK_EQ(relay_start(&relay, &(struct relay_route){.listener = listener, .target_port = bound_port(server)}, 1, &err), 0);
}

static void end(void)
{
	relay_stop(relay);
	close(listener);
	close(server);
}

static void wait_for(int fd)
{
	CHECK_EQ(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, WAIT_MS), 1);
}

static int connect_client(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	CHECK_EQ(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int accept_server(void)
{
	wait_for(server);
	return accept(server, NULL, NULL);
}

/* What comes: `length` bytes; the end: 0; a broken connection: -1. */
static ssize_t receive(int fd, char *bytes, size_t length)
{
	wait_for(fd);
	return recv(fd, bytes, length, 0);
}

/* Writes bytes that count up, then ends its half. */
static void *write_much(void *context)
{
	int fd = *(int *)context;
	unsigned char bytes[8192];
	size_t done = 0;

	while (done < BYTES) {
		ssize_t sent;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)((done + i) * 7 >> 3);
		sent = send(fd, bytes, done + sizeof(bytes) > BYTES ? BYTES - done : sizeof(bytes), MSG_NOSIGNAL);
		if (sent <= 0)
			return context;
		done += (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
	return NULL;
}

static void read_much(int fd)
{
	char bytes[8192];
	size_t done = 0;
	ssize_t got;

	while ((got = receive(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++, done++)
			CHECK_EQ((unsigned char)bytes[i], (unsigned char)(done * 7 >> 3));
	}
	CHECK_EQ(got, 0);
	CHECK_EQ(done, BYTES);
}

TEST(much_both_ways)
{
	pthread_t one, other;
	int client, accepted;
	void *result;

	begin();
	client = connect_client();
	accepted = accept_server();
	CHECK_EQ(pthread_create(&one, NULL, write_much, &client), 0);
	read_much(accepted);
	CHECK_EQ(pthread_create(&other, NULL, write_much, &accepted), 0); /* the client's half has ended */
	read_much(client);
	pthread_join(one, &result);
	CHECK(!result);
	pthread_join(other, &result);
	CHECK(!result);
	close(client);
	close(accepted);
	end();
}

TEST(the_server_speaks_first)
{
	char text[16];
	int client, accepted;

	begin();
	client = connect_client();
	accepted = accept_server();
	CHECK_EQ(send(accepted, "hello", 5, 0), 5);
	close(accepted);
	CHECK_EQ(receive(client, text, sizeof(text)), 5);
	CHECK_EQ(receive(client, text, sizeof(text)), 0);
	close(client);
	end();
}

TEST(a_broken_connection_breaks_the_other)
{
	struct linger hard = {.l_onoff = 1};
	char text[16];
	int client, accepted;

	begin();
	client = connect_client();
	accepted = accept_server();
	CHECK_EQ(send(client, "x", 1, 0), 1);
	CHECK_EQ(receive(accepted, text, sizeof(text)), 1);
	CHECK_EQ(setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(client); /* a reset */
	CHECK(receive(accepted, text, sizeof(text)) <= 0);
	close(accepted);
	end();
}

TEST(nobody_at_the_target)
{
	char text[16];
	int client;

	begin();
	close(server);
	client = connect_client();
	CHECK(receive(client, text, sizeof(text)) <= 0);
	close(client);
	server = socket(AF_INET, SOCK_STREAM, 0);
	end();
}

TEST(many_at_once)
{
	enum { CONNECTIONS = 100 };
	int clients[CONNECTIONS], accepted[CONNECTIONS];
	char text[16];

	begin();
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		clients[i] = connect_client();
		accepted[i] = accept_server();
	}
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		CHECK_EQ(send(clients[i], &i, sizeof(i), 0), sizeof(i));
		CHECK_EQ(receive(accepted[i], text, sizeof(text)), sizeof(i));
		CHECK_EQ(memcmp(text, &i, sizeof(i)), 0);
	}
	for (unsigned i = 0; i < CONNECTIONS; i += 2)
		close(clients[i]);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (i % 2 == 0)
			CHECK_EQ(receive(accepted[i], text, sizeof(text)), 0);
		close(accepted[i]);
	}
	relay_stop(relay); /* with connections that are half open */
	relay = NULL;
	for (unsigned i = 1; i < CONNECTIONS; i += 2) {
		CHECK(receive(clients[i], text, sizeof(text)) <= 0);
		close(clients[i]);
	}
	end();
}

/* A connection whose halves have ended is gone, and nothing turns in circles meanwhile: the thread's CPU time tells. */
TEST(idle_connections_cost_nothing)
{
	struct timespec before, after;
	clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
	int client, accepted;
	char text[16];

	begin();
	client = connect_client();
	accepted = accept_server();
	CHECK_EQ(shutdown(client, SHUT_WR), 0);
	CHECK_EQ(receive(accepted, text, sizeof(text)), 0);
	clock_gettime(clock, &before);
	usleep(300000);
	clock_gettime(clock, &after);
	CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec < 100000000);
	close(client);
	close(accepted);
	end();
}
TEST_MAIN()
