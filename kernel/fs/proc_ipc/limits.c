/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys/kernel: the limits of System V IPC (proc(5), sysvipc(7)). */
#include "kernel/fs/proc/proc.h"
#include "kernel/ipc/ipc.h"
#include "kernel/uapi/errno.h"
#include "lib/format.h"

/* The next number of the text, behind blanks; *text goes past it. */
static int next_number(const char **text, uint64_t most, uint64_t *value)
{
	while (**text == ' ' || **text == '\t')
		++*text;
	if (!format_parse_u64(*text, text, value) || *value > most)
		return -EINVAL;
	return **text && **text != '\n' && **text != ' ' && **text != '\t' ? -EINVAL : 0;
}

static int store_u64(const char *text, uint64_t most, uint64_t *place)
{
	uint64_t value;
	int ret = next_number(&text, most, &value);

	if (!ret)
		*place = value;
	return ret;
}

static int store_id(const char *text, int *place)
{
	uint64_t value;
	int ret;

	if (text[0] == '-') {
		if (text[1] != '1' || (text[2] && text[2] != '\n'))
			return -EINVAL;
		*place = -1;
		return 0;
	}
	ret = store_u64(text, INT32_MAX, &value);
	if (!ret)
		*place = (int)value;
	return ret;
}

/* A file for a field: how it is printed and stored. */
#define LIMIT(field, printed, type, stored)                                                                           \
	static void show_##field(struct proc_text *to)                                                              \
	{                                                                                                           \
		proc_print(to, printed "\n", (type)ipc_limits.field);                                                \
	}                                                                                                           \
	static int store_##field(const char *text, size_t len)                                                      \
	{                                                                                                           \
		return stored;                                                                                      \
	}                                                                                                           \
	PROC_FILE(sys_##field) = {.path = "sys/kernel/" #field, .mode = 0644, .show = show_##field, .store = store_##field}
#define LIMIT_U64(field) LIMIT(field, "%llu", unsigned long long, store_u64(text, UINT64_MAX, &ipc_limits.field))
#define LIMIT_ID(field) LIMIT(field, "%d", int, store_id(text, &ipc_limits.field))

LIMIT_U64(shmmax);
LIMIT_U64(shmall);
PROC_FILE(sys_shmmni) = {.path = "sys/kernel/shmmni", .mode = 0644, .number = &ipc_limits.shmmni, .most = 32768};
PROC_FILE(sys_msgmni) = {.path = "sys/kernel/msgmni", .mode = 0644, .number = &ipc_limits.msgmni, .most = 32768};
PROC_FILE(sys_msgmax) = {.path = "sys/kernel/msgmax", .mode = 0644, .number = &ipc_limits.msgmax, .most = INT32_MAX};
PROC_FILE(sys_msgmnb) = {.path = "sys/kernel/msgmnb", .mode = 0644, .number = &ipc_limits.msgmnb, .most = INT32_MAX};
LIMIT_ID(shm_next_id);
LIMIT_ID(msg_next_id);
LIMIT_ID(sem_next_id);

static void show_sem(struct proc_text *to)
{
	proc_print(to, "%u\t%u\t%u\t%u\n", ipc_limits.semmsl, ipc_limits.semmns, ipc_limits.semopm, ipc_limits.semmni);
}

/* As many of the four as are written. */
static int store_sem(const char *text, size_t len)
{
	unsigned *const places[] = {&ipc_limits.semmsl, &ipc_limits.semmns, &ipc_limits.semopm, &ipc_limits.semmni};
	static const unsigned most[] = {65536, INT32_MAX, 32000, 32768};

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]) && *text && *text != '\n'; i++) {
		uint64_t value;
		int ret = next_number(&text, most[i], &value);

		if (ret)
			return ret;
		*places[i] = (unsigned)value;
	}
	return 0;
}
PROC_FILE(sys_sem) = {.path = "sys/kernel/sem", .mode = 0644, .show = show_sem, .store = store_sem};
