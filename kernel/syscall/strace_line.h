/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How --strace prints a call as strace(1) does: each argument by a function, with a table of names where it needs one.
 *
 *   STRACE(openat, DIRFD, PATH, FLAGS(open_flags), MODE);
 *
 * stands in kernel/syscall/strace, whose modules a profile may leave out; a call without it is printed by the letters of its SYSCALL.
 */
#pragma once
#include "kernel/syscall/syscall.h"

struct strace_line {
	char text[1000];
	size_t len;
};
void strace_add(struct strace_line *line, const char *format, ...) printf_like(2, 3);
/* Without the minus sign: "-1 ENOENT (No such file or directory)". */
void strace_add_error(struct strace_line *line, int64_t number);

/* An argument to be printed. Those that a call fills are printed after it, the others before. */
struct strace_value {
	uint64_t value;
	const struct syscall_arguments *a;
	unsigned index;
	int64_t result; /* of the call; 0 before it */
	const void *table;
};

struct strace_argument {
	void (*show)(struct strace_line *line, const struct strace_value *v);
	const void *table;
	bool is_filled; /* by the call */
};

enum strace_result { STRACE_DECIMAL, STRACE_ADDRESS };

struct strace_format {
	unsigned number;
	enum strace_result result;
	void (*explain)(struct strace_line *line, const struct syscall_arguments *a, int64_t result); /* behind a result that is no error; or NULL */
	struct strace_argument arguments[6];
};
#define STRACE(n, ...) LINKER_SET_MEMBER(strace_format, struct strace_format, n) = {.number = SYS_##n, .arguments = {__VA_ARGS__}}
#define STRACE_ADDRESS(n, ...) LINKER_SET_MEMBER(strace_format, struct strace_format, n) = {.number = SYS_##n, .result = STRACE_ADDRESS, .arguments = {__VA_ARGS__}}
#define STRACE_EXPLAINED(n, how, ...) LINKER_SET_MEMBER(strace_format, struct strace_format, n) = {.number = SYS_##n, .explain = how, .arguments = {__VA_ARGS__}}

/* Names of values, or of bits; ended by one without a name. Of flags, what several bits make together stands before what they mean alone. */
struct strace_name {
	uint64_t value;
	const char *name;
};
void strace_add_flags(struct strace_line *line, uint64_t value, const struct strace_name *names, const char *none);
void strace_add_name(struct strace_line *line, uint64_t value, const struct strace_name *names);
void strace_add_signal(struct strace_line *line, int signal);
void strace_add_signal_set(struct strace_line *line, uint64_t set);
void strace_add_bytes(struct strace_line *line, uint64_t address, uint64_t len);
void strace_add_siginfo(struct strace_line *line, const struct linux_siginfo *info);
/* Copies a struct of the program, or prints its address and returns false; NULL too. After a call that failed nothing was filled. */
bool strace_fetch(struct strace_line *line, const struct strace_value *v, void *to, size_t size);

/* For an argument that does not count in this call: takes back the comma before it. */
void strace_omit(struct strace_line *line);
void strace_show_nothing(struct strace_line *line, const struct strace_value *v);
void strace_show_int(struct strace_line *line, const struct strace_value *v);
void strace_show_unsigned(struct strace_line *line, const struct strace_value *v);
void strace_show_long(struct strace_line *line, const struct strace_value *v);
void strace_show_address(struct strace_line *line, const struct strace_value *v);
void strace_show_hex(struct strace_line *line, const struct strace_value *v);
void strace_show_mode(struct strace_line *line, const struct strace_value *v);
void strace_show_dirfd(struct strace_line *line, const struct strace_value *v);
void strace_show_path(struct strace_line *line, const struct strace_value *v);
void strace_show_flags(struct strace_line *line, const struct strace_value *v);
void strace_show_name(struct strace_line *line, const struct strace_value *v);
void strace_show_signal(struct strace_line *line, const struct strace_value *v);
void strace_show_signal_set(struct strace_line *line, const struct strace_value *v);
void strace_show_buffer(struct strace_line *line, const struct strace_value *v); /* as long as the next argument says */
void strace_show_filled(struct strace_line *line, const struct strace_value *v); /* as long as the result says */
void strace_show_vector(struct strace_line *line, const struct strace_value *v); /* of iovecs, as many as the next argument says */
void strace_show_filled_vector(struct strace_line *line, const struct strace_value *v);
void strace_show_strings(struct strace_line *line, const struct strace_value *v); /* argv */
void strace_show_environment(struct strace_line *line, const struct strace_value *v);
void strace_show_int_at(struct strace_line *line, const struct strace_value *v); /* a pointer to an int */
void strace_show_long_at(struct strace_line *line, const struct strace_value *v);
void strace_show_two_ints_at(struct strace_line *line, const struct strace_value *v);
void strace_show_timespec(struct strace_line *line, const struct strace_value *v);
void strace_show_two_timespecs(struct strace_line *line, const struct strace_value *v);
void strace_show_timeval(struct strace_line *line, const struct strace_value *v);

#define INT		{.show = strace_show_int}
#define UNSIGNED	{.show = strace_show_unsigned}
#define NOTHING		{.show = strace_show_nothing}
#define LONG		{.show = strace_show_long}
#define ADDRESS		{.show = strace_show_address}
#define HEX		{.show = strace_show_hex}
#define MODE		{.show = strace_show_mode}
#define DIRFD		{.show = strace_show_dirfd}
#define PATH		{.show = strace_show_path}
#define FLAGS(names)	{.show = strace_show_flags, .table = names}
#define NAME(names)	{.show = strace_show_name, .table = names}
#define SIGNAL		{.show = strace_show_signal}
#define SIGNALS		{.show = strace_show_signal_set}
#define BUFFER		{.show = strace_show_buffer}
#define VECTOR		{.show = strace_show_vector}
#define TIME		{.show = strace_show_timespec}
#define FILLED(show_it) {.show = show_it, .is_filled = true}
#define GIVEN(show_it)	{.show = show_it}
