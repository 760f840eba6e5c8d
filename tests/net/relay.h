/* SPDX-License-Identifier: BSD-3-Clause */
/* The wire between two ends: it loses, doubles, delays, reorders, damages and marks frames by a seed. */
#pragma once
#include "tests/net/device.h"

struct relay_frame {
	struct relay_frame *next;
	uint64_t at_ns;
	unsigned to; /* as given to relay_put */
	size_t len;
	struct device_header header;
	uint8_t bytes[];
};

struct relay {
	/* Of 1000 frames each. */
	unsigned lost, doubled, damaged, marked;
	uint64_t delay_ns, jitter_ns;
	unsigned ip_offset; /* where the IP header is in a frame */
	uint64_t (*random)(void);
	struct relay_frame *frames; /* by time */
	unsigned nr_frames, nr_lost;
};

void relay_put(struct relay *relay, uint64_t now_ns, unsigned to, const struct device_header *header, const uint8_t *bytes, size_t len);
/* The next frame that is due, which the caller frees; NULL: none. */
struct relay_frame *relay_take(struct relay *relay, uint64_t now_ns);
uint64_t relay_next_ns(const struct relay *relay); /* UINT64_MAX: nothing is on its way */
void relay_clear(struct relay *relay);
