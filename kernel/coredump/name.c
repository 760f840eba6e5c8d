/* SPDX-License-Identifier: BSD-3-Clause */
/* The name of a core file (core(5), "Naming of core dump files"). */
#include "kernel/coredump/coredump.h"
#include "kernel/file/path.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/system_name.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"
#include "lib/string.h"

struct name {
	char *text;
	size_t len, size;
};

static void put_char(struct name *name, char c)
{
	if (name->len < name->size)
		name->text[name->len] = c;
	name->len++;
}

/* Text from outside leads to no other folder. */
static void put_text(struct name *name, const char *text)
{
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		text = "!";
	for (; *text; text++)
		put_char(name, *text == '/' ? '!' : *text);
}

static void put_number(struct name *name, uint64_t value)
{
	char text[24];

	format_text(text, sizeof(text), "%llu", (unsigned long long)value);
	put_text(name, text);
}

static void put_executable(struct name *name, const struct process *process, bool whole)
{
	char path[256];
	const char *slash;

	if (!process->executable || path_to_text(&process->executable->path, path, sizeof(path)) < 0)
		return;
	slash = strrchr(path, '/');
	put_text(name, !whole && slash ? slash + 1 : path);
}

static void put_word(struct name *name, char letter, const struct task *task, int signal)
{
	const struct process *process = task->process;

	switch (letter) {
	case '%':
		put_char(name, '%');
		break;
	case 'p':
	case 'P':
		put_number(name, (uint64_t)process->pid);
		break;
	case 'i':
	case 'I':
		put_number(name, (uint64_t)task->tid);
		break;
	case 'u':
		put_number(name, task->credentials->uid);
		break;
	case 'g':
		put_number(name, task->credentials->gid);
		break;
	case 'd':
		put_number(name, process->dumpable);
		break;
	case 's':
		put_number(name, (uint64_t)signal);
		break;
	case 't':
		put_number(name, clock_realtime_ns() / 1000000000);
		break;
	case 'c':
		put_number(name, process->limits[LINUX_RLIMIT_CORE].soft);
		break;
	case 'h':
		put_text(name, system_host_name);
		break;
	case 'e':
		put_text(name, task->name);
		break;
	case 'f':
	case 'E':
		put_executable(name, process, letter == 'E');
		break;
	default:
		break;
	}
}

int core_name(const struct task *task, int signal, char *to, size_t size)
{
	struct name name = {.text = to, .size = size};
	char pattern[CORE_PATTERN_MAX + 1];
	bool has_pid = !core_uses_pid;

	spin_lock(&process_tree_lock);
	memcpy(pattern, core_pattern, sizeof(pattern));
	spin_unlock(&process_tree_lock);
	for (const char *p = pattern; *p; p++) {
		if (*p != '%') {
			put_char(&name, *p);
			continue;
		}
		if (!*++p)
			break;
		has_pid |= *p == 'p';
		put_word(&name, *p, task, signal);
	}
	if (!has_pid && name.len) {
		put_char(&name, '.');
		put_number(&name, (uint64_t)task->process->pid);
	}
	put_char(&name, '\0');
	if (name.len > size)
		return -ENAMETOOLONG;
	return name.len > 1 ? 0 : -ENOENT;
}
