/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options (RFC 9293 §3.2, RFC 7323, RFC 2018), each: kind, length with these two bytes, value.
 *
 *	0 end | 1 nothing | 2,4 MSS | 3,3 window scale | 4,2 SACK permitted | 5,n SACK: ranges of 8 bytes | 8,10 timestamp, echo
 */
#include "kernel/net/tcp/internal.h"

static uint8_t *put(uint8_t *p, uint8_t kind, uint8_t len)
{
	p[0] = kind;
	p[1] = len;
	return p + 2;
}

static uint8_t *pad(uint8_t *p, unsigned n)
{
	memset(p, 1, n);
	return p + n;
}

size_t tcp_options_put(uint8_t *to, const struct tcp_option_values *v)
{
	uint8_t *p = to;

	if (v->mss) {
		p = put(p, 2, 4);
		wire_put16(p, v->mss);
		p += 2;
	}
	if (v->has_timestamp) {
		p = put(pad(p, 2), 8, 10);
		wire_put32(p, v->ts_value);
		wire_put32(p + 4, v->ts_echo);
		p += 8;
	}
	if (v->sack_permitted)
		p = put(pad(p, 2), 4, 2);
	if (v->has_scale) {
		p = put(pad(p, 1), 3, 3);
		*p++ = v->scale;
	}
	if (v->nr_sacks) {
		p = put(pad(p, 2), 5, (uint8_t)(2 + 8 * v->nr_sacks));
		for (unsigned i = 0; i < v->nr_sacks; i++, p += 8) {
			wire_put32(p, v->sack[i].start);
			wire_put32(p + 4, v->sack[i].end);
		}
	}
	return (size_t)(p - to);
}

static void take(const uint8_t *o, uint8_t len, struct tcp_segment *s)
{
	if (o[0] == 2 && len == 4) {
		s->has_mss = true;
		s->mss = wire_get16(o + 2);
	} else if (o[0] == 3 && len == 3) {
		s->has_scale = true;
		s->scale = (uint8_t)min_u64(o[2], TCP_SCALE_MAX); /* RFC 7323 §2.3 */
	} else if (o[0] == 4 && len == 2) {
		s->sack_permitted = true;
	} else if (o[0] == 5 && len >= 10 && (len - 2) % 8 == 0) {
		s->nr_sacks = (uint8_t)min_u64((len - 2u) / 8, ARRAY_SIZE(s->sack));
		for (unsigned i = 0; i < s->nr_sacks; i++)
			s->sack[i] = (struct tcp_range){wire_get32(o + 2 + 8 * i), wire_get32(o + 6 + 8 * i)};
	} else if (o[0] == 8 && len == 10) {
		s->has_timestamp = true;
		s->ts_value = wire_get32(o + 2);
		s->ts_echo = wire_get32(o + 6);
	}
}

bool tcp_options_parse(const uint8_t *options, size_t len, struct tcp_segment *segment)
{
	size_t i = 0;

	while (i < len && options[i] != 0) {
		if (options[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= len || options[i + 1] < 2 || options[i + 1] > len - i)
			return false;
		take(options + i, options[i + 1], segment);
		i += options[i + 1];
	}
	return true;
}
