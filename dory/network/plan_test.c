/* SPDX-License-Identifier: BSD-3-Clause */
/* Words about networks, and what does not go together. */
#include "dory/network/plan.h"
#include <string.h>
#include "tests/unit/test.h"

static struct network_plan plan;
static struct dory_error err;

/* Options as "-n web", "-p 80:80", "--ip ...", "--mac ...", separated by blanks. */
static int read_line(const char *line)
{
	static char copy[512];
	static const char *lists[4][8];
	size_t counts[4] = {0};
	char *rest = copy, *option, *word;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((option = strsep(&rest, " ")) && (word = strsep(&rest, " "))) {
		int list = strcmp(option, "-n") == 0 ? 0 : strcmp(option, "-p") == 0 ? 1 : strcmp(option, "--ip") == 0 ? 2 : 3;

		lists[list][counts[list]++] = word;
	}
	network_plan_release(&plan);
	err = (struct dory_error){0};
	return network_plan_init(&plan,
		&(struct network_words){.networks = lists[0],
			.network_count = counts[0],
			.forwards = lists[1],
			.forward_count = counts[1],
			.addresses = lists[2],
			.address_count = counts[2],
			.macs = lists[3],
			.mac_count = counts[3]},
		&err);
}

/* "nat bridge:virbr0 tap web" */
static bool has_interfaces(const char *expected)
{
	static const char *const kinds[] = {"nat", "bridge:", "tap:", ""};
	char text[256] = "";

	for (size_t i = 0; i < plan.interface_count; i++) {
		const struct interface_plan *interface = &plan.interfaces[i];
		size_t length = strlen(text);

		snprintf(text + length, sizeof(text) - length, "%s%s%s", i ? " " : "", kinds[interface->kind], interface->name ? interface->name : "");
	}
	return strcmp(text, expected) == 0;
}

TEST(interfaces)
{
	static const char *const cases[][2] = {{"", "nat"}, {"-n nat", "nat"}, {"-n none", ""}, {"-n bridge", "bridge:virbr0"},
		{"-n bridge:br7", "bridge:br7"}, {"-n tap", "tap:"}, {"-n tap:tap0", "tap:tap0"}, {"-n vhost", "tap:"}, {"-n web", "web"}, {"-n web -n nat", "web nat"},
		{"-n tap -n tap", "tap: tap:"}, {"-p 80:80", "nat"}, {"-p 80:80 -n web", "nat web"}, {"-n web -n nat -p 80:80", "web nat"},
		{"-p qemu", "nat"}, {"-p qemu -n none", ""}, {"-n bridge -p 80:80 -p 53:53/udp", "nat bridge:virbr0"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(read_line(cases[i][0]), 0);
		CHECK(has_interfaces(cases[i][1]));
	}
	CHECK_EQ(plan.forwards.count, 2);
	network_plan_release(&plan);
}

TEST(addresses_go_to_their_interfaces)
{
	CHECK_EQ(read_line("-p 80:80 -n web -n bridge --ip 10.1.1.2/16 --ip fd00::2 --ip 10.2.2.2 --mac 52:54:00:00:00:01"), 0);
	CHECK(has_interfaces("nat web bridge:virbr0"));
	CHECK(!plan.interfaces[0].ip4.address.family && !plan.interfaces[0].mac[0]);
	CHECK(plan.interfaces[1].ip4.prefix == 16 && plan.interfaces[1].ip6.prefix == 64 && strcmp(plan.interfaces[1].mac, "52:54:00:00:00:01") == 0);
	CHECK(plan.interfaces[2].ip4.prefix == 24 && !plan.interfaces[2].ip6.address.family && !plan.interfaces[2].mac[0]);
	network_plan_release(&plan);
}

TEST(refusals)
{
	static const char *const lines[] = {"-n none -n nat", "-n none -p 80:80", "-n none --ip 10.0.0.2", "-n none --mac 52:54:00:00:00:01", "-n nat:x", "-n bridge:",
		"-n bridge:a/b", "-n tap:abcdefghijklmnop", "-n tap:..", "-n web -n web", "-n Web", "-n 9lives", "-n a_b", "-n web-", "-n -web", "-n ../x", "-n vnet",
		"-n vpnkit", "-n abcdefghijklmnopqrstuvwxyzabcdefg", "-n a -n b -n c -n d -n e", "-n a -n b -n c -n d -p 1:1", "--ip 10.0.0.2 --ip 10.0.0.3",
		"--mac 52:54:00:00:00:01 --mac 52:54:00:00:00:02", "-n a -n b --mac 52:54:00:00:00:01 --mac 52-54-00-00-00-01", "-p vbox", "-p 80", "-p :"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		CHECK_EQ(read_line(lines[i]), -1);
		CHECK_EQ(err.kind, DORY_ERROR_USAGE);
		CHECK(err.message[0]);
	}
	CHECK_EQ(network_name_check("", &err), -1);
}

TEST(labels)
{
	static const char *const cases[][2] = {{"web", "web"}, {"deb/redis-server", "redis-server"}, {"tools/Web_App:2", "web-app"}, {"node18+x@y", "node18-x-y"},
		{"--", "dory"}, {"", "dory"}, {"a.", "a"}, {".a.b", "a-b"}, {"x/", "dory"}, {"dash=0.5", "dash"}, {"./Server.py", "server-py"}};
	char label[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		host_label(cases[i][0], label);
		CHECK(strcmp(label, cases[i][1]) == 0);
	}
	host_label("abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij-b-defg", label);
	CHECK_EQ(strlen(label), 62); /* 63 would end in a hyphen */
}
TEST_MAIN()
