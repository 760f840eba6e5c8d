/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing DNS messages. */
#include "kernel/net/mdns/message.h"

static const uint8_t local_labels[] = "\5local"; /* and the root's label, its NUL */

static uint8_t to_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* One label; its length with the length's byte, 0: damaged. */
static size_t take_label(const struct dns_reader *r, size_t at, struct dns_name *name)
{
	size_t len = (size_t)r->message[at] + 1;

	if (len > 64 || at + len > r->len || name->len + len > DNS_NAME_MAX)
		return 0;
	name->bytes[name->len++] = (uint8_t)(len - 1);
	for (size_t i = 1; i < len; i++)
		name->bytes[name->len++] = to_lower(r->message[at + i]);
	return len;
}

/* A name at reader->at, which moves behind it. Each pointer leads further to the front (RFC 1035 §4.1.4), so that it ends. */
static bool take_name(struct dns_reader *r, struct dns_name *name)
{
	size_t at = r->at, lowest = r->at, behind = 0, len;

	name->len = 0;
	for (;;) {
		if (at >= r->len)
			return false;
		if (r->message[at] >= 0xc0) {
			if (at + 2 > r->len)
				return false;
			behind = behind ? behind : at + 2;
			at = wire_get16(r->message + at) & 0x3fff;
			if (at >= lowest)
				return false;
			lowest = at;
			continue;
		}
		len = take_label(r, at, name);
		if (!len)
			return false;
		at += len;
		if (len == 1)
			break;
	}
	r->at = behind ? behind : at;
	return true;
}

bool dns_open(struct dns_reader *r, const uint8_t *message, size_t len)
{
	if (len < DNS_HEADER)
		return false;
	*r = (struct dns_reader){.message = message, .len = len, .at = DNS_HEADER, .id = wire_get16(message), .flags = wire_get16(message + 2),
				 .questions = wire_get16(message + 4),
				 .records = (unsigned)wire_get16(message + 6) + wire_get16(message + 8) + wire_get16(message + 10)};
	return true;
}

static bool give_up(struct dns_reader *r)
{
	r->questions = r->records = 0;
	return false;
}

bool dns_next_question(struct dns_reader *r, struct dns_question *question)
{
	if (!r->questions)
		return false;
	r->questions--;
	if (!take_name(r, &question->name) || r->at + 4 > r->len)
		return give_up(r);
	question->type = wire_get16(r->message + r->at);
	question->class = wire_get16(r->message + r->at + 2);
	r->at += 4;
	return true;
}

bool dns_next_record(struct dns_reader *r, struct dns_record *record)
{
	struct dns_question skipped;

	while (dns_next_question(r, &skipped))
		continue;
	if (!r->records)
		return false;
	r->records--;
	if (!take_name(r, &record->name) || r->at + 10 > r->len)
		return give_up(r);
	record->type = wire_get16(r->message + r->at);
	record->class = wire_get16(r->message + r->at + 2);
	record->len = wire_get16(r->message + r->at + 8);
	record->data = r->message + r->at + 10;
	r->at += 10u + record->len;
	return r->at <= r->len || give_up(r);
}

/* ---- Writing ---- */

static uint8_t *reserve(struct dns_writer *w, size_t len)
{
	uint8_t *at = w->bytes + w->len;

	if (w->has_overflowed || len > w->size - w->len) {
		w->has_overflowed = true;
		return NULL;
	}
	w->len += len;
	return at;
}

static void count_up(struct dns_writer *w, size_t offset)
{
	wire_put16(w->bytes + offset, wire_get16(w->bytes + offset) + 1);
}

void dns_start(struct dns_writer *w, uint8_t *bytes, size_t size, uint16_t id, uint16_t flags)
{
	uint8_t *h;

	*w = (struct dns_writer){.bytes = bytes, .size = size};
	h = reserve(w, DNS_HEADER);
	if (!h)
		return;
	memset(h, 0, DNS_HEADER);
	wire_put16(h, id);
	wire_put16(h + 2, flags);
}

void dns_put_question(struct dns_writer *w, const struct dns_question *question)
{
	uint8_t *to = reserve(w, question->name.len + 4);

	if (!to)
		return;
	memcpy(to, question->name.bytes, question->name.len);
	wire_put16(to + question->name.len, question->type);
	wire_put16(to + question->name.len + 2, question->class);
	count_up(w, 4);
}

void dns_put_address(struct dns_writer *w, const struct dns_name *name, uint16_t class, uint32_t ttl_s, const struct net_address *address)
{
	bool is_ip4 = net_address_is_ip4(address);
	uint16_t len = is_ip4 ? 4 : 16;
	uint8_t *to = reserve(w, name->len + 10 + len);

	if (!to)
		return;
	memcpy(to, name->bytes, name->len);
	to += name->len;
	wire_put16(to, is_ip4 ? DNS_TYPE_A : DNS_TYPE_AAAA);
	wire_put16(to + 2, class);
	wire_put32(to + 4, ttl_s);
	wire_put16(to + 8, len);
	memcpy(to + 10, address->byte + 16 - len, len);
	count_up(w, 6);
}

/* ---- Names ---- */

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool is_host_letter(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool dns_name_local(struct dns_name *name, const char *host)
{
	size_t len = 0;

	while (is_host_letter(host[len]))
		len++;
	if (!len || len > 63 || (host[len] && host[len] != '.'))
		return false;
	name->bytes[0] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		name->bytes[i + 1] = to_lower((uint8_t)host[i]);
	memcpy(name->bytes + len + 1, local_labels, sizeof(local_labels));
	name->len = len + 1 + sizeof(local_labels);
	return true;
}

bool dns_name_is_local(struct dns_name *name)
{
	size_t first = (size_t)name->bytes[0] + 1;

	if (first == 1)
		return false;
	if (name->len == first + 1) { /* a single label, and the root's */
		memcpy(name->bytes + first, local_labels, sizeof(local_labels));
		name->len = first + sizeof(local_labels);
		return true;
	}
	return name->len == first + sizeof(local_labels) && memcmp(name->bytes + first, local_labels, sizeof(local_labels)) == 0;
}
