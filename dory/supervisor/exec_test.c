/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs beside the first: the table between commands that stall and leave, and a guest that is played here, well-behaved and not. */
#include "dory/supervisor/exec.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dory/supervisor/exec_client.h"
#include "tests/unit/test.h"

static struct dory_error err;
static struct text_buffer told; /* to the guest */
static bool is_deaf;

static bool tell(void *context, const char *line, const void *bytes, size_t length)
{
	text_append(&told, line, strlen(line));
	if (length > 0)
		text_append(&told, bytes, length);
	return !is_deaf;
}

static bool was_told(const char *text)
{
	bool is_it = told.length == strlen(text) && memcmp(told.text, text, told.length) == 0;

	if (!is_it)
		printf("# told: %.*s\n", (int)told.length, told.text);
	told.length = 0;
	return is_it;
}

static void open_table(struct exec_table *table)
{
	*table = (struct exec_table){.tell = tell};
	CHECK_EQ(exec_table_open(table, &err), 0);
	told.length = 0;
	is_deaf = false;
}

/* A command's end of a new connection. */
static int connect_one(struct exec_table *table)
{
	int pair[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	exec_table_add(table, pair[1]);
	return pair[0];
}

static void say(struct exec_table *table, int socket, enum attach_kind kind, const char *text)
{
	CHECK(attach_send(socket, kind, text, strlen(text)));
	exec_table_serve(table);
}

static int start_one(struct exec_table *table)
{
	int socket = connect_one(table);

	say(table, socket, ATTACH_CONFIG, "con");
	say(table, socket, ATTACH_CONFIG, "fig");
	say(table, socket, ATTACH_START, "tty");
	return socket;
}

/* The next frame that the command gets. */
static struct attach_frame *heard(int socket)
{
	static struct attach_reader reader;
	bool is_whole;

	CHECK(attach_receive(socket, &reader, &is_whole) && is_whole);
	return &reader.frame;
}

TEST(a_program_comes_and_goes)
{
	struct exec_table table;
	struct attach_frame *frame;
	int first, second;
	char byte;

	open_table(&table);
	first = start_one(&table);
	CHECK(was_told("exec 0 tty 6\nconfig"));
	second = start_one(&table);
	CHECK(was_told("exec 1 tty 6\nconfig"));
	say(&table, second, ATTACH_INPUT, "typed");
	say(&table, second, ATTACH_SIZE, "24 80");
	say(&table, second, ATTACH_SIGNAL, "15");
	say(&table, second, ATTACH_CLOSE, "");
	CHECK(was_told("input 1 5\ntypedwindow 1 24 80\ntell 1 15\nclose 1\n"));
	exec_table_output(&table, 1, 2, "said", 4);
	frame = heard(second);
	CHECK(frame->header.kind == ATTACH_STDERR && strcmp(frame->bytes, "said") == 0);
	CHECK(was_told("more 1 4\n"));
	exec_table_ended(&table, 1, 7);
	frame = heard(second);
	CHECK(frame->header.kind == ATTACH_END && strcmp(frame->bytes, "7 ") == 0);
	CHECK_EQ(read(second, &byte, 1), 0);
	CHECK_EQ(table.slots[1].state, EXEC_FREE);
	exec_table_end_all(&table, "the machine ended");
	frame = heard(first);
	CHECK(frame->header.kind == ATTACH_END && strcmp(frame->bytes, "125 the machine ended") == 0);
	exec_table_close(&table);
	close(first);
	close(second);
}

TEST(no_more_than_there_is_room_for)
{
	struct exec_table table;
	int sockets[EXEC_MAX], more;
	char byte;

	open_table(&table);
	for (size_t i = 0; i < EXEC_MAX; i++) {
		CHECK(!exec_table_is_full(&table));
		sockets[i] = start_one(&table);
	}
	CHECK(exec_table_is_full(&table));
	more = connect_one(&table);
	CHECK_EQ(read(more, &byte, 1), 0);
	close(more);
	for (size_t i = 0; i < EXEC_MAX; i++)
		close(sockets[i]);
	exec_table_close(&table);
}

/* Whoever goes has its program killed, and its number stays taken until the guest has told its end. */
TEST(a_command_that_leaves)
{
	struct exec_table table;
	int socket;

	open_table(&table);
	socket = start_one(&table);
	told.length = 0;
	close(socket);
	exec_table_serve(&table);
	CHECK(was_told("forget 0\n"));
	CHECK_EQ(table.slots[0].state, EXEC_FORGOTTEN);
	exec_table_output(&table, 0, 1, "late", 4);
	exec_table_taken(&table, 0, 5);
	CHECK_EQ(table.slots[0].state, EXEC_FORGOTTEN);
	exec_table_ended(&table, 0, 137);
	CHECK_EQ(table.slots[0].state, EXEC_FREE);
	exec_table_ended(&table, 0, 1); /* a guest that says it twice */
	socket = connect_one(&table);
	close(socket); /* before it has said what to run */
	exec_table_serve(&table);
	CHECK_EQ(table.slots[0].state, EXEC_FREE);
	CHECK(was_told(""));
	exec_table_close(&table);
}

/* Input waits in the command's socket until the guest has taken what it got. */
TEST(input_waits_for_the_program)
{
	char page[ATTACH_FRAME_MAX + 1];
	struct exec_table table;
	int socket;

	memset(page, 'x', ATTACH_FRAME_MAX);
	page[ATTACH_FRAME_MAX] = '\0';
	open_table(&table);
	socket = start_one(&table);
	for (size_t i = 0; i < 2 * EXEC_WINDOW / ATTACH_FRAME_MAX; i++)
		say(&table, socket, ATTACH_INPUT, page);
	CHECK_EQ(table.slots[0].room, 0);
	told.length = 0;
	exec_table_serve(&table);
	CHECK(was_told(""));
	exec_table_taken(&table, 0, 100);
	exec_table_serve(&table);
	CHECK(was_told(""));
	exec_table_taken(&table, 0, ATTACH_FRAME_MAX - 100);
	exec_table_serve(&table);
	CHECK(told.length > ATTACH_FRAME_MAX && memcmp(told.text, "input 0 4096\n", 13) == 0);
	exec_table_taken(&table, 0, EXEC_WINDOW); /* more than it got */
	exec_table_taken(&table, 0, EXEC_WINDOW);
	CHECK_EQ(table.slots[0].room, EXEC_WINDOW);
	close(socket);
	exec_table_close(&table);
}

/* The guest is told of room only when the command has read; one that sends more is cut off. */
TEST(output_waits_for_the_command)
{
	static char page[ATTACH_FRAME_MAX];
	struct exec_table table;
	size_t sent = 0;
	int socket;

	open_table(&table);
	socket = start_one(&table);
	told.length = 0;
	while (table.slots[0].unsent.length == 0 && sent < 1 << 24) { /* until the command's socket is full */
		exec_table_output(&table, 0, 1, page, sizeof(page));
		sent += sizeof(page);
	}
	CHECK(table.slots[0].unsent.length > 0);
	told.length = 0;
	exec_table_output(&table, 0, 1, page, 100);
	CHECK(was_told(""));
	for (size_t got = 0; got < sent + 100;) {
		got += heard(socket)->header.length;
		exec_table_serve(&table);
	}
	CHECK(was_told("more 0 4196\n"));
	for (size_t i = 0; table.slots[0].state == EXEC_RUNNING && i < 1000; i++)
		exec_table_output(&table, 0, 1, page, sizeof(page));
	CHECK_EQ(table.slots[0].state, EXEC_FORGOTTEN);
	close(socket);
	exec_table_close(&table);
}

TEST(what_is_no_request)
{
	static char page[ATTACH_FRAME_MAX];
	struct exec_table table;
	struct attach_frame *frame;
	int socket;

	open_table(&table);
	socket = connect_one(&table);
	say(&table, socket, ATTACH_INPUT, "before the start");
	frame = heard(socket);
	CHECK(frame->header.kind == ATTACH_END && strncmp(frame->bytes, "125 ", 4) == 0);
	close(socket);
	socket = connect_one(&table);
	say(&table, socket, ATTACH_START, "streams"); /* of nothing */
	CHECK(heard(socket)->header.kind == ATTACH_END);
	close(socket);
	socket = connect_one(&table);
	for (size_t length = 0; length <= EXEC_CONFIG_MAX; length += sizeof(page)) {
		CHECK(attach_send(socket, ATTACH_CONFIG, page, sizeof(page)));
		exec_table_serve(&table);
	}
	CHECK(heard(socket)->header.kind == ATTACH_END);
	close(socket);
	is_deaf = true;
	socket = start_one(&table);
	CHECK(heard(socket)->header.kind == ATTACH_END);
	close(socket);
	is_deaf = false;
	socket = connect_one(&table);
	CHECK_EQ(write(socket, page, sizeof(page)), (ssize_t)sizeof(page));
	CHECK_EQ(write(socket, "\377\377\377\377\377\377\377\377", 8), 8); /* no frame */
	for (size_t i = 0; i < sizeof(page) / sizeof(struct attach_header) + 2; i++)
		exec_table_serve(&table);
	CHECK_EQ(table.slots[0].state, EXEC_FREE);
	close(socket);
	exec_table_close(&table);
	free(told.text);
	told = (struct text_buffer){0};
}

TEST(awaiting)
{
	int pair[2], stop[2], status = -1;
	char text[32];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CHECK_EQ(pipe(stop), 0);
	CHECK(attach_send(pair[1], ATTACH_STDOUT, "one\ntwo\n", 8) && attach_send(pair[1], ATTACH_END, "3 ", 2));
	CHECK_EQ(exec_await(pair[0], 10000, stop[0], &status, text, sizeof(text)), 0);
	CHECK(status == 3 && strcmp(text, "two") == 0);
	close(pair[1]);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CHECK_EQ(exec_await(pair[0], 1, stop[0], &status, text, sizeof(text)), -1); /* too late */
	close(pair[1]);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CHECK(attach_send(pair[1], ATTACH_END, "125 the machine ended", 21));
	CHECK_EQ(exec_await(pair[0], 10000, stop[0], &status, text, sizeof(text)), -1);
	close(pair[1]);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CHECK_EQ(write(stop[1], "x", 1), 1);
	CHECK_EQ(exec_await(pair[0], 100000, stop[0], &status, text, sizeof(text)), -1); /* at once */
	close(pair[1]);
	close(stop[0]);
	close(stop[1]);
}

TEST_MAIN()
