/* SPDX-License-Identifier: BSD-3-Clause */
/* dlopen(3) of libcurl by its soname, under either of the names that Debian gives it. */
#include "curl_library.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum { CONNECT_TIMEOUT_S = 10 };

struct curl_library curl;

static int find_functions(void *library, struct dory_error *err)
{
	const struct {
		const char *name;
		void **function;
	} functions[] = {
#define CURL_ENTRY(name) {"curl_" #name, (void **)&curl.name},
	    CURL_FUNCTIONS(CURL_ENTRY)
#undef CURL_ENTRY
	};

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		*functions[i].function = dlsym(library, functions[i].name);
		if (!*functions[i].function)
			return error_set(err, DORY_ERROR_NETWORK, "this libcurl is too old: it has no %s", functions[i].name);
	}
	return 0;
}

int curl_library_load(struct dory_error *err)
{
	static bool is_loaded;
	void *library;

	if (is_loaded)
		return 0;
	library = dlopen("libcurl.so.4", RTLD_NOW);
	if (!library)
		library = dlopen("libcurl-gnutls.so.4", RTLD_NOW);
	if (!library) {
		error_set(err, DORY_ERROR_NETWORK, "nothing can be downloaded without libcurl: %s", dlerror());
		return error_hint(err, "install the package libcurl4");
	}
	if (find_functions(library, err) < 0)
		return -1;
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, DORY_ERROR_MEMORY, "libcurl cannot be started");
	is_loaded = true;
	return 0;
}

void curl_set_common(CURL *easy, const char *url, const char *proxy, long stall_s, char *error)
{
	curl.easy_setopt(easy, CURLOPT_URL, url);
	curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl.easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, stall_s);
	curl.easy_setopt(easy, CURLOPT_USERAGENT, "dory/" DORY_VERSION);
	curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
	if (proxy)
		curl.easy_setopt(easy, CURLOPT_PROXY, proxy);
}

void curl_add_header(struct curl_slist **headers, const char *name, const char *value)
{
	char *line;

	if (!value || strpbrk(value, "\r\n"))
		return;
	line = text_format("%s: %s", name, value);
	*headers = curl.slist_append(*headers, line);
	free(line);
}
