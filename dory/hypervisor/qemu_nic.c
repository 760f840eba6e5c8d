/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network interfaces on QEMU's command line: each a back end (-netdev) and a device. Nothing here makes QEMU start a
 * program or open what it needs rights for: the sandbox would not let it.
 */
#include "dory/hypervisor/qemu_nic.h"
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

static void append_setting(struct text_buffer *settings, const char *name, const char *value)
{
	if (value)
		text_append_format(settings, ",%s=%s", name, value);
}

/* Both families are named: QEMU takes "ipv6=on" alone for "no IPv4". */
static void append_user(struct text_buffer *settings, const struct machine_nic *nic, size_t i)
{
	text_append_format(settings, "user,id=net%zu,ipv4=on,ipv6=on", i);
	append_setting(settings, "net", nic->subnet);
	append_setting(settings, "host", nic->gateway);
	append_setting(settings, "dns", nic->name_server);
	append_setting(settings, "dhcpstart", nic->guest);
	append_setting(settings, "ipv6-net", nic->subnet6);
	append_setting(settings, "ipv6-host", nic->gateway6);
	for (size_t f = 0; f < nic->forward_count; f++) {
		const struct machine_forward *forward = &nic->forwards[f];

		text_append_format(settings, ",hostfwd=%s:%s:%u-%s:%u", forward->is_udp ? "udp" : "tcp", forward->address,
			forward->host_port, nic->guest ? nic->guest : "", forward->guest_port);
	}
}

static void append_descriptors(struct text_buffer *settings, const char *name, const int *fds, size_t count)
{
	text_append_format(settings, ",%s%s=", name, count > 1 ? "s" : "");
	for (size_t i = 0; i < count; i++)
		text_append_format(settings, "%s%d", i ? ":" : "", fds[i]);
}

static void append_tap(struct text_buffer *settings, const struct machine_nic *nic, size_t i)
{
	text_append_format(settings, "tap,id=net%zu", i);
	append_descriptors(settings, "fd", nic->fds, nic->queue_count);
	if (nic->vhost_fds) {
		text_append_format(settings, ",vhost=on");
		append_descriptors(settings, "vhostfd", nic->vhost_fds, nic->queue_count);
	}
}

static void append_socket(struct text_buffer *settings, const struct machine_nic *nic, size_t i)
{
	text_append_format(settings, "dgram,id=net%zu,local.type=fd,local.str=%d", i, nic->socket_fd);
}

/*
 * On PCI: an interrupt for each direction of each queue, one for the control queue, one for configuration (virtio 1.2 §5.1.2); no
 * ROM, since nothing is booted from the network; no descriptors for notifications under TCG (qemu.c, add_notification).
 */
static void append_pci(struct text_buffer *device, const struct machine_nic *nic, bool is_emulated)
{
	text_append_format(device, ",romfile=%s", is_emulated && !nic->vhost_fds ? ",ioeventfd=off" : "");
	if (nic->queue_count > 1)
		text_append_format(device, ",vectors=%zu", 2 * nic->queue_count + 2);
}

static void append_device(struct text_buffer *device, const struct machine *machine, size_t i, const char *bus)
{
	const struct machine_nic *nic = &machine->nics[i];

	text_append_format(device, "virtio-net-%s,netdev=net%zu,mac=%s", bus, i, nic->mac);
	if (nic->queue_count > 1)
		text_append_format(device, ",mq=on");
	if (strcmp(bus, "pci") == 0)
		append_pci(device, nic, strcmp(machine->accelerator, "tcg") == 0);
}

void qemu_add_nic(const struct machine *machine, size_t i, const char *bus, struct arguments *arguments)
{
	static void (*const append[])(struct text_buffer *, const struct machine_nic *, size_t) = {
		[MACHINE_NIC_USER] = append_user, [MACHINE_NIC_TAP] = append_tap, [MACHINE_NIC_SOCKET] = append_socket};
	const struct machine_nic *nic = &machine->nics[i];
	struct text_buffer backend = {0}, device = {0};

	append[nic->kind](&backend, nic, i);
	append_device(&device, machine, i, bus);
	arguments_add(arguments, "-netdev");
	arguments_add(arguments, "%s", backend.text);
	arguments_add(arguments, "-device");
	arguments_add(arguments, "%s", device.text);
	free(backend.text);
	free(device.text);
}
