/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the program of a detached instance writes, kept with the time. A file of lines in the format that containers' logs
 * have (Kubernetes' CRI):
 *
 *   2026-11-28T18:11:05.123456Z stdout F TEXT        F: the line was whole; P: it goes on in the stream's next line
 *
 * The newest is "log"; when it is full it becomes "log.1", that "log.2", and so on; the oldest is removed. Bytes that a
 * full disk does not take are dropped and counted: the program must not stop for its log.
 */
#pragma once
#include "dory/base/error.h"

enum log_stream { LOG_STDOUT, LOG_STDERR };

struct instance_log {
	int directory; /* the instance's; borrowed */
	int fd;
	uint64_t size, size_max;
	unsigned file_count; /* that are kept, the newest among them */
	uint64_t lost;       /* bytes */
	int lost_errno;
};

int instance_log_open(struct instance_log *log, int directory, uint64_t size_max, unsigned file_count, struct dory_error *err) must_check;
void instance_log_close(struct instance_log *log);
void instance_log_write(struct instance_log *log, enum log_stream stream, const char *bytes, size_t length);
void instance_log_say(struct instance_log *log, const char *format, ...) printf_like(2, 3); /* "dory: SENTENCE." */

enum { LOG_TIME_SIZE = 28 };
void log_time_now(char text[LOG_TIME_SIZE]); /* "2026-11-28T18:11:05.123456Z": compares as text */

/*
 * The standard output and error of this process, sent to the log by a thread until the streams are closed. What stood in
 * their places before is lost; afterwards /dev/null does.
 */
struct log_streams;
/* Called on the streams' thread with what was just written to the log; NULL: nobody listens. */
typedef void log_listener(void *context, enum log_stream stream, const char *bytes, size_t length);
int log_streams_open(struct log_streams **streams, struct instance_log *log, log_listener *listener, void *context, struct dory_error *err)
	must_check;
void log_streams_close(struct log_streams *streams); /* waits until all that was written is in the log */
