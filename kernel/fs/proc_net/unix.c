/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/net/unix (proc(5)). */
#include "kernel/fs/proc/proc.h"
#include "kernel/mem/heap.h"
#include "kernel/net/socket/unix_list.h"
#include "kernel/uapi/socket.h"
#include "lib/string.h"

#define FLAG_LISTENING 0x10000u

struct line {
	struct unix_listing listing;
	char name[sizeof(((struct linux_sockaddr_un *)0)->path)];
};

/* Printing allocates, which is nothing to do under a spin lock: the lines are copied first, as many as there is room for. */
struct lines {
	struct line *line;
	size_t nr, room;
};

static void copy_line(void *context, const struct unix_listing *listing)
{
	struct lines *lines = context;
	struct line *line = &lines->line[lines->nr];

	if (lines->nr++ >= lines->room)
		return;
	line->listing = *listing;
	line->listing.name_len = min_u64(listing->name_len, sizeof(line->name));
	memcpy(line->name, listing->name, line->listing.name_len);
}

static bool copy_lines(struct lines *lines)
{
	for (lines->room = 64;; lines->room = lines->nr + lines->nr / 8) {
		lines->nr = 0;
		lines->line = heap_alloc(lines->room * sizeof(*lines->line));
		if (!lines->line)
			return false;
		unix_list(copy_line, lines);
		if (lines->nr <= lines->room)
			return true;
		heap_free(lines->line);
	}
}

static unsigned state_of(const struct unix_listing *l)
{
	return l->inode ? l->is_connected ? 3 : 1 : l->is_connected ? 2 : 4;
}

/* NULs of an abstract name are shown as '@', that of a path is not. */
static void print_line(struct proc_text *to, struct line *line)
{
	const struct unix_listing *l = &line->listing;

	line->listing.name_len -= l->name_inode && l->name_len && !line->name[l->name_len - 1];
	for (size_t i = 0; i < l->name_len; i++)
		if (!line->name[i])
			line->name[i] = '@';
	proc_print(to, "%016x: %08X %08X %08X %04X %02X %5llu", 0, l->references, 0, l->is_listening ? FLAG_LISTENING : 0, (unsigned)l->type, state_of(l),
	    (unsigned long long)l->inode);
	if (l->name_len) {
		proc_print(to, " ");
		proc_append(to, line->name, l->name_len);
	}
	proc_print(to, "\n");
}

static void show_unix(struct proc_text *to)
{
	struct lines lines;

	proc_print(to, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	if (!copy_lines(&lines)) {
		to->has_failed = true;
		return;
	}
	for (size_t i = 0; i < lines.nr; i++)
		print_line(to, &lines.line[i]);
	heap_free(lines.line);
}
PROC_FILE(net_unix) = {.path = "PID/net/unix", .mode = 0444, .show = show_unix};
