/* SPDX-License-Identifier: BSD-3-Clause */
/* printf-like formatting and number parsing, without a C library. */
#include "lib/format.h"
#include "lib/string.h"

/* Where text goes, and how long it would be in whole. */
struct sink {
	char *to;
	size_t size, len;
};

/* One conversion: %[flags][width][.precision][length]letter. */
struct conversion {
	bool is_left, has_sign, has_blank, has_prefix, is_zero_padded;
	int width, precision; /* precision -1: none */
	unsigned bytes;	      /* of the argument */
};

static void put(struct sink *sink, char c)
{
	if (sink->len + 1 < sink->size)
		sink->to[sink->len] = c;
	sink->len++;
}

static void put_many(struct sink *sink, char c, int n)
{
	while (n-- > 0)
		put(sink, c);
}

static void put_text(struct sink *sink, const struct conversion *conversion, const char *text, size_t len)
{
	int padding = conversion->width - (int)len;

	if (!conversion->is_left)
		put_many(sink, ' ', padding);
	for (size_t i = 0; i < len; i++)
		put(sink, text[i]);
	if (conversion->is_left)
		put_many(sink, ' ', padding);
}

/* A number as digits with its sign or prefix, padded to precision and width (C11 §7.21.6.1). */
static void put_number(struct sink *sink, const struct conversion *c, uint64_t value, unsigned base, bool is_upper, const char *prefix)
{
	const char *digit = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[24];
	int n = 0, zeros, padding, prefix_len = (int)strlen(prefix);

	for (uint64_t v = value; v; v /= base)
		digits[n++] = digit[v % base];
	if (!value && c->precision != 0)
		digits[n++] = '0';
	zeros = c->precision > n ? c->precision - n : 0;
	padding = c->width - n - zeros - prefix_len;
	if (c->is_zero_padded && !c->is_left && c->precision < 0 && padding > 0) {
		zeros += padding;
		padding = 0;
	}
	if (!c->is_left)
		put_many(sink, ' ', padding);
	while (*prefix)
		put(sink, *prefix++);
	put_many(sink, '0', zeros);
	while (n)
		put(sink, digits[--n]);
	if (c->is_left)
		put_many(sink, ' ', padding);
}

/* The argument lists' state moves through a struct, since a va_list cannot portably be passed by pointer. */
struct arguments {
	va_list list;
};

static uint64_t take_unsigned(struct arguments *args, unsigned bytes)
{
	uint64_t value = bytes == 8 ? va_arg(args->list, uint64_t) : va_arg(args->list, unsigned);

	return bytes == 1 ? (uint8_t)value : bytes == 2 ? (uint16_t)value : value;
}

static int64_t take_signed(struct arguments *args, unsigned bytes)
{
	int64_t value = bytes == 8 ? va_arg(args->list, int64_t) : va_arg(args->list, int);

	return bytes == 1 ? (int8_t)value : bytes == 2 ? (int16_t)value : value;
}

static const char *parse_flags(const char *f, struct conversion *c)
{
	for (;; f++) {
		if (*f == '-')
			c->is_left = true;
		else if (*f == '+')
			c->has_sign = true;
		else if (*f == ' ')
			c->has_blank = true;
		else if (*f == '#')
			c->has_prefix = true;
		else if (*f == '0')
			c->is_zero_padded = true;
		else
			return f;
	}
}

static const char *parse_count(const char *f, struct arguments *args, int *count)
{
	if (*f == '*') {
		*count = va_arg(args->list, int);
		return f + 1;
	}
	for (*count = 0; *f >= '0' && *f <= '9'; f++)
		*count = *count * 10 + (*f - '0');
	return f;
}

static const char *parse_length(const char *f, unsigned *bytes)
{
	*bytes = 4;
	if (*f == 'h') {
		*bytes = f[1] == 'h' ? 1 : 2;
		return f + (f[1] == 'h' ? 2 : 1);
	}
	if (*f == 'l' || *f == 'z' || *f == 't' || *f == 'j') {
		*bytes = 8;
		return f + (f[0] == 'l' && f[1] == 'l' ? 2 : 1);
	}
	return f;
}

static void convert(struct sink *sink, struct conversion *c, char letter, struct arguments *args)
{
	const char *text;
	int64_t number;
	uint64_t value;
	char character;

	switch (letter) {
	case 'd':
	case 'i':
		number = take_signed(args, c->bytes);
		value = number < 0 ? -(uint64_t)number : (uint64_t)number;
		put_number(sink, c, value, 10, false, number < 0 ? "-" : c->has_sign ? "+" : c->has_blank ? " " : "");
		break;
	case 'u':
		put_number(sink, c, take_unsigned(args, c->bytes), 10, false, "");
		break;
	case 'x':
	case 'X':
		value = take_unsigned(args, c->bytes);
		put_number(sink, c, value, 16, letter == 'X', c->has_prefix && value ? (letter == 'X' ? "0X" : "0x") : "");
		break;
	case 'o':
		value = take_unsigned(args, c->bytes);
		put_number(sink, c, value, 8, false, c->has_prefix && value ? "0" : "");
		break;
	case 'p':
		put_number(sink, c, (uintptr_t)va_arg(args->list, void *), 16, false, "0x");
		break;
	case 'c':
		character = (char)va_arg(args->list, int);
		put_text(sink, c, &character, 1);
		break;
	case 's':
		text = va_arg(args->list, const char *);
		text = text ? text : "(null)";
		put_text(sink, c, text, c->precision >= 0 ? strnlen(text, (size_t)c->precision) : strlen(text));
		break;
	default:
		put(sink, letter);
		break;
	}
}

int format_text_va(char *to, size_t size, const char *format, va_list list)
{
	struct sink sink = {.to = to, .size = size};
	struct arguments args;

	va_copy(args.list, list);
	for (const char *f = format; *f; f++) {
		struct conversion c = {.precision = -1};

		if (*f != '%') {
			put(&sink, *f);
			continue;
		}
		f = parse_flags(f + 1, &c);
		f = parse_count(f, &args, &c.width);
		if (c.width < 0) {
			c.is_left = true;
			c.width = -c.width;
		}
		if (*f == '.')
			f = parse_count(f + 1, &args, &c.precision);
		f = parse_length(f, &c.bytes);
		if (!*f)
			break;
		convert(&sink, &c, *f, &args);
	}
	va_end(args.list);
	if (size)
		to[sink.len < size ? sink.len : size - 1] = '\0';
	return (int)sink.len;
}

int format_text(char *to, size_t size, const char *format, ...)
{
	va_list list;
	int len;

	va_start(list, format);
	len = format_text_va(to, size, format, list);
	va_end(list);
	return len;
}

/* The value of a digit, 1 more than it is; 0: no digit. */
static const uint8_t digit_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11,
    ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* At least `base` if it is none. */
static unsigned digit_value(char c)
{
	return digit_values[(uint8_t)c] - 1u;
}

bool format_parse_u64(const char *text, const char **end, uint64_t *value)
{
	unsigned base = 10;
	uint64_t v = 0;
	const char *at = text;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_value(at[2]) < 16) {
		base = 16;
		at += 2;
	}
	if (digit_value(*at) >= base)
		return false;
	for (; digit_value(*at) < base; at++) {
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit_value(*at), &v))
			return false;
	}
	for (const char *suffix = "KMG"; *suffix; suffix++) {
		if ((*at & ~0x20) != *suffix)
			continue;
		unsigned shift = *suffix == 'K' ? 10 : *suffix == 'M' ? 20 : 30;
		if (v > UINT64_MAX >> shift)
			return false;
		v <<= shift;
		at++;
		break;
	}
	*value = v;
	*end = at;
	return true;
}
