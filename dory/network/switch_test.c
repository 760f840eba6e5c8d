/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames between ports: who gets them, machines that come, go, come back, and do not read. */
#include "dory/network/switch.h"
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "tests/unit/test.h"

enum { FRAME = 60, WAIT_MS = 5000, SILENCE_MS = 50 };

static char directory[] = "/tmp/dory-switch-XXXXXX";
static const char *const macs[] = {"02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"};
static struct network_switch *ports[3];
static struct dory_error err;

static void open_port(unsigned i)
{
	CHECK_EQ(network_switch_start(&ports[i], directory, macs[i], &err), 0);
}

static void close_port(unsigned i)
{
	network_switch_stop(ports[i]);
	ports[i] = NULL;
}

static void begin(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	CHECK(mkdtemp(directory));
	for (unsigned i = 0; i < 3; i++)
		open_port(i);
}

static void end(void)
{
	for (unsigned i = 0; i < 3; i++)
		close_port(i);
	CHECK_EQ(rmdir(directory), 0); /* no port has left its socket */
}

/* From the machine of port i to the address that ends in `to`, 0xff: to all. */
static void send_frame(unsigned i, unsigned char to, unsigned char mark)
{
	unsigned char frame[FRAME] = {2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, (unsigned char)(i + 1), 8, 0, mark};

	if (to == 0xff)
		memset(frame, 0xff, 6);
	CHECK_EQ(send(network_switch_socket(ports[i]), frame, sizeof(frame), 0), FRAME);
}

/* The mark of the next frame; -1: none in time. */
static int receive(unsigned i, int limit_ms)
{
	struct pollfd fd = {.fd = network_switch_socket(ports[i]), .events = POLLIN};
	unsigned char frame[2 * FRAME];

	if (poll(&fd, 1, limit_ms) != 1)
		return -1;
	CHECK_EQ(recv(fd.fd, frame, sizeof(frame), 0), FRAME);
	return frame[14];
}

TEST(to_one_and_to_all)
{
	begin();
	send_frame(0, 2, 10);
	CHECK_EQ(receive(1, WAIT_MS), 10);
	send_frame(1, 0xff, 11);
	CHECK_EQ(receive(0, WAIT_MS), 11);
	CHECK_EQ(receive(2, WAIT_MS), 11);
	send_frame(2, 9, 12); /* nobody has this address: it may be behind anyone */
	CHECK_EQ(receive(0, WAIT_MS), 12);
	CHECK_EQ(receive(1, WAIT_MS), 12);
	for (unsigned i = 0; i < 3; i++) /* nothing else, and nobody hears himself */
		CHECK_EQ(receive(i, SILENCE_MS), -1);
	end();
}

TEST(in_order)
{
	begin();
	for (unsigned n = 0; n < 5000; n++) {
		send_frame(0, 2, (unsigned char)n);
		if (n % 32 == 31) {
			for (unsigned m = n - 31; m <= n; m++)
				CHECK_EQ(receive(1, WAIT_MS), (unsigned char)m);
		}
	}
	end();
}

TEST(one_comes_goes_and_comes_back)
{
	begin();
	for (unsigned n = 0; n < 20; n++) {
		send_frame(0, 3, (unsigned char)n);
		CHECK_EQ(receive(2, WAIT_MS), n);
		close_port(2);
		send_frame(0, 3, 99); /* to nobody, so to all */
		send_frame(0, 0xff, 100);
		while (receive(1, WAIT_MS) != 100)
			;
		open_port(2);
	}
	end();
}

TEST(one_that_does_not_read_holds_nobody_up)
{
	begin();
	for (unsigned n = 0; n < 3000; n++) {
		send_frame(0, 0xff, (unsigned char)n);
		CHECK_EQ(receive(1, WAIT_MS), (unsigned char)n); /* port 2 is full after some hundred */
	}
	CHECK(receive(2, WAIT_MS) >= 0);
	end();
}

/* A socket whose machine was killed, and other things that lie there. */
TEST(left_over_ports)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	char *path;

	begin();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/02aaaaaaaaaa", directory);
	CHECK_EQ(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	path = text_format("%s/02bbbbbbbbbb", directory);
	CHECK_EQ(file_replace(path, "x", 1, &err), 0);
	send_frame(0, 0xff, 1);
	CHECK_EQ(receive(1, WAIT_MS), 1);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(unlink(address.sun_path), 0);
	free(path);
	end();
}

TEST(frames_of_all_lengths)
{
	unsigned char frame[65000] = {2, 0, 0, 0, 0, 2};

	begin();
	for (unsigned i = 0; i < 400; i++) {
		size_t length = test_random() % sizeof(frame);
		struct pollfd fd = {.fd = network_switch_socket(ports[1]), .events = POLLIN};
		ssize_t got;

		if (send(network_switch_socket(ports[0]), frame, length, 0) < 0 || length < 12)
			continue;
		CHECK_EQ(poll(&fd, 1, WAIT_MS), 1);
		got = recv(fd.fd, frame, sizeof(frame), 0);
		CHECK_EQ(got, length);
	}
	end();
}

TEST(no_directory)
{
	CHECK_EQ(network_switch_start(&ports[0], "/nonexistent/ports", macs[0], &err), -1);
	CHECK(strstr(err.message, "/nonexistent/ports"));
}
TEST_MAIN()
