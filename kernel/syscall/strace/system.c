/* SPDX-License-Identifier: BSD-3-Clause */
/* The system as a whole, terminals' ioctl(2), and System V IPC. */
#include "kernel/syscall/strace_line.h"

static const struct strace_name random_flags[] = {{1, "GRND_NONBLOCK"}, {2, "GRND_RANDOM"}, {4, "GRND_INSECURE"}, {0, NULL}};
static const struct strace_name requests[] = {{0x5401, "TCGETS"}, {0x5402, "TCSETS"}, {0x5403, "TCSETSW"}, {0x5404, "TCSETSF"}, {0x5409, "TCSBRK"}, {0x540a, "TCXONC"}, {0x540b, "TCFLSH"}, {0x540e, "TIOCSCTTY"},
    {0x540f, "TIOCGPGRP"}, {0x5410, "TIOCSPGRP"}, {0x5411, "TIOCOUTQ"}, {0x5413, "TIOCGWINSZ"}, {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"}, {0x5421, "FIONBIO"}, {0x5422, "TIOCNOTTY"}, {0x5429, "TIOCGSID"},
    {0x5450, "FIONCLEX"}, {0x5451, "FIOCLEX"}, {0x5452, "FIOASYNC"}, {0x80045430, "TIOCGPTN"}, {0x40045431, "TIOCSPTLCK"}, {0x5441, "TIOCGPTPEER"}, {0x8910, "SIOCGIFNAME"}, {0x8912, "SIOCGIFCONF"},
    {0x8913, "SIOCGIFFLAGS"}, {0x8914, "SIOCSIFFLAGS"}, {0x8915, "SIOCGIFADDR"}, {0x8921, "SIOCGIFMTU"}, {0x8927, "SIOCGIFHWADDR"}, {0x8933, "SIOCGIFINDEX"}, {0x80081272, "BLKGETSIZE64"},
    {0x40049409, "FICLONE"}, {0, NULL}};
static const struct strace_name ipc_flags[] = {{01000, "IPC_CREAT"}, {02000, "IPC_EXCL"}, {04000, "IPC_NOWAIT"}, {0, NULL}};
static const struct strace_name ipc_commands[] = {{0, "IPC_RMID"}, {1, "IPC_SET"}, {2, "IPC_STAT"}, {3, "IPC_INFO"}, {0, NULL}};
static const struct strace_name seccomp_operations[] = {{0, "SECCOMP_SET_MODE_STRICT"}, {1, "SECCOMP_SET_MODE_FILTER"}, {2, "SECCOMP_GET_ACTION_AVAIL"}, {3, "SECCOMP_GET_NOTIF_SIZES"}, {0, NULL}};
static const struct strace_name seccomp_flags[] = {{1, "SECCOMP_FILTER_FLAG_TSYNC"}, {2, "SECCOMP_FILTER_FLAG_LOG"}, {4, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"}, {0, NULL}};

/* The first names of struct utsname; each field has 65 bytes. */
static void show_names(struct strace_line *line, const struct strace_value *v)
{
	char system[65], node[65];

	if (v->result < 0 || user_copy_in(system, v->value, sizeof(system)) || user_copy_in(node, v->value + 65, sizeof(node))) {
		strace_show_address(line, v);
		return;
	}
	system[64] = node[64] = '\0';
	strace_add(line, "{sysname=\"%s\", nodename=\"%s\", ...}", system, node);
}

static void show_ipc_key(struct strace_line *line, const struct strace_value *v)
{
	strace_add(line, (int)v->value ? "%#x" : "IPC_PRIVATE", (unsigned)v->value);
}

static void show_ipc_flags(struct strace_line *line, const struct strace_value *v)
{
	if (v->value & ~0777ull) {
		strace_add_flags(line, v->value & ~0777ull, ipc_flags, "0");
		strace_add(line, "|");
	}
	strace_add(line, "%#o", (unsigned)v->value & 0777);
}

STRACE(uname, FILLED(show_names));
STRACE(getrandom, FILLED(strace_show_filled), UNSIGNED, FLAGS(random_flags));
STRACE(ioctl, INT, NAME(requests), ADDRESS);
STRACE(seccomp, NAME(seccomp_operations), FLAGS(seccomp_flags), ADDRESS);
STRACE(msgget, {.show = show_ipc_key}, {.show = show_ipc_flags});
STRACE(semget, {.show = show_ipc_key}, INT, {.show = show_ipc_flags});
STRACE(shmget, {.show = show_ipc_key}, UNSIGNED, {.show = show_ipc_flags});
STRACE(msgctl, INT, NAME(ipc_commands), ADDRESS);
STRACE(semctl, INT, INT, NAME(ipc_commands), ADDRESS);
STRACE(shmctl, INT, NAME(ipc_commands), ADDRESS);
STRACE(getcpu, FILLED(strace_show_int_at), FILLED(strace_show_int_at), ADDRESS);
