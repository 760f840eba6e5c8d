/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces of devices: named, linked, configured. */
#include "abi/control.h"
#include "kernel/log/log.h"
#include "kernel/net/core/library.h"
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/system/ip_option.h"
#include "kernel/net/system/system.h"
#include "kernel/platform/boot_option.h"
#include "lib/format.h"

LINKER_SET_DECLARE(net_autoconf, struct net_autoconf);
LINKER_SET_DECLARE(net_naming, struct net_naming);

static unsigned nr_devices;

static void configure_automatically(struct net_interface *interface, const char *host_name)
{
	const struct net_autoconf *const *p = LINKER_SET_BEGIN(net_autoconf);
	int error;

	if (p == LINKER_SET_END(net_autoconf))
		return;
	error = (*p)->start(interface, host_name);
	if (error)
		log_line(LOG_ERROR, "%s: %s cannot be started: error %d", interface->name, (*p)->name, -error);
}

static void configure_static(struct net_interface *interface, const struct ip_option *option)
{
	const struct net_network *network = net_network_of(interface->stack, &option->client);
	int error = network ? network->configure(interface, &option->client, option->prefix, option->has_gateway ? &option->gateway : NULL) : -EAFNOSUPPORT;

	if (error)
		log_line(LOG_ERROR, "%s: its address cannot be set: error %d", interface->name, -error);
}

static void start_naming(struct net_interface *interface, const char *host_name)
{
	for (const struct net_naming *const *p = LINKER_SET_BEGIN(net_naming); p < LINKER_SET_END(net_naming); p++)
		(*p)->start(interface, host_name);
}

/* True if the option is about this interface. */
static bool apply(struct net_interface *interface, const struct ip_option *option)
{
	if (option->device[0] && strcmp(option->device, interface->name) != 0)
		return false;
	if (option->has_client)
		configure_static(interface, option);
	else if (option->is_automatic)
		configure_automatically(interface, option->host[0] ? option->host : NULL);
	if (option->nr_name_servers)
		net_names_set(interface, NET_TOLD_BY_OWNER, option->name_server, option->nr_name_servers, NULL);
	if (option->host[0])
		start_naming(interface, option->host);
	return true;
}

static void configure(struct net_interface *interface)
{
	const char *text = NULL;
	struct ip_option option;
	bool is_told = false;

	while ((text = boot_option_next(BOOT_OPTION_IP, text)) != NULL) {
		if (ip_option_parse(text, &option))
			is_told |= apply(interface, &option);
		else
			log_line(LOG_WARNING, "the option \"ip=\" is not understood: %.60s", text);
	}
	if (!is_told)
		configure_automatically(interface, NULL);
}

int net_device_add(struct net_interface *interface)
{
	struct net_stack *stack = net_enter();
	bool is_up = interface->flags & NET_IS_UP;
	int error;

	format_text(interface->name, sizeof(interface->name), "eth%u", nr_devices);
	interface->flags &= ~(uint32_t)NET_IS_UP;
	error = ethernet_attach(stack, interface);
	if (!error) {
		nr_devices++;
		net_interface_add(stack, interface);
		net_interface_set_up(interface, is_up);
		configure(interface);
	}
	net_leave();
	return error;
}

void net_device_set_link(struct net_interface *interface, bool is_up)
{
	net_enter();
	net_interface_set_up(interface, is_up);
	net_leave();
}
