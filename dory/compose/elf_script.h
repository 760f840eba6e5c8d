/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of elf_closure_find that reads scripts. */
#pragma once
#include "dory/compose/compose.h"

/*
 * For a file of more than two bytes that starts with "#!": the closure is the script itself, and its interpreter the
 * first word, or the program that env(1) is to look for.
 */
int elf_closure_read_script(const char *path, const char *guest_path, const char *bytes, size_t size,
	struct elf_closure *closure, struct dory_error *err) must_check;
