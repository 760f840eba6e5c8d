/* SPDX-License-Identifier: BSD-3-Clause */
/* How guest tests print results: the call, its value or the name of its error. */
#pragma once
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* SHOW(open("x", 0)): prints "open("x", 0) = VALUE" or "= -ENOENT"; for descriptors use SHOW_OK, which prints "ok" for any value >= 0. */
#define SHOW(call)                                                                                                  \
	({                                                                                                          \
		long show_ret = (long)(call);                                                                       \
		show_result(#call, show_ret, 0);                                                                    \
		show_ret;                                                                                           \
	})
#define SHOW_OK(call)                                                                                               \
	({                                                                                                          \
		long show_ret = (long)(call);                                                                       \
		show_result(#call, show_ret, 1);                                                                    \
		show_ret;                                                                                           \
	})

static inline void show_result(const char *call, long ret, int hide)
{
	if (ret == -1)
		printf("%s = -%s\n", call, strerrorname_np(errno));
	else if (hide)
		printf("%s = ok\n", call);
	else
		printf("%s = %ld\n", call, ret);
	fflush(stdout);
}
