/* SPDX-License-Identifier: BSD-3-Clause */
/* One download: its file, digest and libcurl handle. Private to fetch. */
#pragma once
#include <openssl/evp.h>
#include "curl_library.h"
#include "fetch.h"

enum transfer_state {
	TRANSFER_WAITING, /* until retry_at_ms */
	TRANSFER_RUNNING,
	TRANSFER_OVER,
};

struct transfer {
	struct fetch_request *request;
	enum transfer_state state;
	CURL *easy;
	struct curl_slist *headers;
	char *part_path;
	int fd;
	EVP_MD_CTX *digest;	 /* of the bytes in the part file; NULL if there is nothing to check */
	uint64_t received;	 /* bytes in the part file */
	uint64_t resumed_from;	 /* of them, those that were there before this attempt */
	uint64_t furthest;	 /* the most that any attempt received */
	unsigned attempts;	 /* since the last one that got further */
	int64_t retry_at_ms;
	bool has_body;		 /* the first bytes of this attempt's body were seen */
	bool is_too_long;
	bool was_restarted;	 /* a resumed file was wrong, and is fetched from its beginning */
	int write_errno;
	char *etag, *modified;	 /* of the answer */
	uint64_t range_start;	 /* of the answer's Content-Range */
	char curl_error[CURL_ERROR_SIZE];
};

/*
 * Opens the part file, with what is there already if that can be resumed, and makes the handle. Returns 1 if all bytes are there
 * and nothing is to be fetched.
 */
int transfer_begin(struct transfer *transfer, const char *proxy, struct dory_error *err) must_check;

/*
 * After libcurl's `code`: puts the file in place, or sets the request's error, or decides to try again (TRANSFER_WAITING with
 * retry_at_ms). Gives the handle and the file back in any case.
 */
void transfer_end(struct transfer *transfer, CURLcode code, int64_t now_ms);

/* Gives handle and file back; part_path stays until transfer_release. */
void transfer_close(struct transfer *transfer);
void transfer_release(struct transfer *transfer);
