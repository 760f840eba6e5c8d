/* SPDX-License-Identifier: BSD-3-Clause */
/* Namespaces and tap devices, by the calls of unshare(2) and netdevice(7). */
#include "tests/net/device.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

bool device_setting(const char *name, const char *value)
{
	char path[200];
	size_t len = strlen(value);
	int fd;
	bool done;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, value, len) == (ssize_t)len;
	close(fd);
	return done;
}

const char *device_namespace(void)
{
	static bool is_made;

	if (is_made)
		return NULL;
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return "no network namespace can be made: run as root, or allow user namespaces (kernel.unprivileged_userns_clone, user.max_net_namespaces)";
	if (access("/dev/net/tun", R_OK | W_OK))
		return "/dev/net/tun cannot be opened: modprobe tun; mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun";
	if (!device_setting("ipv4/ip_forward", "1") || !device_setting("ipv4/tcp_ecn", "1") || !device_setting("ipv6/conf/default/accept_dad", "0"))
		return "/proc/sys/net cannot be written: mount /proc for reading and writing";
	is_made = true;
	return NULL;
}

static bool set_address(int socket, struct ifreq *request, unsigned long call, uint32_t address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};

	memcpy(&request->ifr_addr, &in, sizeof(in));
	return ioctl(socket, call, request) == 0;
}

/* fd09:: with the address behind it. */
static bool set_address6(const char *name, uint32_t address)
{
	struct {
		struct in6_addr address;
		uint32_t prefix;
		int index;
	} request = {.address.s6_addr = {0xfd, 9, [12] = (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address},
		     .prefix = 120, .index = (int)if_nametoindex(name)};
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done = s >= 0 && ioctl(s, SIOCSIFADDR, &request) == 0;

	if (s >= 0)
		close(s);
	return done;
}

static bool configure(const char *name, uint32_t address, unsigned mtu)
{
	struct ifreq request = {0};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	done = s >= 0 && set_address(s, &request, SIOCSIFADDR, address) && set_address(s, &request, SIOCSIFNETMASK, 0xffffff00u);
	request.ifr_mtu = (int)mtu;
	done = done && ioctl(s, SIOCSIFMTU, &request) == 0 && ioctl(s, SIOCGIFFLAGS, &request) == 0;
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	done = done && ioctl(s, SIOCSIFFLAGS, &request) == 0;
	if (s >= 0)
		close(s);
	return done;
}

int device_open(const char *name, unsigned flags, uint32_t address, unsigned mtu)
{
	struct ifreq request = {.ifr_flags = (short)((flags & DEVICE_TAP ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (flags & DEVICE_OFFLOADS ? IFF_VNET_HDR : 0))};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &request) || (flags & DEVICE_OFFLOADS && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)) ||
	    !configure(name, address, mtu) || (flags & DEVICE_TAP && !set_address6(name, address))) {
		close(fd);
		return -1;
	}
	return fd;
}

size_t device_read(int fd, bool has_header, struct device_header *header, uint8_t *frame, size_t size)
{
	struct iovec parts[2] = {{header, sizeof(*header)}, {frame, size}};
	ssize_t n = has_header ? readv(fd, parts, 2) : read(fd, frame, size);

	if (!has_header)
		memset(header, 0, sizeof(*header));
	else
		n -= (ssize_t)sizeof(*header);
	return n > 0 ? (size_t)n : 0;
}

/* What Linux does not take is lost, as on any wire. */
void device_write(int fd, bool has_header, const struct device_header *header, const uint8_t *frame, size_t len)
{
	struct iovec parts[2] = {{(void *)(uintptr_t)header, sizeof(*header)}, {(void *)(uintptr_t)frame, len}};
	ssize_t n = has_header ? writev(fd, parts, 2) : write(fd, frame, len);

	(void)n;
}

void device_wait(const int *fds, unsigned nr, uint64_t ns)
{
	struct timespec time = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
	struct pollfd polled[4];

	for (unsigned i = 0; i < nr; i++)
		polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	(void)ppoll(polled, nr, &time, NULL);
}

void device_close(int fd)
{
	close(fd);
}

uint64_t device_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
