/* SPDX-License-Identifier: BSD-3-Clause */
/* Files put at http and https URIs (RFC 9110 §9.3.4), whole or not at all as far as the server can be asked for that. */
#pragma once
#include "dory/base/error.h"

struct upload {
	const char *url;
	const char *path;     /* of the file here; NULL: what is at the URL is removed (DELETE) */
	const char *if_match; /* only if what is there has this ETag; NULL: whatever is there */
	bool is_new;          /* only if nothing is there */
	const char *token;    /* sent as the Authorization of the kind Bearer; NULL: what ~/.netrc has for the host, if anything */
	const char *proxy;    /* as in struct fetch_options */
	const char *title;    /* of the progress bar; NULL: none */
	long http_status;     /* of the answer; 0: none */
};

/* NETWORK: the server cannot be reached, or refuses; CONFLICT: what is there is not what was expected (409, 412). Nothing is tried twice. */
int upload_run(struct upload *upload, struct dory_error *err) must_check;
