/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How libdory reports failure. The last parameter of every function that can fail is a struct dory_error, never NULL,
 * untouched on success. Each layer adds what it was doing; nobody below the command line prints or exits.
 *
 *   if (open(...) < 0)
 *           return error_set_errno(err, DORY_ERROR_IO, "opening %s", path);
 *   if (fetch(..., err) < 0)
 *           return error_wrap(err, "downloading package %s", name);
 */
#pragma once
#include "lib/attr.h"

enum dory_error_kind {
	DORY_ERROR_NONE,
	DORY_ERROR_USAGE,     /* the caller's arguments */
	DORY_ERROR_NOT_FOUND, /* a package, image, file, program that is not there */
	DORY_ERROR_NOT_EXECUTABLE,
	DORY_ERROR_IO,	      /* the machine's files; errno says which way */
	DORY_ERROR_NO_SPACE,  /* a disk or image that is full */
	DORY_ERROR_NETWORK,
	DORY_ERROR_UNTRUSTED, /* a signature or digest that does not hold */
	DORY_ERROR_FORMAT,    /* bytes that are not what they should be */
	DORY_ERROR_CONFLICT,  /* packages that cannot be together; things that exist already */
	DORY_ERROR_HYPERVISOR,
	DORY_ERROR_INTERRUPTED,
	DORY_ERROR_MEMORY,
};

struct dory_error {
	enum dory_error_kind kind;
	int os_errno;	    /* 0 if none */
	char message[1024]; /* one sentence without a final stop: what and why */
	char hint[512];	    /* what to try next, empty if nothing comes to mind */
};

/* Each returns -1, so that it can be returned at once. */
int error_set(struct dory_error *err, enum dory_error_kind kind, const char *format, ...) printf_like(3, 4);
/* Adds ": strerror(errno)"; ENOSPC and EDQUOT make the kind DORY_ERROR_NO_SPACE. */
int error_set_errno(struct dory_error *err, enum dory_error_kind kind, const char *format, ...) printf_like(3, 4);
/* Puts "FORMAT: " before the message. */
int error_wrap(struct dory_error *err, const char *format, ...) printf_like(2, 3);
/* Sets the hint; returns -1. */
int error_hint(struct dory_error *err, const char *format, ...) printf_like(2, 3);
