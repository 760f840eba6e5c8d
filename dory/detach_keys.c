/* SPDX-License-Identifier: BSD-3-Clause */
#include "dory/detach_keys.h"

#define CTRL_P '\x10'
#define CTRL_Q '\x11'

bool detach_keys_filter(struct detach_keys *keys, const char *bytes, size_t length, char *out, size_t *out_length)
{
	*out_length = 0;
	for (size_t i = 0; i < length; i++) {
		if (keys->is_escaped && bytes[i] == CTRL_Q)
			return true;
		if (keys->is_escaped)
			out[(*out_length)++] = CTRL_P;
		keys->is_escaped = bytes[i] == CTRL_P;
		if (!keys->is_escaped)
			out[(*out_length)++] = bytes[i];
	}
	return false;
}
