/* SPDX-License-Identifier: BSD-3-Clause */
/* "ip=" as Linux has it (admin-guide/nfs/nfsroot): CLIENT:SERVER:GATEWAY:MASK:HOST:DEVICE:AUTOCONF:DNS0. */
#include "abi/control.h"
#include "dory/base/text.h"
#include "dory/network/interface.h"

static void append_address(struct text_buffer *words, const struct ip_address *address)
{
	char text[IP_TEXT_SIZE];
	bool is_bracketed = address->family == AF_INET6;

	if (address->family)
		text_append_format(words, "%s%s%s", is_bracketed ? "[" : "", ip_address_print(address, text), is_bracketed ? "]" : "");
}

void ip_word_append(struct text_buffer *words, const char *device, const struct interface_address *address,
	const char *label, const char *name_server)
{
	text_append_format(words, " %s", BOOT_OPTION_IP);
	if (address)
		append_address(words, &address->address);
	text_append_format(words, "::");
	if (address)
		append_address(words, &address->gateway);
	text_append_format(words, ":");
	if (address)
		text_append_format(words, "%u", address->prefix);
	text_append_format(words, ":%s:%s:%s", label ? label : "", device, address ? "off" : "dhcp");
	if (name_server)
		text_append_format(words, ":%s", name_server);
}
