/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as people write them, and as they should not. */
#include "dory/network/address.h"
#include <string.h>
#include "lib/attr.h"
#include "tests/unit/test.h"

static bool prints_as(const struct ip_address *address, const char *text)
{
	char printed[IP_TEXT_SIZE];

	return strcmp(ip_address_print(address, printed), text) == 0;
}

TEST(addresses)
{
	static const char *const good[] = {"0.0.0.0", "192.0.2.1", "::", "2001:db8::1", "fe80::1"};
	static const char *const bad[] = {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "[::1]", ":::", "fe80::1%eth0", "1:2", "x"};
	struct ip_address address;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK(ip_address_parse(good[i], &address) && prints_as(&address, good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!ip_address_parse(bad[i], &address));
}

TEST(numbers_and_prefixes)
{
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t number = (uint32_t)test_random();
		unsigned prefix = (unsigned)(test_random() % 33);
		uint32_t mask = prefix ? ~0u << (32 - prefix) : 0;
		struct ip_address address = ip4_address(number), first = ip_address_fill(&address, prefix, false);
		struct ip_address last = ip_address_fill(&address, prefix, true);

		CHECK_EQ(ip4_number(&address), number);
		CHECK_EQ(ip4_number(&first), number & mask);
		CHECK_EQ(ip4_number(&last), number | ~mask);
		CHECK(ip_address_is_within(&last, &address, prefix));
		CHECK_EQ(prefix > 0 && ip_address_is_within(&(struct ip_address){.family = AF_INET6}, &address, prefix), 0);
	}
}

TEST(networks)
{
	struct ip_network a, b;

	CHECK(ip_network_parse("10.1.2.0/24", &a) && ip_network_parse("10.1.0.0/16", &b));
	CHECK(ip_network_overlaps(&a, &b) && ip_network_overlaps(&b, &a));
	CHECK(ip_network_parse("10.2.0.0/16", &b) && !ip_network_overlaps(&a, &b));
	CHECK(ip_network_parse("fd00::/64", &b) && !ip_network_overlaps(&a, &b));
	CHECK(!ip_network_parse("10.1.2.0", &a) && !ip_network_parse("10.1.2.0/33", &a) && !ip_network_parse("10.1.2.0/", &a));
	CHECK(!ip_network_parse("10.1.2.0/-1", &a) && !ip_network_parse("10.1.2.0/24x", &a) && !ip_network_parse("fd00::/129", &a));
}

TEST(addresses_of_interfaces)
{
	static const struct {
		const char *text;
		unsigned prefix;
		const char *address, *gateway;
	} good[] = {{"192.168.7.2", 24, "192.168.7.2", ""}, {"192.168.7.2/16,192.168.0.1", 16, "192.168.7.2", "192.168.0.1"},
		{"fd00::2", 64, "fd00::2", ""}, {"fd00::2/48,fd00::1", 48, "fd00::2", "fd00::1"},
		{"fd00::2/64,fe80::1", 64, "fd00::2", "fe80::1"}, {"10.0.0.0/31", 31, "10.0.0.0", ""}, {"10.0.0.7/32", 32, "10.0.0.7", ""}};
	struct interface_address a;
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_EQ(interface_address_parse(good[i].text, &a, &err), 0);
		CHECK_EQ(a.prefix, good[i].prefix);
		CHECK(prints_as(&a.address, good[i].address));
		CHECK_EQ(a.gateway.family != 0, *good[i].gateway != 0);
		CHECK(!a.gateway.family || prints_as(&a.gateway, good[i].gateway));
	}
}

TEST(addresses_of_no_interface)
{
	static const char *const bad[] = {"", ",", "x", "1.2.3", "192.168.7.2/", "192.168.7.2/33", "192.168.7.2/24,", "192.168.7.2,10.0.0.1",
		"192.168.7.2,192.168.7.2", "192.168.7.0/24", "192.168.7.255/24", "192.168.7.2/24,192.168.7.255", "127.0.0.1", "0.0.0.0", "224.0.0.1",
		"255.255.255.255", "::", "::1", "ff02::1", "fd00::2,10.0.0.1", "fd00::2/64,fd01::1", "192.168.7.2/24 ", "10.0.0.1/0",
		"192.168.7.2/24,192.168.7.1,8.8.8.8", "[fd00::2]"};
	struct interface_address a;
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err.kind = DORY_ERROR_NONE;
		CHECK_EQ(interface_address_parse(bad[i], &a, &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_USAGE);
		CHECK(strstr(err.hint, "GATEWAY"));
	}
}

TEST(ethernet_addresses)
{
	static const char *const bad[] = {"", "52:54:00:12:34", "52:54:00:12:34:56:78", "52-54:00:12:34:56", "52:54:00:12:34:5g", "53:54:00:12:34:56",
		"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "5254.0012.3456", "525:4:00:12:34:56", "52:54:00:12:34:5", "52_54_00_12_34_56"};
	char mac[MAC_TEXT_SIZE];
	struct dory_error err;

	CHECK_EQ(mac_address_parse("52:54:00:AB:cd:EF", mac, &err), 0);
	CHECK(strcmp(mac, "52:54:00:ab:cd:ef") == 0);
	CHECK_EQ(mac_address_parse("52-54-00-12-34-56", mac, &err), 0);
	CHECK(strcmp(mac, "52:54:00:12:34:56") == 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(mac_address_parse(bad[i], mac, &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	}
	mac_address_print(0x0a4d0302, mac);
	CHECK(strcmp(mac, "02:d0:0a:4d:03:02") == 0);
	CHECK_EQ(mac_address_parse(mac, mac, &err), 0);
}
TEST_MAIN()
