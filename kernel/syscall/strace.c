/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --strace: calls in the form of strace(1), by their formats (strace_line.h) where these are linked, or by the letters of SYSCALL's text.
 * Lines are put together in memory of the thread's own, since the program's memory may have to be brought in; the log keeps parts of a
 * line together, and apart from what others write.
 */
#include "kernel/syscall/strace.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/syscall/strace_line.h"
#include "lib/format.h"

LINKER_SET_DECLARE(strace_format, struct strace_format);

static const struct strace_format *formats[SYSCALL_NUMBER_MAX + 1];

void strace_start(void)
{
	for (const struct strace_format *const *p = LINKER_SET_BEGIN(strace_format); p < LINKER_SET_END(strace_format); p++)
		formats[(*p)->number] = *p;
}

/* What the letters of SYSCALL's text mean. */
static const struct {
	char letter;
	struct strace_argument argument;
} letters[] = {
    {'d', INT}, {'S', SIGNAL}, {'u', UNSIGNED}, {'x', HEX}, {'p', ADDRESS}, {'s', PATH}, {'o', MODE}, {'m', MODE}, {'D', DIRFD}, {'f', HEX}, {'P', HEX}, {'M', HEX}, {'t', TIME},
    {'i', VECTOR}, {'b', BUFFER}, {'>', FILLED(strace_show_filled)}, {'*', GIVEN(strace_show_strings)},
};

static struct strace_argument argument_of(const struct syscall *call, uint64_t number, unsigned i)
{
	const struct strace_format *format = number <= SYSCALL_NUMBER_MAX ? formats[number] : NULL;
	const char *text = call->format;
	unsigned at = 0;

	if (format)
		return format->arguments[i];
	for (; *text && at < i; text++)
		at += text[1] != '>'; /* "b>" is one argument */
	if (*text == 'b' && text[1] == '>')
		text++;
	for (size_t n = 0; n < ARRAY_SIZE(letters); n++)
		if (letters[n].letter == *text)
			return letters[n].argument;
	return (struct strace_argument)HEX;
}

static void add_head(struct strace_line *line, const struct task *task, uint64_t number, const char *form)
{
	const char *name = syscall_name(number);
	char unknown[32];

	if (!name)
		format_text(unknown, sizeof(unknown), "syscall_%#llx", (unsigned long long)number);
	strace_add(line, "[pid %d] ", task->tid);
	strace_add(line, form, name ? name : unknown);
}

/* Arguments from *next on: up to the first that the call fills, or all. */
static void add_arguments(struct strace_line *line, const struct syscall *call, uint64_t number, const struct syscall_arguments *a, unsigned *next, bool is_done, int64_t result)
{
	unsigned nr = call ? (unsigned)max_u64(call->nr_arguments, formats[number] && formats[number]->arguments[0].show) : 0; /* rt_sigreturn tells without any */
	bool is_resumed = is_done; /* the comma before the first stands at the end of the first part */

	for (; call && *next < nr; ++*next) {
		struct strace_argument argument = argument_of(call, number, *next);
		struct strace_value value = {.value = a->v[*next], .a = a, .index = *next, .result = argument.is_filled ? result : 0, .table = argument.table};

		if (!is_resumed)
			strace_add(line, *next ? ", " : "");
		is_resumed = false;
		if (argument.is_filled && !is_done)
			return;
		if (argument.show)
			argument.show(line, &value);
		else
			strace_show_hex(line, &value);
	}
}

static bool never_returns(uint64_t number)
{
	return number == SYS_exit || number == SYS_exit_group;
}

void strace_enter(struct task *task, const struct syscall *call, uint64_t number, const struct syscall_arguments *a)
{
	struct strace_line *line = heap_alloc(sizeof(*line));

	task->strace_next = 0;
	if (!line)
		return;
	line->len = 0;
	add_head(line, task, number, "%s(");
	add_arguments(line, call, number, a, &task->strace_next, false, 0);
	for (unsigned i = 0; !call && i < 6; i++)
		strace_add(line, i ? ", %#llx" : "%#llx", (unsigned long long)a->v[i]);
	if (never_returns(number))
		strace_add(line, ") = ?\n");
	log_part(task->tid, NULL, line->text, line->len, never_returns(number));
	heap_free(line);
}

static void add_result(struct strace_line *line, uint64_t number, const struct syscall_arguments *a, int64_t result)
{
	const struct strace_format *format = number <= SYSCALL_NUMBER_MAX ? formats[number] : NULL;

	if (result < 0 && result >= -4095) {
		strace_add_error(line, -result);
		return;
	}
	strace_add(line, format && format->result == STRACE_ADDRESS ? "%#llx" : "%lld", (long long)result);
	if (format && format->explain)
		format->explain(line, a, result);
}

void strace_leave(struct task *task, const struct syscall *call, uint64_t number, const struct syscall_arguments *a, int64_t result)
{
	struct strace_line *line = heap_alloc(2 * sizeof(*line)), *again = line + 1;

	if (!line)
		return;
	line->len = again->len = 0;
	add_arguments(line, call, number, a, &task->strace_next, true, result);
	strace_add(line, ") = ");
	add_result(line, number, a, result);
	strace_add(line, "\n");
	add_head(again, task, number, "<... %s resumed>");
	again->text[again->len] = '\0';
	log_part(task->tid, again->text, line->text, line->len, true);
	heap_free(line);
}

void strace_signal(struct task *task, const struct linux_siginfo *info)
{
	struct strace_line *line = heap_alloc(sizeof(*line));

	if (!line)
		return;
	line->len = 0;
	strace_add(line, "[pid %d] --- ", task->tid);
	strace_add_signal(line, info->signo);
	strace_add(line, " ");
	strace_add_siginfo(line, info);
	strace_add(line, " ---\n");
	log_part(task->tid, NULL, line->text, line->len, true);
	heap_free(line);
}

void strace_end(struct task *task, int status)
{
	struct strace_line line = {.len = 0};

	if (task->tid == task->process->pid && status & 0x7f) {
		strace_add(&line, "[pid %d] +++ killed by ", task->tid);
		strace_add_signal(&line, status & 0x7f);
		strace_add(&line, status & 0x80 ? " (core dumped) +++\n" : " +++\n");
	} else {
		strace_add(&line, "[pid %d] +++ exited with %d +++\n", task->tid, status >> 8 & 0xff);
	}
	log_part(task->tid, NULL, line.text, line.len, true);
}
