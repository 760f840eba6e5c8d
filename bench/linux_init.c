// SPDX-License-Identifier: BSD-3-Clause
// The first process of the Linux guest of bench/run's network measurements: file systems, modules (/modules, a path a line), the
// addresses that the kernel's command line leaves in the environment, limits; then it becomes the server (/command, a word a line).
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INTERFACE "eth0"
#define LINES_MAX 64

static void check(int is_ok, const char *what)
{
	if (is_ok)
		return;
	perror(what);
	sleep(1);
	exit(1);
}

// The lines of a file, ended by NULL.
static char **lines(const char *path)
{
	static char *found[2][LINES_MAX + 1];
	static int calls;
	char **to = found[calls++ % 2], line[512];
	FILE *f = fopen(path, "r");
	int n = 0;

	check(f != NULL, path);
	while (n < LINES_MAX && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		to[n++] = strdup(line);
	}
	to[n] = NULL;
	fclose(f);
	return to;
}

static void load_modules(void)
{
	for (char **path = lines("/modules"); *path; path++) {
		int fd = open(*path, O_RDONLY | O_CLOEXEC);

		check(fd >= 0 && syscall(SYS_finit_module, fd, "", 0) == 0, *path);
		close(fd);
	}
}

// "10.0.2.15/24" without its end, whose number is returned.
static int split(char *text, int all)
{
	char *slash = strchr(text, '/');

	if (!slash)
		return all;
	*slash = 0;
	return atoi(slash + 1);
}

static void set_sockaddr(struct sockaddr *to, uint32_t address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};

	memcpy(to, &in, sizeof(in));
}

static void bring_up(int fd, const char *name)
{
	struct ifreq request = {};

	strcpy(request.ifr_name, name);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	check(ioctl(fd, SIOCSIFFLAGS, &request) == 0, name);
}

static void set_address(int fd, char *text, const char *gateway)
{
	int prefix = split(text, 32);
	struct ifreq request = {};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

	strcpy(request.ifr_name, INTERFACE);
	set_sockaddr(&request.ifr_addr, inet_addr(text));
	check(ioctl(fd, SIOCSIFADDR, &request) == 0, "SIOCSIFADDR");
	set_sockaddr(&request.ifr_netmask, htonl(prefix ? ~0u << (32 - prefix) : 0));
	check(ioctl(fd, SIOCSIFNETMASK, &request) == 0, "SIOCSIFNETMASK");
	if (!gateway)
		return;
	set_sockaddr(&route.rt_dst, 0);
	set_sockaddr(&route.rt_genmask, 0);
	set_sockaddr(&route.rt_gateway, inet_addr(gateway));
	check(ioctl(fd, SIOCADDRT, &route) == 0, "SIOCADDRT");
}

// linux/ipv6.h has it, which the C library's headers do not bear beside them.
struct ipv6_request {
	struct in6_addr address;
	uint32_t prefix;
	int index;
};

static void set_address6(int fd, char *text)
{
	struct ipv6_request request = {.prefix = (uint32_t)split(text, 128), .index = (int)if_nametoindex(INTERFACE)};

	check(inet_pton(AF_INET6, text, &request.address) == 1, text);
	check(ioctl(fd, SIOCSIFADDR, &request) == 0, "IPv6 SIOCSIFADDR");
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	check(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

static void configure(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
	char *address = getenv("address"), *address6 = getenv("address6");

	bring_up(fd, "lo");
	// A duplicate of an address that nobody else has is not waited for.
	write_text("/proc/sys/net/ipv6/conf/" INTERFACE "/accept_dad", "0");
	bring_up(fd, INTERFACE);
	if (address)
		set_address(fd, address, getenv("gateway"));
	if (address6)
		set_address6(fd6, address6);
	close(fd);
	close(fd6);
}

int main(void)
{
	const struct rlimit files = {65536, 65536};
	char **command;

	check(!mount("proc", "/proc", "proc", 0, NULL) && !mount("sysfs", "/sys", "sysfs", 0, NULL), "mount");
	check(!mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "mount /dev");
	load_modules();
	configure();
	check(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
	command = lines("/command");
	execv(command[0], command);
	check(0, command[0]);
}
