/* SPDX-License-Identifier: BSD-3-Clause */
/* Unix sockets: pairs, names, descriptors and credentials that travel, ends of file, errors. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, long ret)
{
	printf("%s: %ld%s%s\n", what, ret, ret < 0 ? " " : "", ret < 0 ? strerror(errno) : "");
}

static short poll_now(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

	poll(&p, 1, 0);
	return p.revents;
}

static void pairs(int type, const char *name)
{
	int s[2];
	char buf[64] = "";

	printf("== pair %s\n", name);
	show("socketpair", socketpair(AF_UNIX, type, 0, s));
	printf("poll idle %x\n", poll_now(s[0]));
	show("write", write(s[0], "hello", 5));
	show("write", write(s[0], "world", 5));
	printf("poll ready %x\n", poll_now(s[1]));
	int n;
	ioctl(s[1], FIONREAD, &n);
	printf("FIONREAD %d\n", n);
	show("peek", recv(s[1], buf, 3, MSG_PEEK));
	show("short read", recv(s[1], buf, 3, 0));
	show("read", read(s[1], buf, sizeof(buf)));
	show("empty", recv(s[1], buf, sizeof(buf), MSG_DONTWAIT));
	show("trunc", (send(s[0], "0123456789", 10, 0), recv(s[1], buf, 4, MSG_TRUNC)));
	recv(s[1], buf, sizeof(buf), MSG_DONTWAIT);
	show("shutdown", shutdown(s[0], SHUT_WR));
	show("eof", recv(s[1], buf, sizeof(buf), MSG_DONTWAIT));
	show("after shutdown", send(s[0], "x", 1, MSG_NOSIGNAL));
	close(s[0]);
	printf("poll closed %x\n", poll_now(s[1]));
	show("to closed", send(s[1], "x", 1, MSG_NOSIGNAL));
	close(s[1]);
}

static void named(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX}, got;
	socklen_t len = sizeof(got);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), c, a, one = 1;
	char buf[100];
	struct stat st;

	printf("== named\n");
	strcpy(addr.sun_path, "sock");
	unlink("sock");
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	show("connect nothing", connect(c, (void *)&addr, sizeof(addr)));
	show("listen unbound", listen(listener, 5));
	show("bind", bind(listener, (void *)&addr, sizeof(addr)));
	show("connect not listening", connect(c, (void *)&addr, sizeof(addr)));
	show("listen", listen(listener, 5));
	stat("sock", &st);
	printf("is a socket: %d\n", S_ISSOCK(st.st_mode));
	int again = socket(AF_UNIX, SOCK_STREAM, 0);
	show("bind again", bind(again, (void *)&addr, sizeof(addr)));
	show("wrong type", ({ int d = socket(AF_UNIX, SOCK_DGRAM, 0); connect(d, (void *)&addr, sizeof(addr)); }));
	fcntl(listener, F_SETFL, O_NONBLOCK);
	show("accept none", accept(listener, NULL, NULL));
	show("connect", connect(c, (void *)&addr, sizeof(addr)));
	printf("poll listener %x\n", poll_now(listener));
	a = accept(listener, (void *)&got, &len);
	printf("accept %d, address length %u\n", a > 0, len);
	len = sizeof(got);
	getpeername(c, (void *)&got, &len);
	printf("peer %s %u\n", got.sun_path, len);
	struct ucred cred;
	len = sizeof(cred);
	show("peercred", getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	printf("cred mine: %d\n", cred.pid == getpid() && cred.uid == getuid());
	int type;
	len = sizeof(type);
	getsockopt(c, SOL_SOCKET, SO_TYPE, &type, &len);
	printf("type %d\n", type);
	show("reuse", setsockopt(c, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	if (!fork()) {
		for (int i = 0; i < 1000; i++) {
			char block[1000];
			memset(block, 'a' + i % 26, sizeof(block));
			for (size_t done = 0; done < sizeof(block);) {
				ssize_t n = write(c, block + done, sizeof(block) - done);
				if (n > 0)
					done += (size_t)n;
			}
		}
		_exit(0);
	}
	close(c);
	long total = 0, sum = 0;
	ssize_t n;
	while ((n = read(a, buf, sizeof(buf))) > 0) {
		total += n;
		for (ssize_t i = 0; i < n; i++)
			sum += buf[i];
	}
	wait(NULL);
	printf("received %ld sum %ld\n", total, sum);
	close(a);
	close(listener);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	show("connect closed", connect(c, (void *)&addr, sizeof(addr)));
	unlink("sock");

	struct sockaddr_un abstract = {.sun_family = AF_UNIX};
	memcpy(abstract.sun_path, "\0dory-test", 10);
	socklen_t alen = offsetof(struct sockaddr_un, sun_path) + 10;
	listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	show("abstract bind", bind(listener, (void *)&abstract, alen));
	show("abstract listen", listen(listener, 1));
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	show("abstract connect", connect(c, (void *)&abstract, alen));
	len = sizeof(got);
	getsockname(listener, (void *)&got, &len);
	printf("abstract name length %u\n", len);
}

static void descriptors(void)
{
	int s[2], p[2], fds[2];
	char data = 'd', control[256], buf[16] = "";
	struct iovec iov = {&data, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int))};
	struct cmsghdr *c;

	printf("== descriptors\n");
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	pipe(p);
	memset(control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &p[1], sizeof(int));
	show("sendmsg", sendmsg(s[0], &msg, 0));
	close(p[1]);
	msg.msg_controllen = sizeof(control);
	show("recvmsg", recvmsg(s[1], &msg, MSG_CMSG_CLOEXEC));
	c = CMSG_FIRSTHDR(&msg);
	printf("got %d of type %d, length %zu, flags %x\n", c != NULL, c ? c->cmsg_type : 0, c ? c->cmsg_len : 0, msg.msg_flags);
	memcpy(&fds[0], CMSG_DATA(c), sizeof(int));
	printf("cloexec %d\n", fcntl(fds[0], F_GETFD));
	write(fds[0], "via", 3);
	show("through it", read(p[0], buf, sizeof(buf)));
	printf("%s\n", buf);
	int on = 1;
	setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	write(s[0], "c", 1);
	msg.msg_controllen = sizeof(control);
	recvmsg(s[1], &msg, 0);
	c = CMSG_FIRSTHDR(&msg);
	struct ucred cred;
	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	printf("credentials type %d mine %d\n", c->cmsg_type, cred.pid == getpid());
	signal(SIGPIPE, SIG_IGN);
	close(s[1]);
	show("epipe", write(s[0], "x", 1));
	struct timeval tv = {0, 20000};
	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	show("timeout", recv(s[0], buf, 1, 0));
	show("not a socket", send(p[0], "x", 1, 0));
	struct stat st;
	fstat(s[0], &st);
	printf("fstat says socket: %d\n", S_ISSOCK(st.st_mode));
}

static void show_peek(int fd, size_t len, int flags)
{
	char bytes[64] = "";
	ssize_t n = recv(fd, bytes, len, MSG_DONTWAIT | flags);
	int offset = -2;
	socklen_t size = sizeof(offset);

	getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &size);
	if (n < 0)
		printf("  -%s, offset %d\n", strerrorname_np(errno), offset);
	else
		printf("  %zd bytes %.*s, offset %d\n", n, (int)(n < (ssize_t)len ? n : (ssize_t)len), bytes, offset);
}

/* Peeks see what several sends have left, and with SO_PEEK_OFF each goes on where the last ended. */
static void peeks(int type, const char *name)
{
	int pair[2], offset = 0;

	printf("peeks of %s\n", name);
	socketpair(AF_UNIX, type, 0, pair);
	send(pair[0], "abcd", 4, 0);
	send(pair[0], "efgh", 4, 0);
	send(pair[0], "ij", 2, 0);
	show_peek(pair[1], 7, MSG_PEEK);
	printf("  set: %d\n", setsockopt(pair[1], SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)));
	show_peek(pair[1], 3, MSG_PEEK);
	show_peek(pair[1], 3, MSG_PEEK);
	show_peek(pair[1], 3, MSG_PEEK);
	show_peek(pair[1], 2, 0);
	show_peek(pair[1], 4, MSG_PEEK);
	show_peek(pair[1], 9, MSG_PEEK | MSG_TRUNC);
	show_peek(pair[1], 9, MSG_PEEK);
	show_peek(pair[1], 60, 0);
	show_peek(pair[1], 60, 0);
	offset = -1;
	printf("  set: %d\n", setsockopt(pair[1], SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)));
	send(pair[0], "xyz", 3, 0);
	show_peek(pair[1], 2, MSG_PEEK);
	show_peek(pair[1], 2, MSG_PEEK);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	pairs(SOCK_STREAM, "stream");
	pairs(SOCK_DGRAM, "dgram");
	pairs(SOCK_SEQPACKET, "seqpacket");
	named();
	descriptors();
	peeks(SOCK_STREAM, "stream");
	peeks(SOCK_DGRAM, "dgram");
	peeks(SOCK_SEQPACKET, "seqpacket");
	return 0;
}
