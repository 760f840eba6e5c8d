/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens tap devices. */
#include "dory/network/tap_device.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dory/base/text.h"

#define TUN_DEVICE "/dev/net/tun"
#define OWN_NAMES  "dory%d" /* the kernel sets a number */

static enum tap_result open_tun(int *fd, struct dory_error *err)
{
	*fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0)
		return TAP_OPEN;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
		error_set(err, DORY_ERROR_NOT_FOUND, "this machine has no %s, which tap interfaces need", TUN_DEVICE);
		error_hint(err, "Let root load the kernel's module: modprobe tun");
		return TAP_FAILED;
	}
	error_set_errno(err, DORY_ERROR_IO, "opening %s", TUN_DEVICE);
	error_hint(err, "Let root allow it: chmod 0666 %s (who may use which interface is checked apart from that).", TUN_DEVICE);
	return TAP_NOT_ALLOWED;
}

static bool exists(const char *name)
{
	return name && if_nametoindex(name) != 0;
}

/* TUNSETIFF's errno for a person. */
static enum tap_result explain(const char *name, struct dory_error *err)
{
	switch (errno) {
	case EPERM:
		if (exists(name)) {
			error_set(err, DORY_ERROR_IO, "the interface %s is another user's", name);
			error_hint(err, "Let root make it yours: ip tuntap del dev %s mode tap; ip tuntap add dev %s mode tap vnet_hdr user %d", name, name,
				(int)getuid());
		} else {
			error_set(err, DORY_ERROR_IO, "making the tap interface %s needs the right CAP_NET_ADMIN", name ? name : "of a machine");
			error_hint(err, "Let root make one for you: ip tuntap add dev %s mode tap vnet_hdr user %d; ip link set %s up; then: -n tap:%s",
				name ? name : "dory0", (int)getuid(), name ? name : "dory0", name ? name : "dory0");
		}
		return TAP_NOT_ALLOWED;
	case EBUSY:
		error_set(err, DORY_ERROR_CONFLICT, "the interface %s is in use by another program", name ? name : "");
		return TAP_FAILED;
	case EINVAL:
		error_set(err, DORY_ERROR_USAGE, "the interface %s is no tap interface", name ? name : "");
		return TAP_FAILED;
	default:
		error_set_errno(err, DORY_ERROR_IO, "opening the tap interface %s", name ? name : "");
		return TAP_FAILED;
	}
}

/* One more queue of `tap->name`, which the kernel completes; an errno. */
static int attach(struct tap_device *tap, int fd, bool is_multiqueue)
{
	struct ifreq request = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (is_multiqueue ? IFF_MULTI_QUEUE : 0))};

	text_cut_to(request.ifr_name, sizeof(request.ifr_name), tap->name);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return errno;
	memcpy(tap->name, request.ifr_name, sizeof(tap->name));
	return 0;
}

/* An interface that was made for one queue refuses to have several, and the other way round. */
static int attach_first(struct tap_device *tap, int fd, bool *is_multiqueue)
{
	int failure = attach(tap, fd, *is_multiqueue);

	if (failure != EINVAL)
		return failure;
	*is_multiqueue = !*is_multiqueue;
	return attach(tap, fd, *is_multiqueue);
}

static enum tap_result add_queue(struct tap_device *tap, const char *name, bool *is_multiqueue, struct dory_error *err)
{
	int fd;
	enum tap_result result = open_tun(&fd, err);

	if (result != TAP_OPEN)
		return result;
	tap->fds[tap->queue_count++] = fd;
	errno = tap->queue_count == 1 ? attach_first(tap, fd, is_multiqueue) : attach(tap, fd, *is_multiqueue);
	return errno ? explain(name, err) : TAP_OPEN;
}

enum tap_result tap_device_open(struct tap_device *tap, const char *name, size_t queues, struct dory_error *err)
{
	bool is_multiqueue = queues > 1;
	enum tap_result result;

	*tap = (struct tap_device){0};
	text_cut_to(tap->name, sizeof(tap->name), name ? name : OWN_NAMES);
	if (queues > TAP_QUEUES_MAX)
		queues = TAP_QUEUES_MAX;
	do
		result = add_queue(tap, name, &is_multiqueue, err);
	while (result == TAP_OPEN && is_multiqueue && tap->queue_count < queues);
	if (result != TAP_OPEN)
		tap_device_close(tap);
	return result;
}

void tap_device_add_vhost(struct tap_device *tap)
{
	size_t count = 0;

	while (count < tap->queue_count) {
		tap->vhost_fds[count] = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
		if (tap->vhost_fds[count] < 0)
			break;
		count++;
	}
	tap->has_vhost = count > 0 && count == tap->queue_count;
	while (!tap->has_vhost && count > 0)
		close(tap->vhost_fds[--count]);
}

void tap_device_close(struct tap_device *tap)
{
	for (size_t i = 0; i < tap->queue_count; i++) {
		close(tap->fds[i]);
		if (tap->has_vhost)
			close(tap->vhost_fds[i]);
	}
	*tap = (struct tap_device){0};
}

static int set_up(int fd, const char *name)
{
	struct ifreq request = {0};

	text_cut_to(request.ifr_name, sizeof(request.ifr_name), name);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -1;
	if (request.ifr_flags & IFF_UP)
		return 0;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int add_to_bridge(int fd, const char *bridge, const char *name)
{
	struct ifreq request = {.ifr_ifindex = (int)if_nametoindex(name)};

	text_cut_to(request.ifr_name, sizeof(request.ifr_name), bridge);
	return ioctl(fd, SIOCBRADDIF, &request);
}

int tap_device_connect(const struct tap_device *tap, const char *bridge, struct dory_error *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result = 0;

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a socket");
	if (bridge && add_to_bridge(fd, bridge, tap->name) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "adding %s to the bridge %s", tap->name, bridge);
	else if (set_up(fd, tap->name) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "setting the interface %s up", tap->name);
		error_hint(err, "Let root do it: ip link set %s up", tap->name);
	}
	close(fd);
	return result;
}
