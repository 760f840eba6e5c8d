// SPDX-License-Identifier: BSD-3-Clause
// System V message queues: order and types, sizes, waiting for messages and for room, removal, rights.
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

struct message {
	long type;
	char text[8192];
};

static key_t key;

static int put(int id, long type, const char *text, int flags)
{
	struct message m = {.type = type};

	strcpy(m.text, text);
	return msgsnd(id, &m, strlen(text) + 1, flags);
}

static void take(int id, long type, size_t size, int flags)
{
	struct message m = {.type = -77};
	ssize_t n = msgrcv(id, &m, size, type, flags);

	if (n < 0)
		printf("take %ld: %s\n", type, strerrorname_np(errno));
	else
		printf("take %ld: %zd type %ld %.*s\n", type, n, m.type, (int)n, m.text);
	fflush(stdout);
}

static struct msqid_ds stat_of(int id)
{
	struct msqid_ds ds = {};

	if (msgctl(id, IPC_STAT, &ds))
		printf("IPC_STAT: %s\n", strerrorname_np(errno));
	return ds;
}

static void making(void)
{
	int id = msgget(key, IPC_CREAT | IPC_EXCL | 0640);
	struct msqid_ds ds = stat_of(id);

	SHOW(msgget(key, IPC_CREAT | IPC_EXCL));
	printf("found %d\n", msgget(key, 0) == id);
	SHOW(msgget(key + 1, 0));
	printf("messages %lu room %lu mode %o times %d %d %d\n", (unsigned long)ds.msg_qnum, (unsigned long)ds.msg_qbytes, ds.msg_perm.mode,
		ds.msg_stime != 0, ds.msg_rtime != 0, ds.msg_ctime != 0);
	SHOW(msgctl(id, IPC_STAT, (void *)8));
	SHOW(msgctl(id, 99, NULL));
	SHOW(msgctl(id, IPC_RMID, NULL));
	SHOW(put(id, 1, "x", 0));
	SHOW(msgctl(id, IPC_RMID, NULL));
}

static void order(void)
{
	int id = msgget(IPC_PRIVATE, 0600);
	struct msqid_ds ds;

	SHOW(put(id, 5, "five", 0));
	SHOW(put(id, 2, "two", 0));
	SHOW(put(id, 9, "nine", 0));
	SHOW(put(id, 2, "another two", 0));
	SHOW(put(id, 0, "zero", 0));
	SHOW(put(id, -1, "negative", 0));
	ds = stat_of(id);
	printf("messages %lu bytes %lu sender %s\n", (unsigned long)ds.msg_qnum, (unsigned long)ds.__msg_cbytes, ds.msg_lspid == getpid() ? "us" : "other");
	take(id, 1, 3, IPC_NOWAIT | MSG_COPY);
	take(id, 0, 100, IPC_NOWAIT | MSG_COPY);
	take(id, 4, 100, IPC_NOWAIT | MSG_COPY);
	take(id, 0, 100, MSG_COPY);
	take(id, 2, 100, 0);
	take(id, 7, 100, IPC_NOWAIT);
	take(id, -4, 100, IPC_NOWAIT);
	take(id, -4, 100, IPC_NOWAIT);
	take(id, 5, 100, IPC_NOWAIT | MSG_EXCEPT);
	take(id, 0, 3, IPC_NOWAIT);
	take(id, 0, 3, IPC_NOWAIT | MSG_NOERROR);
	take(id, 0, 100, IPC_NOWAIT);
	SHOW(put(id, LONG_MAX, "greatest", 0));
	take(id, LONG_MIN, 100, IPC_NOWAIT);
	SHOW(msgrcv(id, (void *)8, 10, 0, IPC_NOWAIT));
	SHOW(msgrcv(id, NULL, (size_t)-1, 0, IPC_NOWAIT));
	SHOW(msgsnd(id, (void *)8, 10, IPC_NOWAIT));
	SHOW(msgctl(id, IPC_RMID, NULL));
}

static int fill(int id, size_t size)
{
	static struct message m = {.type = 1};
	int n = 0;

	while (!msgsnd(id, &m, size, IPC_NOWAIT))
		n++;
	printf("filled with %d, then %s\n", n, strerrorname_np(errno));
	return n;
}

static void room(void)
{
	int id = msgget(IPC_PRIVATE, 0600), n;
	static struct message m = {.type = 1};
	struct msqid_ds ds;

	SHOW(msgsnd(id, &m, 8193, IPC_NOWAIT));
	n = fill(id, 8192);
	while (n--)
		msgrcv(id, &m, 8192, 0, 0);
	n = fill(id, 100);
	while (n--)
		msgrcv(id, &m, 8192, 0, 0);
	ds = stat_of(id);
	ds.msg_qbytes = 50;
	SHOW(msgctl(id, IPC_SET, &ds));
	n = fill(id, 0);
	SHOW(msgctl(id, IPC_RMID, NULL));
}

static int status_of(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void waiting(void)
{
	int id = msgget(IPC_PRIVATE, 0600), back = msgget(IPC_PRIVATE, 0600);
	static struct message m = {.type = 1};
	pid_t pid;
	long sum = 0;

	// Answers to questions, one each: neither side goes ahead.
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 200; i++) {
			msgrcv(id, &m, sizeof(m.text), 3, 0);
			m.type = 4;
			m.text[0]++;
			msgsnd(back, &m, 1, 0);
		}
		_exit(0);
	}
	for (int i = 0; i < 200; i++) {
		m.type = 3;
		m.text[0] = (char)(i % 100);
		msgsnd(id, &m, 1, 0);
		msgrcv(back, &m, sizeof(m.text), 0, 0);
		sum += m.text[0];
	}
	printf("answers %ld status %d\n", sum, status_of(pid));

	// More than there is room for, to a slow reader: in order.
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 300; i++) {
			struct message n = {.type = 1 + i % 2};

			memcpy(n.text, &i, sizeof(i));
			if (msgsnd(id, &n, 1000, 0))
				_exit(errno);
		}
		_exit(0);
	}
	sum = 0;
	for (int i = 0, got; i < 300; i++) {
		msgrcv(id, &m, sizeof(m.text), 0, 0);
		memcpy(&got, m.text, sizeof(got));
		sum += got == i;
	}
	printf("in order %ld status %d\n", sum, status_of(pid));

	// Two readers of two types.
	for (int type = 1; type <= 2; type++) {
		if (fork())
			continue;
		for (int i = 0; i < 50; i++)
			if (msgrcv(id, &m, sizeof(m.text), type, 0) != type)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < 100; i++) {
		m.type = 1 + i % 2;
		msgsnd(id, &m, (size_t)m.type, 0);
	}
	printf("two readers %d", status_of(-1));
	printf(" %d\n", status_of(-1));

	pid = fork();
	if (!pid)
		_exit(msgrcv(id, &m, 1, 0, 0) < 0 ? errno : 0);
	usleep(20000);
	SHOW(msgctl(id, IPC_RMID, NULL));
	printf("%s\n", strerrorname_np(status_of(pid)));
	fill(back, 8192);
	pid = fork();
	if (!pid)
		_exit(put(back, 1, "x", 0) ? errno : 0);
	usleep(20000);
	SHOW(msgctl(back, IPC_RMID, NULL));
	printf("%s\n", strerrorname_np(status_of(pid)));
}

static void handler(int signal)
{
}

static void interrupted(void)
{
	int id = msgget(IPC_PRIVATE, 0600);
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	static struct message m;
	pid_t pid;

	sigaction(SIGUSR1, &action, NULL);
	pid = fork();
	if (!pid)
		_exit(msgrcv(id, &m, 1, 0, 0) < 0 ? errno : 0);
	usleep(50000);
	kill(pid, SIGUSR1);
	printf("%s\n", strerrorname_np(status_of(pid)));
	SHOW(msgctl(id, IPC_RMID, NULL));
}

static void rights(void)
{
	int id = msgget(key, IPC_CREAT | 0604), status;
	struct msqid_ds ds = stat_of(id);
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(99);
		SHOW_OK(msgget(key, 0004));
		SHOW(msgget(key, 0002));
		SHOW(put(id, 1, "x", 0));
		take(id, 0, 10, IPC_NOWAIT);
		SHOW(msgctl(id, IPC_SET, &ds));
		SHOW(msgctl(id, IPC_RMID, NULL));
		exit(0);
	}
	waitpid(pid, &status, 0);
	ds.msg_perm.uid = 65534;
	ds.msg_qbytes = 5000;
	SHOW(msgctl(id, IPC_SET, &ds));
	ds = stat_of(id);
	printf("owner %u creator %u room %lu\n", ds.msg_perm.uid, ds.msg_perm.cuid, (unsigned long)ds.msg_qbytes);
	SHOW(msgctl(id, IPC_RMID, NULL));
}

static void walking(void)
{
	int id = msgget(key, IPC_CREAT | 0600), found = 0, last;
	struct msginfo info;
	struct msqid_ds ds;

	put(id, 1, "x", 0);
	last = msgctl(0, MSG_INFO, (struct msqid_ds *)&info);
	for (int slot = 0; slot <= last; slot++)
		found += msgctl(slot, MSG_STAT, &ds) == id && ds.msg_qnum == 1;
	printf("found %d, queues %d, messages %d, bytes %d\n", found, info.msgpool >= 1, info.msgmap >= 1, info.msgtql >= 2);
	SHOW(msgctl(0, IPC_INFO, (struct msqid_ds *)&info) == last);
	printf("limits %d %d\n", info.msgmax, info.msgmnb);
	SHOW(msgctl(id, IPC_RMID, NULL));
}

int main(void)
{
	key = 0x5f000000 | (getpid() & 0xffff) << 8;
	making();
	order();
	room();
	waiting();
	interrupted();
	rights();
	walking();
	return 0;
}
