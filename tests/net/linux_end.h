/* SPDX-License-Identifier: BSD-3-Clause */
/* What Linux does at the other end: threads with ordinary sockets. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LINUX_ADDRESS = 0x0a090001, OUR_ADDRESS = 0x0a090002 }; /* of IPv6: fd09::a09:1 and fd09::a09:2 */
enum {
	LINUX_CONNECTS = 1,	/* otherwise it listens */
	LINUX_RESETS = 2,	/* ends with RST, once half has come */
	LINUX_READS_SLOWLY = 4, /* with a small buffer, and pauses */
	LINUX_CLOSES_FIRST = 8, /* sends its FIN at once; reads on */
	LINUX_IP6 = 32,
	LINUX_WAITS = 16,	/* sends and reads nothing until told to end */
};

/* One end of streams: sends `to_send` bytes of the pattern and reads until the end, `count` times after each other. */
struct linux_stream {
	uint16_t port;
	unsigned flags, count;
	uint64_t to_send, expected; /* expected: bytes to come */
	atomic_bool is_ready, has_ended, may_end;
	const char *error; /* NULL: all went well; to be read once it has ended */
	int error_number;
	uint64_t received;
	pthread_t thread;
};

void linux_stream_start(struct linux_stream *stream); /* returns when it listens */
void linux_stream_join(struct linux_stream *stream);
uint8_t linux_pattern(uint64_t at);

/* Echo by UDP at our port, and by ICMP: one answer for each size from `from` to `to` in steps. What is lost is sent again up to 20 times. */
struct linux_echo {
	bool is_icmp, is_ip6;
	uint16_t port;
	unsigned from, to, step;
	atomic_bool has_ended;
	const char *error;
	unsigned failed_size;
	pthread_t thread;
};
void linux_echo_start(struct linux_echo *echo);
void linux_echo_join(struct linux_echo *echo);
