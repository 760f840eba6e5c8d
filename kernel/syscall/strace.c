/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --strace: one line a call in strace(1)'s form, formatted from the call's own description (SYSCALL's text in syscall.h):
 * names of flags and errors where they help, strings and buffers quoted and cut.
 */
#include "kernel/syscall/strace.h"
#include "kernel/log/log.h"
#include "kernel/uapi/mman.h"
#include "lib/format.h"
#include "lib/string.h"

#define LINE_MAX   512
#define STRING_MAX 48

struct line {
	char text[LINE_MAX];
	size_t len;
};

static void add(struct line *line, const char *format, ...) printf_like(2, 3);
static void add(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = format_text_va(line->text + line->len, sizeof(line->text) - line->len, format, args);
	va_end(args);
	line->len = min_u64(line->len + (n > 0 ? (size_t)n : 0), sizeof(line->text) - 2);
}

struct flag_name {
	uint64_t bits;
	const char *name;
};

static const struct flag_name open_flags[] = {{1, "O_WRONLY"}, {2, "O_RDWR"}, {0100, "O_CREAT"}, {0200, "O_EXCL"}, {0400, "O_NOCTTY"},
    {01000, "O_TRUNC"}, {02000, "O_APPEND"}, {04000, "O_NONBLOCK"}, {040000, "O_DIRECT"}, {0100000, "O_LARGEFILE"},
    {020200000, "O_TMPFILE"}, {0200000, "O_DIRECTORY"}, {0400000, "O_NOFOLLOW"}, {02000000, "O_CLOEXEC"}, {010000000, "O_PATH"}, {0, NULL}};
static const struct flag_name protections[] = {{1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}, {0, NULL}};
static const struct flag_name map_flags[] = {{1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {LINUX_MAP_FIXED, "MAP_FIXED"}, {LINUX_MAP_ANONYMOUS, "MAP_ANONYMOUS"},
    {LINUX_MAP_GROWSDOWN, "MAP_GROWSDOWN"}, {LINUX_MAP_DENYWRITE, "MAP_DENYWRITE"}, {LINUX_MAP_NORESERVE, "MAP_NORESERVE"},
    {LINUX_MAP_POPULATE, "MAP_POPULATE"}, {LINUX_MAP_STACK, "MAP_STACK"}, {LINUX_MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE"}, {0, NULL}};

/* The names of the flags set, joined by '|'; the rest in hex; `none` where nothing is set. */
static void add_flags(struct line *line, uint64_t value, const struct flag_name *names, const char *none)
{
	const char *separator = "";

	if (!value || (names == open_flags && !(value & 3)))
		add(line, "%s", none), separator = "|";
	for (; names->bits; names++) {
		if ((value & names->bits) != names->bits)
			continue;
		add(line, "%s%s", separator, names->name);
		value &= ~names->bits;
		separator = "|";
	}
	if (value)
		add(line, "%s%#llx", separator, (unsigned long long)value);
}

static void add_quoted(struct line *line, const char *bytes, size_t len, bool is_cut)
{
	add(line, "\"");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\n')
			add(line, "\\n");
		else if (c == '\t')
			add(line, "\\t");
		else if (c == '"' || c == '\\')
			add(line, "\\%c", c);
		else if (c < ' ' || c > '~')
			add(line, "\\%o", c);
		else
			add(line, "%c", c);
	}
	add(line, is_cut ? "\"..." : "\"");
}

static void add_string(struct line *line, uint64_t address)
{
	char text[STRING_MAX * 4];
	long len = address ? user_copy_string(text, address, sizeof(text)) : -EFAULT;

	if (len == -ENAMETOOLONG)
		add_quoted(line, text, sizeof(text) - 1, true);
	else if (len < 0)
		add(line, address ? "%#llx" : "NULL", (unsigned long long)address);
	else
		add_quoted(line, text, (size_t)len, false);
}

static void add_buffer(struct line *line, uint64_t address, uint64_t len)
{
	char bytes[STRING_MAX];
	size_t shown = min_u64(len, sizeof(bytes));

	if (!address || user_copy_in(bytes, address, shown))
		add(line, address ? "%#llx" : "NULL", (unsigned long long)address);
	else
		add_quoted(line, bytes, shown, len > shown);
}

static void add_strings(struct line *line, uint64_t address)
{
	add(line, "[");
	for (unsigned i = 0; i < 8; i++) {
		uint64_t string;

		if (user_copy_in(&string, address + 8 * i, 8) || !string)
			break;
		add(line, i ? ", " : "");
		add_string(line, string);
	}
	add(line, "]");
}

static void add_timespec(struct line *line, uint64_t address)
{
	struct linux_timespec time;

	if (!address || user_copy_in(&time, address, sizeof(time)))
		add(line, address ? "%#llx" : "NULL", (unsigned long long)address);
	else
		add(line, "{tv_sec=%lld, tv_nsec=%lld}", (long long)time.seconds, (long long)time.nanoseconds);
}

/* Argument i, printed as letter `kind`. */
static void add_argument(struct line *line, char kind, const struct syscall_arguments *a, unsigned i, int64_t result, bool has_result)
{
	uint64_t v = a->v[i];

	switch (kind) {
	case 'd':
	case 'S':
		add(line, "%d", (int)v);
		break;
	case 'u':
		add(line, "%llu", (unsigned long long)v);
		break;
	case 'o':
	case 'm':
		add(line, "%#llo", (unsigned long long)v);
		break;
	case 's':
		add_string(line, v);
		break;
	case 'D':
		if ((int)v == -100)
			add(line, "AT_FDCWD");
		else
			add(line, "%d", (int)v);
		break;
	case 'f':
		add_flags(line, v, open_flags, "O_RDONLY");
		break;
	case 'P':
		add_flags(line, v, protections, "PROT_NONE");
		break;
	case 'M':
		add_flags(line, v, map_flags, "0");
		break;
	case 't':
		add_timespec(line, v);
		break;
	case 'b': /* written by the program */
		add_buffer(line, v, i < 5 ? a->v[i + 1] : 0);
		break;
	case '>': /* filled by the call */
		if (has_result && result > 0)
			add_buffer(line, v, (uint64_t)result);
		else
			add(line, "%#llx", (unsigned long long)v);
		break;
	case '*':
		add_strings(line, v);
		break;
	default:
		add(line, v ? "%#llx" : "NULL", (unsigned long long)v);
		break;
	}
}

/* Restart codes of process.h are shown as strace does. */
static const struct {
	int number;
	const char *name;
} errors[] = {{EPERM, "EPERM"}, {ENOENT, "ENOENT"}, {ESRCH, "ESRCH"}, {EINTR, "EINTR"}, {EIO, "EIO"}, {E2BIG, "E2BIG"}, {ENOEXEC, "ENOEXEC"},
    {EBADF, "EBADF"}, {ECHILD, "ECHILD"}, {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"}, {EFAULT, "EFAULT"}, {EBUSY, "EBUSY"},
    {EEXIST, "EEXIST"}, {EXDEV, "EXDEV"}, {ENODEV, "ENODEV"}, {ENOTDIR, "ENOTDIR"}, {EISDIR, "EISDIR"}, {EINVAL, "EINVAL"}, {EMFILE, "EMFILE"},
    {ENOTTY, "ENOTTY"}, {ETXTBSY, "ETXTBSY"}, {EFBIG, "EFBIG"}, {ENOSPC, "ENOSPC"}, {ESPIPE, "ESPIPE"}, {EROFS, "EROFS"}, {EMLINK, "EMLINK"},
    {EPIPE, "EPIPE"}, {ERANGE, "ERANGE"}, {ENAMETOOLONG, "ENAMETOOLONG"}, {ENOSYS, "ENOSYS"}, {ENOTEMPTY, "ENOTEMPTY"}, {ELOOP, "ELOOP"},
    {ENODATA, "ENODATA"}, {ETIMEDOUT, "ETIMEDOUT"}, {EOPNOTSUPP, "EOPNOTSUPP"}, {EAFNOSUPPORT, "EAFNOSUPPORT"},
    {ERESTART_SYS, "ERESTARTSYS"}, {ERESTART_NO_HANDLER, "ERESTARTNOHAND"}, {ERESTART_RESUME, "ERESTART_RESTARTBLOCK"}};

static void add_result(struct line *line, int64_t result)
{
	if (result >= 0 || result < -4095) {
		add(line, (uint64_t)result > 0xffffffu ? "%#llx" : "%lld", (long long)result);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i].number == -result) {
			add(line, "-1 %s", errors[i].name);
			return;
		}
	}
	add(line, "-1 errno %lld", (long long)-result);
}

bool strace_is_final(uint64_t number)
{
	return number == SYS_exit || number == SYS_exit_group || number == SYS_execve || number == SYS_execveat || number == SYS_rt_sigreturn;
}

void strace_print(const struct task *task, const struct syscall *call, uint64_t number, const struct syscall_arguments *a, int64_t result, bool has_result)
{
	struct line line = {.len = 0};
	const char *name = syscall_name(number);

	add(&line, "[%d] ", task->tid);
	if (has_result && strace_is_final(number) && result >= 0)
		add(&line, "%s resumed", name);
	else if (name)
		add(&line, "%s(", name);
	else
		add(&line, "syscall_%llu(", (unsigned long long)number);
	if (!has_result || !strace_is_final(number) || result < 0) {
		for (unsigned i = 0; call && i < call->nr_arguments; i++) {
			add(&line, i ? ", " : "");
			add_argument(&line, call->format[i] ? call->format[i] : 'x', a, i, result, has_result);
		}
		add(&line, ")");
	}
	if (has_result) {
		add(&line, " = ");
		add_result(&line, result);
	}
	line.text[line.len++] = '\n';
	log_raw(line.text, line.len);
}
