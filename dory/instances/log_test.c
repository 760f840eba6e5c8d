/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs: what goes in comes out, whatever the pieces; turning over; a full disk; following. */
#include "dory/instances/log.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/instances/log_reader.h"
#include "dory/instances/place.h"
#include "tests/unit/test.h"

static char directory_path[64];
static int directory;

static void begin(void)
{
	strcpy(directory_path, "/tmp/dory-log-XXXXXX");
	CHECK(mkdtemp(directory_path));
	directory = open(directory_path, O_RDONLY | O_DIRECTORY);
	CHECK(directory >= 0);
}

static void end(void)
{
	struct dory_error err;

	close(directory);
	CHECK_EQ(file_remove_tree(directory_path, &err), 0);
}

/* What a reader gets, by stream. */
struct sink {
	struct text_buffer streams[2];
	uint64_t lines, stop_after;
};

static bool take(void *context, const struct log_line *line)
{
	struct sink *sink = context;
	struct text_buffer *stream = &sink->streams[line->stream];

	text_append(stream, line->text, line->length);
	if (line->is_whole)
		text_append(stream, "\n", 1);
	sink->lines += line->is_whole;
	return sink->stop_after == 0 || sink->lines < sink->stop_after;
}

static void sink_release(struct sink *sink)
{
	free(sink->streams[0].text);
	free(sink->streams[1].text);
	*sink = (struct sink){0};
}

static void read_all(struct sink *sink, struct log_query query)
{
	struct dory_error err;

	sink_release(sink);
	text_append(&sink->streams[0], "", 0);
	text_append(&sink->streams[1], "", 0);
	query.take = take;
	query.context = sink;
	CHECK_EQ(instance_log_read(directory, &query, &err), 0);
}

static void open_log(struct instance_log *log, uint64_t size_max, unsigned files)
{
	struct dory_error err;

	CHECK_EQ(instance_log_open(log, directory, size_max, files, &err), 0);
}

static unsigned file_count(void)
{
	DIR *dir = opendir(directory_path);
	const struct dirent *entry;
	unsigned count = 0;

	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Random bytes of both streams in random pieces, against what was written. */
TEST(model_bytes_come_back)
{
	struct text_buffer written[2] = {0};
	struct instance_log log;
	struct sink sink = {0};

	begin();
	open_log(&log, 1 << 20, 3);
	for (unsigned i = 0; i < 500; i++) {
		enum log_stream stream = test_random() % 2 ? LOG_STDERR : LOG_STDOUT;
		size_t length = test_random() % 200 + 1;
		char bytes[200];

		for (size_t j = 0; j < length; j++)
			bytes[j] = test_random() % 10 ? (char)test_random() : '\n';
		instance_log_write(&log, stream, bytes, length);
		text_append(&written[stream], bytes, length);
	}
	instance_log_close(&log);
	read_all(&sink, (struct log_query){0});
	for (unsigned stream = 0; stream < 2; stream++) {
		CHECK_EQ(sink.streams[stream].length, written[stream].length);
		CHECK(memcmp(sink.streams[stream].text, written[stream].text, written[stream].length) == 0);
		free(written[stream].text);
	}
	sink_release(&sink);
	end();
}

static void write_line(struct instance_log *log, unsigned number)
{
	char *line = text_format("line %u\n", number);

	instance_log_write(log, LOG_STDOUT, line, strlen(line));
	free(line);
}

TEST(turned_over_in_time)
{
	struct instance_log log;
	struct sink sink = {0};
	struct stat st;

	begin();
	open_log(&log, 4096, 3);
	for (unsigned i = 0; i < 1000; i++)
		write_line(&log, i);
	CHECK_EQ(file_count(), 3);
	CHECK(fstatat(directory, "log.2", &st, 0) == 0 && st.st_size <= 4096);
	read_all(&sink, (struct log_query){0});
	CHECK(strstr(sink.streams[0].text, "line 999\n") && !strstr(sink.streams[0].text, "line 1\n"));
	CHECK(sink.lines > 2 * 4096 / 50 && sink.lines < 3 * 4096 / 40);
	read_all(&sink, (struct log_query){.has_tail = true, .tail = 2});
	CHECK(strcmp(sink.streams[0].text, "line 998\nline 999\n") == 0);
	read_all(&sink, (struct log_query){.has_tail = true, .tail = 0});
	CHECK_EQ(sink.lines, 0);
	instance_log_close(&log);
	sink_release(&sink);
	end();
}

TEST(one_file_only)
{
	struct instance_log log;
	struct sink sink = {0};

	begin();
	open_log(&log, 4096, 1);
	for (unsigned i = 0; i < 1000; i++)
		write_line(&log, i);
	CHECK_EQ(file_count(), 1);
	read_all(&sink, (struct log_query){0});
	CHECK(strstr(sink.streams[0].text, "line 999\n") && sink.lines < 100);
	instance_log_close(&log);
	sink_release(&sink);
	end();
}

TEST(since)
{
	struct instance_log log;
	struct sink sink = {0};
	char now[LOG_TIME_SIZE];

	begin();
	open_log(&log, 4096, 3);
	write_line(&log, 1);
	usleep(2000);
	log_time_now(now);
	write_line(&log, 2);
	read_all(&sink, (struct log_query){.since = now});
	CHECK(strcmp(sink.streams[0].text, "line 2\n") == 0);
	instance_log_close(&log);
	sink_release(&sink);
	end();
}

/* A supervisor that was killed left half a line; the next one begins a new one. */
TEST(half_a_line_does_not_spoil_the_next)
{
	struct instance_log log;
	struct sink sink = {0};
	int fd;

	begin();
	open_log(&log, 4096, 3);
	write_line(&log, 1);
	instance_log_close(&log);
	fd = openat(directory, "log", O_WRONLY | O_APPEND);
	CHECK(write(fd, "2026-11-28T1", 12) == 12);
	close(fd);
	open_log(&log, 4096, 3);
	write_line(&log, 2);
	instance_log_close(&log);
	read_all(&sink, (struct log_query){0});
	CHECK(strcmp(sink.streams[0].text, "line 1\nline 2\n") == 0);
	sink_release(&sink);
	end();
}

/* The limit on files' size stands for a disk that is full. */
TEST(a_full_disk_drops_and_tells)
{
	struct rlimit former, small = {.rlim_cur = 8192};
	struct instance_log log;
	struct sink sink = {0};

	begin();
	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(getrlimit(RLIMIT_FSIZE, &former), 0);
	small.rlim_max = former.rlim_max;
	open_log(&log, 1 << 20, 2);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned i = 0; i < 400; i++)
		write_line(&log, i);
	CHECK(log.lost > 0);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &former), 0);
	write_line(&log, 1000);
	CHECK_EQ(log.lost, 0);
	read_all(&sink, (struct log_query){0});
	CHECK(strstr(sink.streams[0].text, "line 0\n") && strstr(sink.streams[0].text, "line 1000\n") && !strstr(sink.streams[0].text, "line 399\n"));
	CHECK(strstr(sink.streams[1].text, "bytes of output are not in the log"));
	instance_log_close(&log);
	sink_release(&sink);
	end();
}

TEST(damaged_lines)
{
	static const char good[] = "2026-11-28T18:11:05.123456Z stderr P x";
	struct log_line line;

	CHECK(log_line_parse(good, strlen(good), &line) && line.stream == LOG_STDERR && !line.is_whole && line.length == 1);
	for (size_t length = 0; length < strlen(good) - 1; length++)
		CHECK(!log_line_parse(good, length, &line));
	CHECK(!log_line_parse("2026-11-28T18:11:05.123456Z stdxxx F x", 38, &line));
	CHECK(!log_line_parse("2026-11-28T18:11:05.123456Z stdout X x", 38, &line));
}

/* ---- Following ---- */

static void *write_many(void *argument)
{
	struct instance_log log;

	open_log(&log, 4096, 50);
	for (unsigned i = 0; i < 2000; i++)
		write_line(&log, i);
	instance_log_close(&log);
	instance_place_close(argument); /* the instance has ended */
	return NULL;
}

TEST(a_follower_misses_nothing)
{
	struct instance_place place = {.directory = dup(0), .lock = -1};
	struct sink sink = {0};
	pthread_t writer;
	char *expected;
	unsigned seen = 0;

	begin();
	CHECK(dup2(directory, place.directory) >= 0 && place_lock(&place));
	CHECK_EQ(pthread_create(&writer, NULL, write_many, &place), 0);
	read_all(&sink, (struct log_query){.follow = true});
	pthread_join(writer, NULL);
	expected = sink.streams[0].text;
	for (char *line; (line = strsep(&expected, "\n")) && *line; seen++) {
		char *want = text_format("line %u", seen);

		CHECK(strcmp(line, want) == 0);
		free(want);
	}
	CHECK_EQ(seen, 2000);
	sink_release(&sink);
	end();
}

TEST_MAIN()
