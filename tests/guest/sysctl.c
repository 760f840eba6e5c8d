/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sys: what can be set, and holds. What was there is put back; the network's is that of a name space of its own on Linux. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char saved[64];

static void get(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, to, size - 1);

	to[n > 0 ? n : 0] = '\0';
	close(fd);
}

static long set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), error;
	long ret = write(fd, text, strlen(text));

	error = errno;
	close(fd);
	errno = error;
	return ret < 0 ? -1 : 0;
}

static void show(const char *path)
{
	char now[64];

	get(path, now, sizeof(now));
	printf("%s: %s", path, now);
}

#define PIPE "/proc/sys/fs/pipe-max-size"
#define WATCHES "/proc/sys/fs/inotify/max_user_watches"
#define EVENTS "/proc/sys/fs/inotify/max_queued_events"

static void pipes(void)
{
	int p[2];

	printf("== pipes\n");
	get(PIPE, saved, sizeof(saved));
	SHOW(set(PIPE, "0"));
	SHOW(set(PIPE, "x"));
	SHOW(set(PIPE, "100000"));
	show(PIPE);
	fflush(stdout);
	if (!fork()) {
		SHOW(setuid(1000));
		pipe(p);
		SHOW(fcntl(p[0], F_SETPIPE_SZ, 131072));
		SHOW(fcntl(p[0], F_SETPIPE_SZ, 262144));
		_exit(0);
	}
	wait(NULL);
	SHOW(set(PIPE, saved));
}

static void watches(void)
{
	int fd = inotify_init1(IN_NONBLOCK);
	struct {
		struct inotify_event e;
		char name[256];
	} event;
	ssize_t n;

	printf("== watches\n");
	get(WATCHES, saved, sizeof(saved));
	SHOW(set(WATCHES, "0"));
	SHOW(inotify_add_watch(fd, "/", IN_CREATE));
	SHOW(set(WATCHES, saved));
	SHOW_OK(inotify_add_watch(fd, "/", IN_CREATE));
	close(fd);
	get(EVENTS, saved, sizeof(saved));
	SHOW(set(EVENTS, "2"));
	fd = inotify_init1(IN_NONBLOCK);
	SHOW(set(EVENTS, saved));
	mkdir("w", 0755);
	inotify_add_watch(fd, "w", IN_CREATE);
	for (char name[] = "w/a"; name[2] < 'f'; name[2]++)
		close(creat(name, 0600));
	while ((n = read(fd, &event, sizeof(event.e) + 16)) > 0)
		printf("wd %d mask %x\n", event.e.wd, event.e.mask);
	for (char name[] = "w/a"; name[2] < 'f'; name[2]++)
		unlink(name);
	rmdir("w");
}

/* ---- The network ---- */

#define IPV4 "/proc/sys/net/ipv4/"
#define PORTS IPV4 "ip_local_port_range"

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	getsockopt(fd, level, name, &value, &len);
	return value;
}

static int port_of(int type, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type, 0), ret = bind(fd, (struct sockaddr *)&address, sizeof(address));

	if (!ret)
		getsockname(fd, (struct sockaddr *)&address, &len);
	ret = ret ? ret : ntohs(address.sin_port);
	return ret; /* the socket stays, and the port is taken */
}

static void ports(void)
{
	int first, second, third;

	printf("== ports\n");
	show(PORTS);
	SHOW(set(PORTS, "40000"));
	show(PORTS);
	SHOW(set(PORTS, "60000\n"));
	SHOW(set(PORTS, ""));
	SHOW(set(PORTS, "61000"));
	SHOW(set(PORTS, "50000 40000"));
	SHOW(set(PORTS, "40000 70000"));
	SHOW(set(PORTS, "x y"));
	SHOW(set(PORTS, "40001 40002"));
	show(PORTS);
	first = port_of(SOCK_STREAM, 0);
	second = port_of(SOCK_STREAM, 0);
	third = port_of(SOCK_STREAM, 0);
	printf("%d, then %s\n", first + second, third < 0 ? "none" : "another");
	first = port_of(SOCK_DGRAM, 0);
	printf("%d\n", first == 40001 || first == 40002);
	SHOW(set(PORTS, "32768\t60999\n"));
	fflush(stdout);
	if (!fork()) {
		SHOW(set(IPV4 "ip_unprivileged_port_start", "81"));
		SHOW(setuid(1000));
		SHOW(port_of(SOCK_STREAM, 80));
		SHOW(port_of(SOCK_STREAM, 82));
		_exit(0);
	}
	wait(NULL);
	SHOW(set(IPV4 "ip_unprivileged_port_start", "1024"));
}

static void connections(void)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	int fd;

	printf("== connections\n");
	SHOW(set(IPV4 "tcp_keepalive_time", "60"));
	SHOW(set(IPV4 "tcp_keepalive_intvl", "10"));
	SHOW(set(IPV4 "tcp_keepalive_probes", "3"));
	SHOW(set(IPV4 "tcp_keepalive_time", ""));
	SHOW(set(IPV4 "tcp_syn_retries", "2"));
	SHOW(set(IPV4 "tcp_syn_retries", "1000"));
	SHOW(set(IPV4 "tcp_rmem", "4096 300000 5000000"));
	SHOW(set(IPV4 "tcp_wmem", "4096\t50000 5000000\n"));
	SHOW(set(IPV4 "tcp_wmem", "4096 60000"));
	show(IPV4 "tcp_rmem");
	show(IPV4 "tcp_wmem");
	SHOW(set(IPV4 "tcp_congestion_control", "reno\n"));
	SHOW(set(IPV4 "tcp_congestion_control", "no-such"));
	show(IPV4 "tcp_congestion_control");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	printf("idle %d, interval %d, probes %d, syn %d\n", option(fd, IPPROTO_TCP, TCP_KEEPIDLE), option(fd, IPPROTO_TCP, TCP_KEEPINTVL),
	    option(fd, IPPROTO_TCP, TCP_KEEPCNT), option(fd, IPPROTO_TCP, TCP_SYNCNT));
	printf("receive %d, send %d\n", option(fd, SOL_SOCKET, SO_RCVBUF), option(fd, SOL_SOCKET, SO_SNDBUF));
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len);
	printf("%s\n", name);
	close(fd);
	SHOW(set("/proc/sys/net/core/somaxconn", "0"));
	SHOW(set("/proc/sys/net/core/somaxconn", "65536"));
	SHOW(set("/proc/sys/net/core/somaxconn", "17"));
	show("/proc/sys/net/core/somaxconn");
}

static void network(void)
{
	if (access("/proc/dory", F_OK) && unshare(CLONE_NEWNET)) {
		printf("no name space\n");
		return;
	}
	ports();
	connections();
}

int main(void)
{
	pipes();
	watches();
	network();
	return 0;
}
