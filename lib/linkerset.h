/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linker sets: an object registers itself where it is defined, and whoever uses the set iterates over what
 * was linked. Leaving a library out of the link leaves its members out; there is no central table.
 *
 *   LINKER_SET_MEMBER(filesystem, struct filesystem, ext4) = { .name = "ext4", ... };
 *   LINKER_SET_DECLARE(filesystem, struct filesystem);
 *   for (const struct filesystem *const *p = LINKER_SET_BEGIN(filesystem); p < LINKER_SET_END(filesystem); p++) ...
 *
 * The section holds pointers, sorted by the members' names (kernel.lds sorts set.* sections; the host's linker does not sort).
 */
#pragma once

#define LINKER_SET_MEMBER(set, type, member)                                                                        \
	static const type set##_##member;                                                                           \
	static const type *const set##_ptr_##member                                                                 \
	    __attribute__((used, retain, section("set_" #set))) = &set##_##member;                                          \
	static const type set##_##member

#define LINKER_SET_DECLARE(set, type)                                                                               \
	extern const type *const __start_set_##set[] __attribute__((weak, visibility("hidden")));                   \
	extern const type *const __stop_set_##set[] __attribute__((weak, visibility("hidden")))

#define LINKER_SET_BEGIN(set) (__start_set_##set)
#define LINKER_SET_END(set)   (__stop_set_##set)
