/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces that are tap devices of this machine: on their own (-n tap), or as ports of a bridge (-n bridge). */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/network/bridge_helper.h"
#include "dory/network/interface.h"
#include "dory/network/tap_device.h"

struct tap {
	struct interface_state state;
	struct tap_device device;
};

static void tap_close(struct interface_state *state)
{
	struct tap *tap = (struct tap *)state;

	tap_device_close(&tap->device);
	free(tap);
}

static struct tap *tap_new(struct interface_state **state)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap)
		abort();
	tap->state.close = tap_close;
	*state = &tap->state;
	return tap;
}

/* Addresses that were not asked for come by DHCP and router advertisements. */
static void append_words(const struct interface_request *request, struct text_buffer *words)
{
	const struct interface_plan *plan = request->plan;

	ip_word_append(words, request->device, plan->ip4.address.family ? &plan->ip4 : NULL, request->label, NULL);
	if (plan->ip6.address.family)
		ip_word_append(words, request->device, &plan->ip6, NULL, NULL);
}

/* vhost needs an accelerator that takes notifications by descriptors. */
static void describe(const struct interface_request *request, struct tap *tap, struct machine_nic *nic, struct text_buffer *words)
{
	if (strcmp(request->machine->accelerator, "kvm") == 0)
		tap_device_add_vhost(&tap->device);
	nic->kind = MACHINE_NIC_TAP;
	nic->fds = tap->device.fds;
	nic->vhost_fds = tap->device.has_vhost ? tap->device.vhost_fds : NULL;
	nic->queue_count = tap->device.queue_count;
	append_words(request, words);
}

int tap_open(const struct interface_request *request, struct machine_nic *nic, struct text_buffer *words,
	struct interface_state **state, struct dory_error *err)
{
	struct tap *tap = tap_new(state);

	if (tap_device_open(&tap->device, request->plan->name, request->machine->cpus, err) != TAP_OPEN ||
		tap_device_connect(&tap->device, NULL, err) < 0)
		return -1;
	describe(request, tap, nic, words);
	return 0;
}

/* By its driver's name: /sys may show another network namespace than ours. */
static bool is_bridge(const char *name)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (char *)&info};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_known;

	text_cut_to(request.ifr_name, sizeof(request.ifr_name), name);
	is_known = fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0;
	if (fd >= 0)
		close(fd);
	return is_known && strcmp(info.driver, "bridge") == 0;
}

static int check_bridge(const char *name, struct dory_error *err)
{
	if (is_bridge(name))
		return 0;
	if (if_nametoindex(name))
		return error_set(err, DORY_ERROR_USAGE, "the interface %s is no bridge", name);
	error_set(err, DORY_ERROR_NOT_FOUND, "this machine has no bridge %s", name);
	return error_hint(err, "Let root make one: ip link add %s type bridge; ip link set %s up", name, name);
}

/* Whoever may make the interface does; others ask QEMU's helper, which checks by /etc/qemu/bridge.conf what they may. */
int bridge_open(const struct interface_request *request, struct machine_nic *nic, struct text_buffer *words,
	struct interface_state **state, struct dory_error *err)
{
	struct tap *tap = tap_new(state);
	const char *bridge = request->plan->name;
	enum tap_result result;

	if (check_bridge(bridge, err) < 0)
		return -1;
	result = tap_device_open(&tap->device, NULL, request->machine->cpus, err);
	if (result == TAP_OPEN && tap_device_connect(&tap->device, bridge, err) < 0)
		return -1;
	if (result == TAP_NOT_ALLOWED) {
		int fd = bridge_helper_open(bridge, err);

		if (fd < 0)
			return -1;
		tap->device.fds[0] = fd;
		tap->device.queue_count = 1;
	} else if (result == TAP_FAILED) {
		return -1;
	}
	describe(request, tap, nic, words);
	return 0;
}
