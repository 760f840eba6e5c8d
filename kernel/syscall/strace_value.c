/* SPDX-License-Identifier: BSD-3-Clause */
/* The values that most calls have, as strace(1) prints them. */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/stat.h"
#include "lib/format.h"
#include "lib/string.h"

enum { BYTES_SHOWN = 32, STRING_SHOWN = 255, STRINGS_SHOWN = 16, VECTORS_SHOWN = 8 };

void strace_add(struct strace_line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = format_text_va(line->text + line->len, sizeof(line->text) - line->len, format, args);
	va_end(args);
	line->len = min_u64(line->len + (n > 0 ? (size_t)n : 0), sizeof(line->text) - 2);
}

void strace_add_flags(struct strace_line *line, uint64_t value, const struct strace_name *names, const char *none)
{
	const char *separator = "";

	/* The name of no bits, if the table has one, stands for a field of several bits that is 0. */
	if (names->name && !names->value) {
		if (!(value & (names + 1)->value)) {
			strace_add(line, "%s", names->name);
			separator = "|";
		}
		names++;
	} else if (!value) {
		strace_add(line, "%s", none);
	}
	for (; names->name; names++) {
		if (!names->value || (value & names->value) != names->value)
			continue;
		strace_add(line, "%s%s", separator, names->name);
		value &= ~names->value;
		separator = "|";
	}
	if (value)
		strace_add(line, "%s%#llx", separator, (unsigned long long)value);
}

void strace_add_name(struct strace_line *line, uint64_t value, const struct strace_name *names)
{
	for (; names->name; names++) {
		if (names->value == value) {
			strace_add(line, "%s", names->name);
			return;
		}
	}
	strace_add(line, "%#llx", (unsigned long long)value);
}

static void add_quoted(struct strace_line *line, const unsigned char *bytes, size_t len, bool is_cut)
{
	static const char escapes[] = "\aa\bb\tt\nn\vv\ff\rr\"\"\\\\";

	strace_add(line, "\"");
	for (size_t i = 0; i < len; i++) {
		const char *escape = bytes[i] ? strchr(escapes, bytes[i]) : NULL;
		bool digit_follows = i + 1 < len && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';

		if (escape && (escape - escapes) % 2 == 0)
			strace_add(line, "\\%c", escape[1]);
		else if (bytes[i] >= ' ' && bytes[i] <= '~')
			strace_add(line, "%c", bytes[i]);
		else
			strace_add(line, digit_follows ? "\\%03o" : "\\%o", bytes[i]);
	}
	strace_add(line, is_cut ? "\"..." : "\"");
}

void strace_add_bytes(struct strace_line *line, uint64_t address, uint64_t len)
{
	unsigned char bytes[BYTES_SHOWN];
	size_t shown = min_u64(len, sizeof(bytes));

	if (!address || user_copy_in(bytes, address, shown))
		strace_add(line, address ? "%#llx" : "NULL", (unsigned long long)address);
	else
		add_quoted(line, bytes, shown, len > shown);
}

bool strace_fetch(struct strace_line *line, const struct strace_value *v, void *to, size_t size)
{
	if (v->value && v->result >= 0 && !user_copy_in(to, v->value, size))
		return true;
	strace_show_address(line, v);
	return false;
}

void strace_omit(struct strace_line *line)
{
	if (line->len >= 2 && line->text[line->len - 1] == ' ')
		line->len -= 2;
}

void strace_show_nothing(struct strace_line *line, const struct strace_value *v)
{
	strace_omit(line);
}

/* ---- Numbers ---- */

void strace_show_int(struct strace_line *line, const struct strace_value *v)
{
	strace_add(line, "%d", (int)v->value);
}

void strace_show_unsigned(struct strace_line *line, const struct strace_value *v)
{
	strace_add(line, "%llu", (unsigned long long)v->value);
}

void strace_show_long(struct strace_line *line, const struct strace_value *v)
{
	strace_add(line, "%lld", (long long)v->value);
}

void strace_show_address(struct strace_line *line, const struct strace_value *v)
{
	strace_add(line, v->value ? "%#llx" : "NULL", (unsigned long long)v->value);
}

void strace_show_hex(struct strace_line *line, const struct strace_value *v)
{
	strace_add(line, "%#llx", (unsigned long long)v->value);
}

void strace_show_mode(struct strace_line *line, const struct strace_value *v)
{
	strace_add(line, "0%o", (unsigned)v->value);
}

void strace_show_flags(struct strace_line *line, const struct strace_value *v)
{
	strace_add_flags(line, (uint32_t)v->value, v->table, "0");
}

void strace_show_name(struct strace_line *line, const struct strace_value *v)
{
	strace_add_name(line, (uint32_t)v->value, v->table);
}

void strace_show_int_at(struct strace_line *line, const struct strace_value *v)
{
	int number;

	if (strace_fetch(line, v, &number, sizeof(number)))
		strace_add(line, "[%d]", number);
}

void strace_show_long_at(struct strace_line *line, const struct strace_value *v)
{
	int64_t number;

	if (strace_fetch(line, v, &number, sizeof(number)))
		strace_add(line, "[%lld]", (long long)number);
}

void strace_show_two_ints_at(struct strace_line *line, const struct strace_value *v)
{
	int numbers[2];

	if (strace_fetch(line, v, numbers, sizeof(numbers)))
		strace_add(line, "[%d, %d]", numbers[0], numbers[1]);
}

/* ---- Names and bytes ---- */

void strace_show_dirfd(struct strace_line *line, const struct strace_value *v)
{
	if ((int)v->value == AT_FDCWD)
		strace_add(line, "AT_FDCWD");
	else
		strace_add(line, "%d", (int)v->value);
}

static void add_string(struct strace_line *line, uint64_t address)
{
	char text[STRING_SHOWN + 1];
	long len = address ? user_copy_string(text, address, sizeof(text)) : -EFAULT;

	if (len == -ENAMETOOLONG)
		add_quoted(line, (unsigned char *)text, STRING_SHOWN, true);
	else if (len < 0)
		strace_add(line, address ? "%#llx" : "NULL", (unsigned long long)address);
	else
		add_quoted(line, (unsigned char *)text, (size_t)len, false);
}

void strace_show_path(struct strace_line *line, const struct strace_value *v)
{
	add_string(line, v->value);
}

void strace_show_buffer(struct strace_line *line, const struct strace_value *v)
{
	strace_add_bytes(line, v->value, v->index < 5 ? v->a->v[v->index + 1] : 0);
}

void strace_show_filled(struct strace_line *line, const struct strace_value *v)
{
	if (v->result >= 0)
		strace_add_bytes(line, v->value, (uint64_t)v->result);
	else
		strace_show_address(line, v);
}

/* `left`: bytes that there are in the vectors together. */
static void add_vector(struct strace_line *line, const struct strace_value *v, uint64_t left)
{
	uint64_t count = v->index < 5 ? (uint32_t)v->a->v[v->index + 1] : 0;
	struct linux_iovec vector;

	strace_add(line, "[");
	for (uint64_t i = 0; i < count; i++) {
		uint64_t shown;

		if (i == VECTORS_SHOWN || user_copy_in(&vector, v->value + i * sizeof(vector), sizeof(vector))) {
			strace_add(line, ", ...");
			break;
		}
		shown = min_u64(vector.len, left);
		strace_add(line, i ? ", {iov_base=" : "{iov_base=");
		strace_add_bytes(line, vector.base, shown);
		strace_add(line, ", iov_len=%llu}", (unsigned long long)vector.len);
		left -= shown;
	}
	strace_add(line, "]");
}

void strace_show_vector(struct strace_line *line, const struct strace_value *v)
{
	add_vector(line, v, UINT64_MAX);
}

void strace_show_filled_vector(struct strace_line *line, const struct strace_value *v)
{
	add_vector(line, v, v->result > 0 ? (uint64_t)v->result : 0);
}

void strace_show_strings(struct strace_line *line, const struct strace_value *v)
{
	uint64_t string;

	strace_add(line, "[");
	for (unsigned i = 0; !user_copy_in(&string, v->value + 8 * i, 8) && string; i++) {
		if (i == STRINGS_SHOWN) {
			strace_add(line, ", ...");
			break;
		}
		strace_add(line, i ? ", " : "");
		add_string(line, string);
	}
	strace_add(line, "]");
}

void strace_show_environment(struct strace_line *line, const struct strace_value *v)
{
	uint64_t string;
	unsigned nr = 0;

	while (nr < 10000 && !user_copy_in(&string, v->value + 8 * nr, 8) && string)
		nr++;
	strace_add(line, "%#llx /* %u vars */", (unsigned long long)v->value, nr);
}

/* ---- Times ---- */

static void add_timespec(struct strace_line *line, const struct linux_timespec *time)
{
	if (time->nanoseconds == 0x3fffffff || time->nanoseconds == 0x3ffffffe)
		strace_add(line, time->nanoseconds & 1 ? "UTIME_NOW" : "UTIME_OMIT");
	else
		strace_add(line, "{tv_sec=%lld, tv_nsec=%lld}", (long long)time->seconds, (long long)time->nanoseconds);
}

void strace_show_timespec(struct strace_line *line, const struct strace_value *v)
{
	struct linux_timespec time;

	if (strace_fetch(line, v, &time, sizeof(time)))
		add_timespec(line, &time);
}

void strace_show_two_timespecs(struct strace_line *line, const struct strace_value *v)
{
	struct linux_timespec times[2];

	if (!strace_fetch(line, v, times, sizeof(times)))
		return;
	strace_add(line, "[");
	add_timespec(line, &times[0]);
	strace_add(line, ", ");
	add_timespec(line, &times[1]);
	strace_add(line, "]");
}

void strace_show_timeval(struct strace_line *line, const struct strace_value *v)
{
	struct linux_timeval time;

	if (strace_fetch(line, v, &time, sizeof(time)))
		strace_add(line, "{tv_sec=%lld, tv_usec=%lld}", (long long)time.seconds, (long long)time.microseconds);
}
