/* SPDX-License-Identifier: BSD-3-Clause */
/* The Capstanfile: an image from a base, files of this disk and a command line. */
#pragma once
#include "dory/base/error.h"
#include "dory/base/text_list.h"

struct capstanfile_entry { /* of `files` */
	char *guest;   /* absolute, without ".." */
	char *host;    /* '&' is replaced already; may be a pattern of glob(7) */
	unsigned line; /* in the Capstanfile */
};

struct capstanfile {
	struct text_list bases; /* "deb:NAME", or names of images; most files have one */
	char *command;          /* "cmdline" */
	char *build;            /* NULL: nothing is to be run before */
	char *rootfs;           /* NULL: ROOTFS, if that is there */
	struct capstanfile_entry *files;
	size_t count;
};

/* `name`: of the file, for messages. Error: FORMAT with line and column. */
int capstanfile_parse(const char *name, const char *text, size_t length, bool is_quiet, struct capstanfile *file,
	struct dory_error *err) must_check;
void capstanfile_release(struct capstanfile *file);
