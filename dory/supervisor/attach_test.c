/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames in pieces and damaged ones; the hub with clients that type, stall and leave. */
#include "dory/supervisor/attach.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/unit/test.h"

static struct dory_error err;

TEST(frames_in_pieces)
{
	struct attach_reader reader = {0};
	char bytes[64];
	size_t length = 0, at = 0, count = 0;
	bool is_whole;

	for (int i = 0; i < 3; i++) {
		struct attach_header header = {.kind = ATTACH_INPUT, .length = (uint32_t)i};

		memcpy(bytes + length, &header, sizeof(header));
		memcpy(bytes + length + sizeof(header), "xyz", (size_t)i);
		length += sizeof(header) + (size_t)i;
	}
	while (at < length) {
		size_t n = attach_reader_take(&reader, bytes + at, length - at > 3 ? 3 : length - at, &is_whole);

		CHECK(n > 0);
		at += n;
		if (is_whole) {
			CHECK_EQ(reader.frame.header.length, count);
			CHECK(memcmp(reader.frame.bytes, "xyz", count) == 0 && reader.frame.bytes[count] == 0);
			count++;
		}
	}
	CHECK_EQ(count, 3);
}

TEST(damaged_frames)
{
	static const struct attach_header headers[] = {
		{.kind = ATTACH_INPUT, .length = ATTACH_FRAME_MAX + 1}, {.kind = 99}, {.kind = ATTACH_SIZE, .length = UINT32_MAX}};

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct attach_reader reader = {0};
		bool is_whole;

		CHECK_EQ(attach_reader_take(&reader, (const char *)&headers[i], sizeof(headers[i]), &is_whole), 0);
		CHECK(!is_whole);
	}
}

static atomic_uint resized;

static void on_resize(void *context, unsigned rows, unsigned columns)
{
	(void)context;
	atomic_store(&resized, rows * 1000 + columns);
}

static struct attach_hub *hub;
static int input;

static void begin(bool has_input)
{
	int ends[2] = {-1, -1};

	CHECK(!has_input || pipe2(ends, O_CLOEXEC) == 0);
	if (has_input)
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
	input = ends[0];
	CHECK_EQ(attach_hub_open(&hub, ends[1], on_resize, NULL, &err), 0);
}

static void end(const char *text)
{
	attach_hub_close(hub, text);
	if (input >= 0)
		close(input);
}

static int join_hub(void)
{
	int pair[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK(attach_hub_add(hub, pair[0]));
	return pair[1];
}

/* The next frame's kind; its bytes in `text`. -1: hung up. */
static int receive(int fd, char *text)
{
	struct attach_header header;

	if (recv(fd, &header, sizeof(header), MSG_WAITALL) != (ssize_t)sizeof(header))
		return -1;
	CHECK(header.length <= ATTACH_FRAME_MAX);
	CHECK_EQ(recv(fd, text, header.length, MSG_WAITALL), (ssize_t)header.length);
	text[header.length] = '\0';
	return (int)header.kind;
}

TEST(all_are_told)
{
	char text[ATTACH_FRAME_MAX + 1];
	int a, b;

	begin(false);
	a = join_hub();
	b = join_hub();
	attach_hub_write(hub, ATTACH_STDOUT, "out", 3);
	attach_hub_write(hub, ATTACH_STDERR, "err", 3);
	CHECK_EQ(receive(a, text), ATTACH_STDOUT);
	CHECK(strcmp(text, "out") == 0 && receive(a, text) == ATTACH_STDERR && receive(b, text) == ATTACH_STDOUT);
	close(b); /* it leaves */
	attach_hub_write(hub, ATTACH_STDOUT, "more", 4);
	CHECK_EQ(receive(a, text), ATTACH_STDOUT);
	end("3 over");
	CHECK_EQ(receive(a, text), ATTACH_END);
	CHECK(strcmp(text, "3 over") == 0 && receive(a, text) == -1);
	close(a);
}

/* More than a pipe holds, and nobody reads it at first. */
TEST(what_is_typed_arrives_whole)
{
	enum { BYTES = 300000 };
	char *sent = malloc(BYTES), *got = malloc(BYTES);
	size_t have = 0;
	pid_t child;
	int a;

	CHECK(sent && got);
	for (size_t i = 0; i < BYTES; i++)
		sent[i] = (char)(i * 7 % 251);
	begin(true);
	a = join_hub();
	child = fork();
	if (child == 0) {
		attach_send(a, ATTACH_SIZE, "40 90", 5);
		_exit(attach_send(a, ATTACH_INPUT, sent, BYTES) ? 0 : 1);
	}
	while (have < BYTES) {
		ssize_t n = read(input, got + have, BYTES - have);

		CHECK(n > 0);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	CHECK(memcmp(sent, got, BYTES) == 0);
	CHECK_EQ(atomic_load(&resized), 40090);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	close(a);
	end("0 ");
	free(sent);
	free(got);
}

TEST(one_who_takes_nothing_is_hung_up_on)
{
	static char much[ATTACH_FRAME_MAX];
	char text[ATTACH_FRAME_MAX + 1];
	int a, b;
	size_t frames = 0;

	begin(false);
	a = join_hub();
	for (size_t i = 0; i < 1000; i++) /* until its socket is full, and its patience over; then at once */
		attach_hub_write(hub, ATTACH_STDOUT, much, sizeof(much));
	b = join_hub();
	attach_hub_write(hub, ATTACH_STDOUT, "b", 1);
	CHECK_EQ(receive(b, text), ATTACH_STDOUT);
	while (receive(a, text) == ATTACH_STDOUT)
		frames++;
	CHECK(frames < 1000);
	close(a);
	close(b);
	end("0 ");
}

TEST(no_more_than_there_is_room_for)
{
	int ends[ATTACH_CLIENTS_MAX], pair[2];

	begin(false);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
		ends[i] = join_hub();
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK(!attach_hub_add(hub, pair[0]));
	close(pair[1]);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
		close(ends[i]);
	end("0 ");
}
TEST_MAIN()
