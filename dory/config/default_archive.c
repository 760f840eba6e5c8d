/* SPDX-License-Identifier: BSD-3-Clause */
/* The build wrote the URI, without any newline, into the file that is taken in here; see module.mk. */
#include "default_archive.h"

__asm__(".pushsection .rodata\n"
	"default_archive_text:\n"
	".incbin \"out/debian-archive\"\n"
	".byte 0\n"
	".popsection\n");

extern const char default_archive_text[];

const char *default_archive(void)
{
	return default_archive_text;
}
