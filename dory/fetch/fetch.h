/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Downloads of files by http, https and file URIs: several at once, resumed where a digest allows, retried where it may
 * help, checked for size and SHA-256, and put in place by one rename when whole and right.
 */
#pragma once
#include "dory/base/error.h"

enum fetch_outcome {
	FETCH_FAILED,
	FETCH_DONE,
	FETCH_UNCHANGED, /* the server says that it is as the validators describe; path was not touched */
};

struct fetch_request {
	const char *url;    /* borrowed, as path and sha256 */
	const char *path;   /* where it goes; an unfinished file with a digest stays beside it as PATH.part, and is resumed */
	const char *sha256; /* 64 lower-case hex digits; NULL: not checked here */
	uint64_t size;	    /* bytes, 0: not known */
	uint64_t limit;	    /* without a size: more than this is an error */
	/* Validators of what is at `path` already, owned, NULL: none. Set from the answer of a download that is done. */
	char *etag, *modified;

	/* results */
	enum fetch_outcome outcome;
	long http_status; /* of the last answer, 0: none */
	struct dory_error error; /* if FETCH_FAILED */
};

struct fetch_options {
	const char *proxy; /* "": none; NULL: the environment's */
	const char *title; /* of the progress bar; NULL: none */
	unsigned parallel; /* 0: 8 */
	bool quiet;
};

/*
 * Downloads all; one that fails does not stop the others. Returns -1 with the first failure's error if any failed.
 * A digest that does not hold is UNTRUSTED; a server that cannot be reached, or answers no, NETWORK.
 */
int fetch_all(const struct fetch_options *options, struct fetch_request *requests, size_t count,
    struct dory_error *err) must_check;
