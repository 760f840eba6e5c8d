/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP over loopback: connecting, transferring, ends of all kinds and their errors. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "inet.h"

static volatile sig_atomic_t signals;

static void on_signal(int nr)
{
	signals++;
}

static void families(void)
{
	printf("== families\n");
	SHOW_OK(socket(AF_INET, SOCK_STREAM, 0));
	SHOW_OK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
	SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	SHOW(socket(AF_INET, SOCK_STREAM, 300));
	SHOW(socket(AF_INET, SOCK_SEQPACKET, 0));
	SHOW(socket(AF_INET, 9, 0));
	SHOW(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){0}));
	SHOW(socketpair(AF_INET, SOCK_DGRAM, IPPROTO_TCP, (int[2]){0}));
	SHOW(socketpair(AF_INET, 75, 0, (int[2]){0}));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	printf("type %d protocol %d domain %d accepting %d error %d\n", int_option(fd, SOL_SOCKET, SO_TYPE), int_option(fd, SOL_SOCKET, SO_PROTOCOL),
	       int_option(fd, SOL_SOCKET, SO_DOMAIN), int_option(fd, SOL_SOCKET, SO_ACCEPTCONN), int_option(fd, SOL_SOCKET, SO_ERROR));
	close(fd);
}

static void unconnected(void)
{
	struct sockaddr_in a = local(0);
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char c;

	printf("== unconnected\n");
	printf("poll %x\n", poll_now(fd));
	SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
	SHOW(recv(fd, &c, 1, 0));
	SHOW(recv(fd, &c, 1, MSG_DONTWAIT));
	SHOW(shutdown(fd, SHUT_RDWR));
	SHOW(getpeername(fd, (void *)&a, &len));
	SHOW(accept(fd, NULL, NULL));
	SHOW(getsockname(fd, (void *)&a, &len));
	printf("name %x port %d length %u\n", ntohl(a.sin_addr.s_addr), ntohs(a.sin_port), len);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(listen(fd, 1)); /* binds by itself */
	len = sizeof(a);
	getsockname(fd, (void *)&a, &len);
	printf("name %x has a port: %d\n", ntohl(a.sin_addr.s_addr), a.sin_port != 0);
	printf("accepting %d\n", int_option(fd, SOL_SOCKET, SO_ACCEPTCONN));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	SHOW(recv(fd, &c, 1, 0));
	SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
	printf("poll %x\n", poll_now(fd));
	close(fd);
}

static void addresses(void)
{
	struct sockaddr_in a = local(0), b;
	int fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);

	printf("== addresses\n");
	SHOW(bind(fd, (void *)&a, 8));
	SHOW(bind(fd, (void *)&a, 200));
	a.sin_family = AF_INET6;
	SHOW(bind(fd, (void *)&a, sizeof(a)));
	a.sin_family = AF_UNIX;
	SHOW(bind(fd, (void *)&a, sizeof(a)));
	a = local(0);
	a.sin_addr.s_addr = htonl(0xc0000201);
	SHOW(bind(fd, (void *)&a, sizeof(a)));
	a = local(0);
	SHOW(bind(fd, (void *)&a, sizeof(a)));
	SHOW(bind(fd, (void *)&a, sizeof(a)));
	b = name_of(fd);
	SHOW(bind(other, (void *)&b, sizeof(b)));
	set_int(other, SOL_SOCKET, SO_REUSEADDR, 1);
	SHOW(bind(other, (void *)&b, sizeof(b)));
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	SHOW(bind(other, (void *)&b, sizeof(b)));
	SHOW(listen(fd, 1));
	SHOW(listen(other, 1));
	close(other);
	other = socket(AF_INET, SOCK_STREAM, 0);
	set_int(other, SOL_SOCKET, SO_REUSEADDR, 1);
	SHOW(bind(other, (void *)&b, sizeof(b)));
	b.sin_addr.s_addr = htonl(0x7f000002);
	SHOW(bind(other, (void *)&b, sizeof(b)));
	close(other);
	other = socket(AF_INET, SOCK_STREAM, 0);
	b.sin_addr.s_addr = INADDR_ANY;
	SHOW(bind(other, (void *)&b, sizeof(b)));
	SHOW(connect(other, (void *)&a, 4));
	SHOW(connect(other, (void *)&a, 1));
	a.sin_family = AF_UNIX;
	SHOW(connect(other, (void *)&a, sizeof(a)));
	close(fd);
	close(other);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	a = local(9);
	a.sin_addr.s_addr = htonl(0xe0000001);
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	a.sin_addr.s_addr = 0xffffffff;
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	close(fd);
}

static void reuse_port(void)
{
	int a = socket(AF_INET, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0), c, got[2] = {0, 0};
	struct sockaddr_in name = local(0);

	printf("== reuse port\n");
	set_int(a, SOL_SOCKET, SO_REUSEPORT, 1);
	SHOW(bind(a, (void *)&name, sizeof(name)));
	name = name_of(a);
	SHOW(listen(a, 128));
	SHOW(bind(b, (void *)&name, sizeof(name)));
	set_int(b, SOL_SOCKET, SO_REUSEPORT, 1);
	SHOW(bind(b, (void *)&name, sizeof(name)));
	SHOW(listen(b, 128));
	fcntl(a, F_SETFL, O_NONBLOCK);
	fcntl(b, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 60; i++) {
		c = connect_to(a);
		int x = accept(a, NULL, NULL), y = accept(b, NULL, NULL);
		got[0] += x >= 0;
		got[1] += y >= 0;
		close(x >= 0 ? x : y);
		close(c);
	}
	printf("spread: %d, all %d\n", got[0] > 5 && got[1] > 5, got[0] + got[1]);
	close(a);
	close(b);
}

static void refused(void)
{
	int l = listener(1), fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = name_of(l);

	printf("== refused\n");
	close(l);
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	printf("error %d poll %x\n", int_option(fd, SOL_SOCKET, SO_ERROR), poll_now(fd));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	printf("poll %x\n", poll_for(fd, POLLIN | POLLOUT | POLLRDHUP));
	SHOW(getpeername(fd, (void *)&a, &(socklen_t){sizeof(a)}));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	poll_for(fd, POLLOUT);
	printf("error %d then %d poll %x\n", int_option(fd, SOL_SOCKET, SO_ERROR), int_option(fd, SOL_SOCKET, SO_ERROR), poll_now(fd));
	SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	close(fd);
}

static void nonblocking_connect(void)
{
	int l = listener(5), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), s;
	struct sockaddr_in a = name_of(l), peer;
	socklen_t len = sizeof(peer);

	printf("== nonblocking connect\n");
	fcntl(l, F_SETFL, O_NONBLOCK);
	SHOW(accept(l, NULL, NULL));
	printf("poll listener %x\n", poll_now(l));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	printf("poll %x error %d\n", poll_for(fd, POLLOUT), int_option(fd, SOL_SOCKET, SO_ERROR));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	SHOW(connect(fd, (void *)&a, sizeof(a)));
	printf("poll listener %x\n", poll_for(l, POLLIN | POLLOUT));
	s = accept4(l, (void *)&peer, &len, SOCK_NONBLOCK);
	a = name_of(fd);
	printf("accepted %d, peer is the client %d, length %u, nonblocking %d\n", s >= 0, peer.sin_port == a.sin_port && peer.sin_addr.s_addr == a.sin_addr.s_addr, len,
	       !!(fcntl(s, F_GETFL) & O_NONBLOCK));
	char c;
	SHOW(recv(s, &c, 1, 0));
	SHOW(accept4(l, NULL, NULL, 1));
	len = 4;
	SHOW(getpeername(fd, (void *)&peer, &len));
	printf("length %u\n", len);
	close(fd);
	close(s);
	close(l);
}

static void transfer_flags(void)
{
	int s[2], n;
	char buf[64] = "";

	printf("== transfer\n");
	tcp_pair(s);
	printf("poll idle %x\n", poll_now(s[0]));
	SHOW(send(s[0], "hello", 5, 0));
	poll_for(s[1], POLLIN);
	SHOW(ioctl(s[1], FIONREAD, &n));
	printf("FIONREAD %d\n", n);
	SHOW(recv(s[1], buf, 3, MSG_PEEK));
	SHOW(recv(s[1], buf, 2, 0));
	SHOW(recv(s[1], buf, 60, MSG_PEEK | MSG_DONTWAIT));
	SHOW(recv(s[1], NULL, 2, MSG_TRUNC));
	SHOW(recv(s[1], buf, 60, 0));
	printf("%.1s\n", buf);
	SHOW(recv(s[1], buf, 60, MSG_DONTWAIT));
	SHOW(recv(s[1], buf, 60, MSG_DONTWAIT | MSG_ERRQUEUE));
	SHOW(recv(s[1], buf, 0, MSG_DONTWAIT));
	SHOW(send(s[0], "x", 0, 0));
	SHOW(send(s[0], (void *)8, 4, 0));
	SHOW(send(s[0], (void *)8, 40000, 0));
	SHOW(write(s[0], "abc", 3));
	poll_for(s[1], POLLIN);
	SHOW(recv(s[1], (void *)8, 3, 0));
	SHOW(read(s[1], buf, 60));
	struct iovec out[3] = {{"one", 3}, {"", 0}, {"three", 5}}, in[2] = {{buf, 4}, {buf + 10, 4}};
	SHOW(writev(s[0], out, 3));
	while (n = 0, ioctl(s[1], FIONREAD, &n), n < 8)
		usleep(1000);
	SHOW(readv(s[1], in, 2));
	printf("%.4s %.4s\n", buf, buf + 10);
	struct sockaddr_in a = local(1);
	SHOW(sendto(s[0], "to", 2, 0, (void *)&a, sizeof(a)));
	socklen_t len = sizeof(a);
	SHOW(recvfrom(s[1], buf, 60, 0, (void *)&a, &len));
	printf("source length %u\n", len);
	SHOW(send(s[0], "more", 4, MSG_MORE));
	SHOW(send(s[0], "done", 4, 0));
	SHOW(recv(s[1], buf, 8, MSG_WAITALL));
	SHOW(lseek(s[0], 0, SEEK_SET));
	SHOW(pread(s[1], buf, 1, 0));
	close(s[0]);
	close(s[1]);
}

static void wait_all(void)
{
	int s[2];
	char buf[100];

	printf("== wait all\n");
	tcp_pair(s);
	if (!fork()) {
		for (int i = 0; i < 10; i++) {
			usleep(3000);
			send(s[0], "0123456789", 10, 0);
		}
		_exit(0);
	}
	SHOW(recv(s[1], buf, 30, MSG_WAITALL | MSG_PEEK));
	SHOW(recv(s[1], buf, 60, MSG_WAITALL));
	SHOW(set_int(s[1], SOL_SOCKET, SO_RCVLOWAT, 40));
	SHOW(recv(s[1], buf, 100, 0));
	wait(NULL);
	close(s[0]);
	SHOW(send(s[1], "x", 1, MSG_NOSIGNAL) >= -1);
	close(s[1]);
	tcp_pair(s);
	send(s[0], "abc", 3, 0);
	shutdown(s[0], SHUT_WR);
	SHOW(recv(s[1], buf, 30, MSG_WAITALL));
	SHOW(recv(s[1], buf, 30, MSG_WAITALL));
	close(s[0]);
	close(s[1]);
}

/* What is received goes to pages that were never touched, and stays where it is if there is no page. */
static void fresh_memory(void)
{
	char sent[3000], *fresh = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int s[2];

	printf("== fresh memory\n");
	tcp_pair(s);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7);
	mprotect(fresh + 2 * 4096, 4096, PROT_NONE);
	SHOW(send(s[0], sent, sizeof(sent), 0));
	for (int got = 0; got < (int)sizeof(sent);)
		ioctl(s[1], FIONREAD, &got);
	SHOW(recv(s[1], fresh + 2 * 4096, sizeof(sent), 0));
	SHOW(recv(s[1], fresh + 4096 - 1000, sizeof(sent), MSG_WAITALL));
	printf("same %d\n", memcmp(fresh + 4096 - 1000, sent, sizeof(sent)) == 0);
	munmap(fresh, 3 * 4096);
	close(s[0]);
	close(s[1]);
}

static void peek_offset(void)
{
	int s[2], raw = socket(AF_INET, SOCK_RAW, 200);

	printf("== peek offset\n");
	tcp_pair(s);
	show_look(s[1], 4, MSG_DONTWAIT | MSG_PEEK);
	send(s[0], "abcdefgh", 8, 0);
	show_look(s[1], 3, MSG_PEEK);
	SHOW(set_int(s[1], SOL_SOCKET, SO_PEEK_OFF, 0));
	show_look(s[1], 3, MSG_PEEK);
	show_look(s[1], 3, MSG_PEEK);
	show_look(s[1], 1, 0);
	show_look(s[1], 2, MSG_PEEK);
	show_look(s[1], 4, MSG_PEEK | MSG_DONTWAIT);
	send(s[0], "ij", 2, 0);
	show_look(s[1], 2, MSG_PEEK | MSG_WAITALL); /* waits for bytes behind what was seen */
	shutdown(s[0], SHUT_WR);
	poll_for(s[1], POLLRDHUP);
	show_look(s[1], 4, MSG_PEEK);
	SHOW(set_int(s[1], SOL_SOCKET, SO_PEEK_OFF, -5));
	show_look(s[1], 20, MSG_PEEK);
	SHOW(set_int(s[1], SOL_SOCKET, SO_PEEK_OFF, 6));
	show_look(s[1], 20, 0);
	show_look(s[1], 20, 0);
	SHOW(set_int(raw, SOL_SOCKET, SO_PEEK_OFF, 0));
	close(raw);
	close(s[0]);
	close(s[1]);
}

static void half_close(void)
{
	int s[2];
	char buf[16];

	printf("== half close\n");
	tcp_pair(s);
	send(s[0], "last", 4, 0);
	SHOW(shutdown(s[0], SHUT_WR));
	printf("poll %x\n", poll_now(s[0]));
	SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
	SHOW(recv(s[1], buf, 16, MSG_WAITALL));
	printf("poll %x\n", poll_for(s[1], POLLRDHUP) & POLLRDHUP ? poll_now(s[1]) : -1);
	SHOW(recv(s[1], buf, 16, 0));
	SHOW(recv(s[1], buf, 16, 0));
	SHOW(send(s[1], "answer", 6, 0));
	SHOW(recv(s[0], buf, 6, MSG_WAITALL));
	SHOW(shutdown(s[1], SHUT_WR));
	printf("poll %x\n", poll_for(s[0], POLLRDHUP | POLLHUP) ? 1 : 0);
	SHOW(recv(s[0], buf, 16, 0));
	SHOW(shutdown(s[0], 7));
	close(s[0]);
	close(s[1]);
	tcp_pair(s);
	SHOW(shutdown(s[0], SHUT_RD));
	printf("poll %x\n", poll_now(s[0]));
	SHOW(recv(s[0], buf, 16, 0));
	SHOW(send(s[1], "late", 4, 0));
	poll_for(s[0], POLLIN);
	usleep(20000);
	SHOW(recv(s[0], buf, 16, 0));
	SHOW(recv(s[0], buf, 16, 0));
	SHOW(shutdown(s[0], SHUT_RDWR));
	printf("poll %x\n", poll_now(s[0]) & POLLHUP);
	close(s[0]);
	SHOW(recv(s[1], buf, 16, 0));
	close(s[1]);
}

static void resets(void)
{
	struct linger now = {1, 0};
	int s[2];
	char buf[16];

	printf("== resets\n");
	signal(SIGPIPE, on_signal);
	tcp_pair(s);
	send(s[0], "abc", 3, 0);
	poll_for(s[1], POLLIN);
	SHOW(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	close(s[0]);
	printf("poll %x\n", poll_for(s[1], POLLHUP) & POLLHUP ? poll_now(s[1]) : -1);
	SHOW(recv(s[1], buf, 2, 0));
	SHOW(recv(s[1], buf, 2, 0));
	SHOW(recv(s[1], buf, 2, 0));
	signals = 0;
	SHOW(write(s[1], "x", 1));
	printf("SIGPIPE %d\n", signals);
	SHOW(send(s[1], "x", 1, MSG_NOSIGNAL));
	printf("SIGPIPE %d\n", signals);
	SHOW(getpeername(s[1], (void *)buf, &(socklen_t){16}));
	close(s[1]);

	tcp_pair(s); /* unread data: the close resets */
	send(s[0], "unread", 6, 0);
	poll_for(s[1], POLLIN);
	close(s[1]);
	poll_for(s[0], POLLHUP);
	printf("error %d\n", int_option(s[0], SOL_SOCKET, SO_ERROR));
	SHOW(recv(s[0], buf, 1, 0));
	close(s[0]);

	tcp_pair(s); /* sending to one that is closed: a reset comes back */
	close(s[1]);
	poll_for(s[0], POLLRDHUP);
	SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
	poll_for(s[0], POLLHUP);
	SHOW(send(s[0], "x", 1, MSG_NOSIGNAL));
	close(s[0]);
	signal(SIGPIPE, SIG_DFL);
}

static void reset_while_reading(void)
{
	struct linger now = {1, 0};
	int s[2], status;
	char c;

	printf("== reset while reading\n");
	tcp_pair(s);
	if (!fork()) {
		close(s[0]);
		errno = 0;
		ssize_t n = read(s[1], &c, 1);
		_exit(n < 0 && errno == ECONNRESET ? 7 : 1);
	}
	close(s[1]);
	usleep(20000);
	setsockopt(s[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(s[0]);
	wait(&status);
	printf("reader saw a reset: %d\n", WEXITSTATUS(status) == 7);
}

static void listener_ends(void)
{
	int l = listener(5), a = connect_to(l), b = connect_to(l), status;
	char c;

	printf("== listener ends\n");
	close(l); /* two that were not accepted */
	poll_for(a, POLLHUP);
	SHOW(recv(a, &c, 1, 0));
	SHOW(recv(b, &c, 1, 0));
	close(a);
	close(b);
	l = listener(5);
	if (!fork()) {
		errno = 0;
		_exit(accept(l, NULL, NULL) < 0 && errno == EINVAL ? 7 : 1);
	}
	usleep(20000);
	SHOW(shutdown(l, SHUT_RD));
	wait(&status);
	printf("accept ended with EINVAL: %d\n", WEXITSTATUS(status) == 7);
	printf("accepting %d poll %x\n", int_option(l, SOL_SOCKET, SO_ACCEPTCONN), poll_now(l));
	SHOW(accept(l, NULL, NULL));
	SHOW(listen(l, 3));
	a = connect_to(l);
	b = accept(l, NULL, NULL);
	SHOW(send(a, "x", 1, 0));
	SHOW(recv(b, &c, 1, 0));
	struct sockaddr unspec = {.sa_family = AF_UNSPEC};
	SHOW(connect(a, &unspec, sizeof(unspec)));
	poll_for(b, POLLHUP);
	SHOW(recv(b, &c, 1, 0));
	struct sockaddr_in name = name_of(l);
	SHOW(connect(a, (void *)&name, sizeof(name)));
	close(b);
	b = accept(l, NULL, NULL);
	SHOW(write(b, "again", 5));
	SHOW(recv(a, &c, 1, 0));
	close(a);
	close(b);
	close(l);
}

static void timeouts(void)
{
	struct timeval tv = {0, 40000}, got;
	socklen_t len = sizeof(got);
	int s[2], l = listener(1);
	char c, block[65536];

	printf("== timeouts\n");
	tcp_pair(s);
	SHOW(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	SHOW(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len));
	printf("%ld.%06ld\n", (long)got.tv_sec, (long)got.tv_usec);
	SHOW(recv(s[0], &c, 1, 0));
	SHOW(setsockopt(s[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	memset(block, 1, sizeof(block));
	long n;
	while ((n = send(s[0], block, sizeof(block), 0)) > 0)
		;
	printf("full: %s\n", strerrorname_np(errno));
	SHOW(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	SHOW(accept(l, NULL, NULL));
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &sa, NULL);
	tv = (struct timeval){5, 0};
	setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 30000}}, NULL);
	SHOW(recv(s[0], &c, 1, 0)); /* with a timeout there is no restart */
	tv = (struct timeval){0, 0};
	setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 30000}}, NULL);
	if (!fork()) {
		usleep(80000);
		send(s[1], "r", 1, 0);
		_exit(0);
	}
	SHOW(recv(s[0], &c, 1, 0)); /* restarted */
	wait(NULL);
	sa.sa_flags = 0;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 30000}}, NULL);
	SHOW(recv(s[0], &c, 1, 0));
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 30000}}, NULL);
	tv = (struct timeval){0, 0};
	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	SHOW(accept(l, NULL, NULL));
	tv = (struct timeval){0, 1000000};
	SHOW(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	SHOW(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, 8));
	close(s[0]);
	close(s[1]);
	close(l);
}

static void urgent(void)
{
	int s[2], at;
	char buf[16] = "";

	printf("== urgent\n");
	tcp_pair(s);
	SHOW(recv(s[1], buf, 1, MSG_OOB));
	SHOW(send(s[0], "abX", 3, MSG_OOB));
	printf("poll %x\n", poll_for(s[1], POLLPRI) ? poll_now(s[1]) : 0);
	SHOW(send(s[0], "cd", 2, 0));
	usleep(20000);
	ioctl(s[1], SIOCATMARK, &at);
	printf("at mark %d\n", at);
	ioctl(s[1], FIONREAD, &at);
	printf("FIONREAD %d\n", at);
	SHOW(recv(s[1], buf, 16, 0));
	printf("%.2s\n", buf);
	ioctl(s[1], SIOCATMARK, &at);
	printf("at mark %d\n", at);
	SHOW(recv(s[1], buf, 16, MSG_OOB | MSG_PEEK));
	SHOW(recv(s[1], buf, 16, MSG_OOB));
	printf("%c\n", buf[0]);
	SHOW(recv(s[1], buf, 16, MSG_OOB));
	SHOW(recv(s[1], buf, 16, 0));
	printf("%.2s\n", buf);
	SHOW(send(s[0], "Y", 1, MSG_OOB));
	poll_for(s[1], POLLPRI);
	SHOW(recv(s[1], buf, 16, MSG_DONTWAIT));
	SHOW(recv(s[1], buf, 16, MSG_OOB));
	SHOW(set_int(s[1], SOL_SOCKET, SO_OOBINLINE, 1));
	SHOW(send(s[0], "12Z", 3, MSG_OOB));
	poll_for(s[1], POLLPRI);
	SHOW(recv(s[1], buf, 16, MSG_OOB));
	SHOW(recv(s[1], buf, 16, 0));
	SHOW(recv(s[1], buf, 16, 0));
	printf("%c\n", buf[0]);
	close(s[0]);
	close(s[1]);
}

/* Before anything but poll has looked at whether the connection is there. */
static void urgent_at_once(void)
{
	int l = listener(1), from, to = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in a = name_of(l);
	char buf[4];

	printf("== urgent at once\n");
	SHOW(recv(to, buf, 1, MSG_OOB));
	SHOW(connect(to, (void *)&a, sizeof(a)));
	from = accept(l, NULL, NULL);
	SHOW(recv(to, buf, 1, MSG_OOB));
	SHOW(send(from, "U", 1, MSG_OOB));
	printf("poll %x\n", poll_for(to, POLLPRI));
	SHOW(recv(to, buf, 1, MSG_OOB));
	printf("poll %x\n", poll_now(to) & POLLPRI);
	close(from);
	close(to);
	close(l);
}

static void lingering(void)
{
	struct linger two = {1, 2};
	int s[2], status;
	char buf[65536];

	printf("== linger\n");
	tcp_pair(s);
	setsockopt(s[0], SOL_SOCKET, SO_LINGER, &two, sizeof(two));
	memset(buf, 2, sizeof(buf));
	if (!fork()) {
		close(s[0]);
		long total = 0, n;
		usleep(50000);
		while ((n = read(s[1], buf, sizeof(buf))) > 0)
			total += n;
		_exit(total == 10 * sizeof(buf) ? 7 : 1);
	}
	close(s[1]);
	for (int i = 0; i < 10; i++)
		for (size_t done = 0; done < sizeof(buf);)
			done += (size_t)write(s[0], buf + done, sizeof(buf) - done);
	SHOW(close(s[0]));
	wait(&status);
	printf("all arrived: %d\n", WEXITSTATUS(status) == 7);
}

/* Who exits does not wait for what nobody reads; close(2) does. */
static void lingering_at_exit(void)
{
	struct linger long_time = {1, 20};
	struct timeval begin, end;
	int s[2], only[2], status;
	char buf[65536];

	printf("== linger at exit\n");
	tcp_pair(s);
	if (pipe(only))
		perror("pipe");
	memset(buf, 3, sizeof(buf));
	setsockopt(s[0], SOL_SOCKET, SO_LINGER, &long_time, sizeof(long_time));
	gettimeofday(&begin, NULL);
	if (!fork()) {
		if (read(only[0], buf, 1) != 1) /* that nobody else has the socket open */
			_exit(1);
		while (send(s[0], buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		_exit(7);
	}
	close(s[0]);
	if (write(only[1], "", 1) != 1)
		perror("write");
	wait(&status);
	gettimeofday(&end, NULL);
	printf("exited %d, soon: %d\n", WEXITSTATUS(status), end.tv_sec - begin.tv_sec < 10);
	close(s[1]);
}

static void backlog(void)
{
	int l = listener(1), fd[4], ready = 0;
	struct sockaddr_in a = name_of(l);

	printf("== backlog\n");
	for (int i = 0; i < 4; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fd[i], (void *)&a, sizeof(a));
	}
	usleep(50000);
	for (int i = 0; i < 4; i++)
		ready += !!(poll_now(fd[i]) & POLLOUT);
	printf("connected at once %d\n", ready);
	for (int i = 0; i < 4; i++) {
		int s = accept(l, NULL, NULL); /* the last ones' SYNs come again */
		printf("accept %s\n", s >= 0 ? "ok" : strerrorname_np(errno));
		close(s);
	}
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	close(l);
}

static void dual_stack(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6}, mapped, got;
	struct sockaddr_in a;
	socklen_t len = sizeof(got);
	int l = socket(AF_INET6, SOCK_STREAM, 0), c, s;

	printf("== dual stack\n");
	printf("only 6: %d\n", int_option(l, IPPROTO_IPV6, IPV6_V6ONLY));
	SHOW(bind(l, (void *)&any, 20));
	SHOW(bind(l, (void *)&any, sizeof(any)));
	SHOW(set_int(l, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	SHOW(listen(l, 4));
	SHOW(getsockname(l, (void *)&got, &len));
	printf("length %u\n", len);
	a = local(ntohs(got.sin6_port));
	c = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(connect(c, (void *)&a, sizeof(a)));
	len = sizeof(got);
	s = accept(l, (void *)&got, &len);
	char text[64];
	printf("peer %s\n", inet_ntop(AF_INET6, &got.sin6_addr, text, sizeof(text)));
	getsockname(s, (void *)&got, &len);
	printf("self %s\n", inet_ntop(AF_INET6, &got.sin6_addr, text, sizeof(text)));
	close(c);
	close(s);
	mapped = got;
	c = socket(AF_INET6, SOCK_STREAM, 0);
	SHOW(connect(c, (void *)&mapped, sizeof(mapped)));
	s = accept(l, NULL, NULL);
	SHOW(send(c, "six", 3, 0));
	SHOW(recv(s, text, 64, 0));
	close(c);
	close(s);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	set_int(c, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	SHOW(connect(c, (void *)&mapped, sizeof(mapped)));
	mapped.sin6_port = 0;
	SHOW(bind(c, (void *)&mapped, sizeof(mapped)));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	close(c);
	close(l);
	l = socket(AF_INET6, SOCK_STREAM, 0);
	set_int(l, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	any.sin6_port = 0;
	bind(l, (void *)&any, sizeof(any));
	len = sizeof(got);
	getsockname(l, (void *)&got, &len);
	a = local(ntohs(got.sin6_port));
	a.sin_addr.s_addr = INADDR_ANY;
	c = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(bind(c, (void *)&a, sizeof(a)));
	SHOW(listen(c, 1));
	SHOW(listen(l, 1));
	close(c);
	close(l);
	l = socket(AF_INET6, SOCK_STREAM, 0);
	any.sin6_port = 0;
	bind(l, (void *)&any, sizeof(any));
	len = sizeof(got);
	getsockname(l, (void *)&got, &len);
	a.sin_port = got.sin6_port;
	c = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(bind(c, (void *)&a, sizeof(a)));
	close(c);
	close(l);
}

static void inherited(void)
{
	struct timeval tv = {0, 20000};
	int l = listener(5), c, s, status;
	char ch;

	printf("== inherited\n");
	set_int(l, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(l, SOL_SOCKET, SO_KEEPALIVE, 1);
	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	c = connect_to(l);
	s = accept(l, NULL, NULL);
	printf("nodelay %d keepalive %d flags %x\n", int_option(s, IPPROTO_TCP, TCP_NODELAY), int_option(s, SOL_SOCKET, SO_KEEPALIVE), fcntl(s, F_GETFL) & O_NONBLOCK);
	SHOW(recv(s, &ch, 1, 0));
	if (!fork()) { /* the child has the same socket */
		send(s, "from the child", 14, 0);
		close(s);
		_exit(0);
	}
	wait(&status);
	char buf[32] = "";
	SHOW(recv(c, buf, 14, MSG_WAITALL));
	SHOW(send(s, "still open", 10, 0));
	SHOW(recv(c, buf, 10, MSG_WAITALL));
	close(s);
	SHOW(recv(c, buf, 10, 0));
	close(c);
	close(l);
}

/* Groups mean nothing to a stream, but Linux lets it join them; what it accepts is in none. */
static void groups(void)
{
	int l = listener(1), s = connect_to(l), accepted = accept(l, NULL, NULL);
	struct group_req request = {.gr_interface = 1};
	struct ip_mreq older = {.imr_multiaddr.s_addr = htonl(0xe0000107), .imr_interface.s_addr = htonl(INADDR_LOOPBACK)};

	printf("== groups\n");
	*(struct sockaddr_in *)&request.gr_group = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xe0000107)};
	SHOW(setsockopt(l, IPPROTO_IP, IP_ADD_MEMBERSHIP, &older, sizeof(older)));
	SHOW(setsockopt(l, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof(request)));
	SHOW(setsockopt(l, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof(request)));
	close(accepted);
	close(s);
	s = connect_to(l);
	accepted = accept(l, NULL, NULL);
	SHOW(setsockopt(accepted, IPPROTO_IP, MCAST_LEAVE_GROUP, &request, sizeof(request)));
	close(accepted);
	close(s);
	close(l);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	families();
	unconnected();
	addresses();
	reuse_port();
	refused();
	nonblocking_connect();
	transfer_flags();
	wait_all();
	fresh_memory();
	peek_offset();
	half_close();
	resets();
	reset_while_reading();
	listener_ends();
	timeouts();
	urgent();
	urgent_at_once();
	lingering();
	lingering_at_exit();
	backlog();
	dual_stack();
	inherited();
	groups();
	return 0;
}
