/* SPDX-License-Identifier: BSD-3-Clause */
/* "ip=": the documented forms, and what is none. */
#include "kernel/net/system/ip_option.h"
#include "tests/unit/test.h"

TEST(all_fields)
{
	struct ip_option o;

	CHECK(ip_option_parse("10.0.2.15::10.0.2.2:255.255.255.0:web:eth0:none:10.0.2.3:1.1.1.1 next=1", &o));
	CHECK(o.has_client && o.has_gateway && o.is_off && !o.is_automatic);
	CHECK_EQ(net_address_ip4(&o.client), 0x0a00020f);
	CHECK_EQ(net_address_ip4(&o.gateway), 0x0a000202);
	CHECK_EQ(o.prefix, 24);
	CHECK_EQ(o.nr_name_servers, 2);
	CHECK_EQ(net_address_ip4(&o.name_server[1]), 0x01010101);
	CHECK(strcmp(o.host, "web") == 0 && strcmp(o.device, "eth0") == 0);
}

TEST(short_forms)
{
	struct ip_option o;

	CHECK(ip_option_parse("dhcp", &o) && o.is_automatic && !o.has_client);
	CHECK(ip_option_parse("off", &o) && o.is_off && !o.is_automatic);
	CHECK(ip_option_parse("192.168.1.9", &o) && o.has_client && o.prefix == 24);
	CHECK(ip_option_parse("10.1.1.1:::12", &o) && o.prefix == 12);
	CHECK(ip_option_parse(":::::eth1:dhcp", &o) && o.is_automatic && strcmp(o.device, "eth1") == 0);
	CHECK(ip_option_parse("10.1.1.1::::::off::8.8.8.8", &o) && o.nr_name_servers == 1);
}

TEST(ip6_in_brackets)
{
	struct ip_option o;

	CHECK(ip_option_parse("[fd00::2]::[fd00::1]:48::eth0:none:[fd00::3]", &o));
	CHECK(o.has_client && !net_address_is_ip4(&o.client) && o.client.byte[15] == 2);
	CHECK_EQ(o.prefix, 48);
	CHECK(o.has_gateway && o.gateway.byte[15] == 1);
	CHECK_EQ(o.name_server[0].byte[15], 3);
	CHECK(ip_option_parse("[fd00::2]", &o) && o.prefix == 64);
}

TEST(not_well_formed)
{
	static const char *const bad[] = {"", "maybe", "1.2.3", "10.0.0.1x", "10.0.0.1:::33", "10.0.0.1:::255.0.255.0", "[fd00::2]:::255.0.0.0", "[fd00::2", "[fd00::2]:::129",
					  "10.0.0.1::::::sometimes", "10.0.0.1:::::a-name-that-is-too-long", "1.2.3.4:::::::::5", "::::::", "::::::::"};
	struct ip_option o;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!ip_option_parse(bad[i], &o));
}

TEST(random_text)
{
	static const char letters[] = "0123456789.:[]abcdehtfonp ";
	struct ip_option o;
	char text[200];

	for (int round = 0; round < 20000; round++) {
		size_t len = test_random() % (sizeof(text) - 1);

		for (size_t i = 0; i < len; i++)
			text[i] = letters[test_random() % (sizeof(letters) - 1)];
		text[len] = '\0';
		if (ip_option_parse(text, &o))
			CHECK(o.has_client || o.is_automatic || o.is_off);
	}
}

TEST_MAIN()
