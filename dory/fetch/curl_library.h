/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libcurl, loaded when there is something to download: it brings some thirty libraries with it, and linked as usual those were
 * half the time that a command took which downloads nothing. Functions are called as curl.easy_init() and so on.
 */
#pragma once
#include <curl/curl.h>
#include "dory/base/error.h"

#define CURL_FUNCTIONS(X)                                                                                                \
	X(global_init)                                                                                                   \
	X(easy_init)                                                                                                     \
	X(easy_setopt)                                                                                                   \
	X(easy_perform)                                                                                                  \
	X(easy_getinfo)                                                                                                  \
	X(easy_strerror)                                                                                                 \
	X(easy_cleanup)                                                                                                  \
	X(slist_append)                                                                                                  \
	X(slist_free_all)                                                                                                \
	X(multi_init)                                                                                                    \
	X(multi_setopt)                                                                                                  \
	X(multi_add_handle)                                                                                              \
	X(multi_remove_handle)                                                                                           \
	X(multi_perform)                                                                                                 \
	X(multi_poll)                                                                                                    \
	X(multi_info_read)                                                                                               \
	X(multi_cleanup)

struct curl_library {
#define CURL_MEMBER(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

extern struct curl_library curl;

/* Loads and initialises it; the second call and the following ones do nothing. */
int curl_library_load(struct dory_error *err) must_check;
/* What every request has: its URL and proxy (NULL: libcurl's own choice), how many seconds it may stall, who we are, a buffer of CURL_ERROR_SIZE bytes for errors. */
void curl_set_common(CURL *easy, const char *url, const char *proxy, long stall_s, char *error);
/* Appends "NAME: VALUE" to the request's headers; nothing without a value, or with one that would begin another line. */
void curl_add_header(struct curl_slist **headers, const char *name, const char *value);
