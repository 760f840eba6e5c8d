/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS messages (RFC 1035 §4), as pure functions over bytes; private to mdns.
 *
 *	0 id | 2 flags | 4 questions | 6 answers | 8 authorities | 10 additionals | 12 questions, then records
 *	a question: name, type 2, class 2; a record: name, type 2, class 2, TTL 4, length 2, data
 */
#pragma once
#include "kernel/net/core/net.h"

enum { DNS_HEADER = 12, DNS_NAME_MAX = 255, DNS_MESSAGE_MAX = 1472, DNS_UDP_MAX = 512 };
enum { DNS_TYPE_A = 1, DNS_TYPE_AAAA = 28, DNS_TYPE_ANY = 255, DNS_CLASS_IN = 1, DNS_CLASS_ANY = 255, DNS_CLASS_TOP_BIT = 0x8000 /* RFC 6762 §5.4, §10.2 */ };
enum { DNS_IS_RESPONSE = 0x8000, DNS_OPCODE = 0x7800, DNS_IS_AUTHORITATIVE = 0x0400, DNS_RECURSION_DESIRED = 0x0100, DNS_RECURSION_AVAILABLE = 0x0080,
       DNS_NO_ERROR = 0, DNS_SERVER_FAILURE = 2, DNS_NO_SUCH_NAME = 3, DNS_NOT_IMPLEMENTED = 4 };

/* A name as on the wire, whole and in small letters: labels with their lengths, and the root's empty one. */
struct dns_name {
	uint8_t bytes[DNS_NAME_MAX + 1];
	size_t len;
};

struct dns_question {
	struct dns_name name;
	uint16_t type, class;
};

struct dns_record {
	struct dns_name name;
	uint16_t type, class;
	const uint8_t *data; /* in the message */
	uint16_t len;
};

/* A walk over a message. */
struct dns_reader {
	const uint8_t *message;
	size_t len, at;
	unsigned questions, records; /* still to come */
	uint16_t id, flags;
};

bool dns_open(struct dns_reader *reader, const uint8_t *message, size_t len); /* false: too short */
/* The next one; false: there is none, or the message is damaged, and nothing more is to be had of it. Questions come first. */
bool dns_next_question(struct dns_reader *reader, struct dns_question *question);
bool dns_next_record(struct dns_reader *reader, struct dns_record *record);

/* A message being written; has_overflowed stays once something did not fit. */
struct dns_writer {
	uint8_t *bytes;
	size_t len, size;
	bool has_overflowed;
};

void dns_start(struct dns_writer *writer, uint8_t *bytes, size_t size, uint16_t id, uint16_t flags);
void dns_put_question(struct dns_writer *writer, const struct dns_question *question);
/* An A or AAAA record, by the address's version. All questions before the first record. */
void dns_put_address(struct dns_writer *writer, const struct dns_name *name, uint16_t class, uint32_t ttl_s, const struct net_address *address);

/* "host.local" for a host's name, of which only the first label counts. False: it is not a label (RFC 1123 §2.1). */
bool dns_name_local(struct dns_name *name, const char *host);
/* True for names that multicast DNS is asked for: a single label, which gets "local" behind it, or LABEL.local. */
bool dns_name_is_local(struct dns_name *name);
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
