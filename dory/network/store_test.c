/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks and their members: addresses, names, conflicts, and what killed processes leave. */
#include "dory/network/store.h"
#include <string.h>
#include <sys/stat.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/network/store_private.h"
#include "dory/network/subnet.h"
#include "tests/unit/test.h"

static char root[] = "/tmp/dory-store-XXXXXX";
static struct dory_error err;

static void begin(void)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	CHECK(mkdtemp(root));
}

static void end(void)
{
	CHECK_EQ(file_remove_tree(root, &err), 0);
}

static int join(struct membership *membership, const char *network, const char *name, bool is_chosen, const char *ip, const char *mac)
{
	struct membership_request request = {.network = network, .name = name, .is_name_chosen = is_chosen, .mac = mac};

	if (*ip)
		CHECK(ip_address_parse(ip, strchr(ip, ':') ? &request.ip6 : &request.ip4));
	return network_join(root, &request, membership, &err);
}

static struct network one_network(void)
{
	struct network *list, network;
	size_t count;

	CHECK_EQ(network_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 1);
	network = list[0];
	free(list);
	return network;
}

TEST(create_list_and_remove)
{
	struct network *list;
	size_t count;

	begin();
	CHECK_EQ(network_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 0);
	CHECK_EQ(network_create(root, "web", "10.7.1.0/24", &err), 0);
	CHECK_EQ(network_create(root, "lab", NULL, &err), 0);
	CHECK_EQ(network_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 2);
	CHECK(strcmp(list[0].name, "lab") == 0 && strcmp(list[1].name, "web") == 0);
	CHECK(list[0].ip4.prefix == 24 && list[0].ip6.prefix == 64 && list[0].ip6.address.bytes[0] == 0xfd);
	network_list_free(list, count);
	CHECK_EQ(network_create(root, "web", NULL, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	CHECK_EQ(network_remove(root, "wbe", &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK(strstr(err.hint, "web"));
	CHECK_EQ(network_remove(root, "web", &err), 0);
	CHECK_EQ(network_remove(root, "web", &err), -1);
	CHECK_EQ(network_remove(root, "../web", &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	end();
}

TEST(subnets)
{
	static const char *const bad[] = {"", "10.7.1.0", "10.7.1.1/24", "10.0.0.0/7", "10.7.1.0/31", "127.0.0.0/8", "224.0.0.0/24", "0.0.0.0/8", "fd00::/64", "x/24"};
	static const char *const taken[] = {"10.7.1.0/24", "10.7.1.128/25", "10.7.0.0/16", "10.0.0.0/8", "10.0.2.0/24", "10.0.2.0/28"};

	begin();
	CHECK_EQ(network_create(root, "web", "10.7.1.0/24", &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(network_create(root, "lab", bad[i], &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	}
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		CHECK_EQ(network_create(root, "lab", taken[i], &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	}
	CHECK_EQ(network_create(root, "lab", "10.7.2.0/30", &err), 0);
	end();
}

TEST(members)
{
	struct membership a, b, c;
	struct network network;

	begin();
	CHECK_EQ(join(&a, "web", "db", false, "", ""), 0);
	CHECK(a.has_created && strcmp(a.member.name, "db") == 0 && a.prefix == 24 && a.prefix6 == 64);
	CHECK_EQ(join(&b, "web", "db", false, "", ""), 0);
	CHECK(!b.has_created && strcmp(b.member.name, "db-2") == 0);
	CHECK(!ip_address_equal(&a.member.ip4, &b.member.ip4) && !ip_address_equal(&a.member.ip6, &b.member.ip6) && strcmp(a.member.mac, b.member.mac));
	CHECK_EQ(join(&c, "web", "DB", true, "", ""), -1); /* names of hosts do not tell letters' sizes apart */
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	network = one_network();
	CHECK_EQ(network.member_count, 2);
	CHECK(ip_address_is_within(&network.members[1].ip4, &network.ip4.address, 24) && ip_address_is_within(&network.members[1].ip6, &network.ip6.address, 64));
	CHECK(ip_address_equal(&network.members[1].ip4, &b.member.ip4) && strcmp(network.members[1].mac, b.member.mac) == 0);
	network_release(&network);
	CHECK_EQ(network_remove(root, "web", &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	CHECK(strstr(err.message, "db and others"));
	network_leave(root, &a);
	network_leave(root, &b);
	CHECK_EQ(network_remove(root, "web", &err), 0);
	end();
}

TEST(addresses_that_were_asked_for)
{
	struct membership a, b;

	begin();
	CHECK_EQ(network_create(root, "web", "10.7.1.0/24", &err), 0);
	CHECK_EQ(join(&a, "web", "a", true, "10.7.1.9", "52:54:00:00:00:01"), 0);
	CHECK(ip4_number(&a.member.ip4) == 0x0a070109 && a.member.ip6.bytes[15] == 9 && strcmp(a.member.mac, "52:54:00:00:00:01") == 0);
	CHECK_EQ(join(&b, "web", "b", true, "10.7.1.9", ""), -1);
	CHECK(err.kind == DORY_ERROR_CONFLICT && strstr(err.message, "10.7.1.9 is that of the instance a"));
	CHECK_EQ(join(&b, "web", "b", true, "10.7.2.9", ""), -1);
	CHECK(err.kind == DORY_ERROR_USAGE && strstr(err.message, "10.7.1.0/24"));
	CHECK_EQ(join(&b, "web", "b", true, "fd00::1", ""), -1);
	CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	CHECK_EQ(join(&b, "web", "b", true, "", "52:54:00:00:00:01"), -1);
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	network_leave(root, &a);
	CHECK_EQ(join(&b, "web", "b", true, "10.7.1.9", ""), 0);
	network_leave(root, &b);
	end();
}

/* The same name finds its address again, whoever else comes. */
TEST(an_address_stays)
{
	struct membership a, others[20];
	struct ip_address first;

	begin();
	CHECK_EQ(join(&a, "web", "db", false, "", ""), 0);
	first = a.member.ip4;
	network_leave(root, &a);
	CHECK_EQ(join(&a, "web", "db", false, "", ""), 0);
	CHECK(ip_address_equal(&a.member.ip4, &first));
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		char name[16];

		snprintf(name, sizeof(name), "other%u", i);
		CHECK_EQ(join(&others[i], "web", name, false, "", ""), 0);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		network_leave(root, &others[i]);
	network_leave(root, &a);
	end();
}

/* Against a list of what is taken: every address is given once, none outside, until there is none. */
TEST(all_addresses_are_given)
{
	struct network network = {.ip4 = {.address = {.family = AF_INET, .bytes = {10, 7, 1, 16}}, .prefix = 28}};
	bool is_taken[16] = {false};

	for (unsigned i = 0; i < 13; i++) {
		struct ip_address address;
		char name[16];

		snprintf(name, sizeof(name), "n%llu", (unsigned long long)test_random());
		CHECK(subnet_assign(&network, name, &address));
		CHECK(address.bytes[3] >= 18 && address.bytes[3] <= 30 && !is_taken[address.bytes[3] - 16]);
		is_taken[address.bytes[3] - 16] = true;
		*(struct network_member *)array_push(&network.members, &network.member_count, sizeof(struct network_member)) =
			(struct network_member){.ip4 = address};
	}
	CHECK(!subnet_assign(&network, "one more", &(struct ip_address){0}));
	free(network.members);
}

/* A process that joins and is killed: its place is free at once. */
TEST(a_killed_process_leaves_its_place)
{
	struct membership membership;
	struct network network;
	int ready[2];
	char byte;
	pid_t pid;

	begin();
	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int joined = join(&membership, "web", "db", true, "", "");

		if (write(ready[1], "x", 1) == 1 && joined == 0)
			pause();
		_exit(1);
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_EQ(join(&membership, "web", "db", true, "", ""), -1);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	network = one_network();
	CHECK_EQ(network.member_count, 0);
	network_release(&network);
	CHECK_EQ(join(&membership, "web", "db", true, "", ""), 0);
	network_leave(root, &membership);
	CHECK_EQ(network_remove(root, "web", &err), 0);
	close(ready[0]);
	close(ready[1]);
	end();
}

TEST(debris_and_damage)
{
	struct membership membership;
	struct network *list;
	size_t count;
	char *path;

	begin();
	CHECK_EQ(network_create(root, "web", NULL, &err), 0);
	path = text_format("%s/networks/.draft", root); /* of a process that was killed while it made a network */
	CHECK_EQ(file_make_directories(path, &err), 0);
	free(path);
	path = text_format("%s/networks/web/members/ghost", root); /* not locked */
	CHECK_EQ(file_replace(path, "nonsense", 8, &err), 0);
	free(path);
	CHECK_EQ(network_create(root, "lab", NULL, &err), 0);
	CHECK_EQ(network_list(root, &list, &count, &err), 0);
	CHECK(count == 2 && list[1].member_count == 0);
	network_list_free(list, count);
	path = text_format("%s/networks/web/network.json", root);
	CHECK_EQ(file_replace(path, "{\"subnet\": 7}", 13, &err), 0);
	free(path);
	CHECK_EQ(network_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 1);
	network_list_free(list, count);
	CHECK_EQ(join(&membership, "web", "db", true, "", ""), -1);
	CHECK(err.kind == DORY_ERROR_FORMAT && strstr(err.message, "damaged"));
	CHECK_EQ(network_remove(root, "web", &err), 0);
	end();
}

/* Many processes that join and leave one network at the same time: none gets another's address. */
TEST(a_crowd)
{
	enum { PROCESSES = 8, ROUNDS = 25 };
	struct network network;
	int status, failed = 0;

	begin();
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (fork() != 0)
			continue;
		for (unsigned n = 0; n < ROUNDS; n++) {
			struct membership membership;

			if (join(&membership, "web", "same", false, "", "") < 0)
				_exit(1);
			network = one_network();
			for (size_t a = 0; a < network.member_count; a++) {
				for (size_t b = 0; b < a; b++) {
					if (ip_address_equal(&network.members[a].ip4, &network.members[b].ip4))
						_exit(2);
				}
			}
			network_release(&network);
			network_leave(root, &membership);
		}
		_exit(0);
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		CHECK(wait(&status) > 0);
		failed += status != 0;
	}
	CHECK_EQ(failed, 0);
	network = one_network();
	CHECK_EQ(network.member_count, 0);
	network_release(&network);
	end();
}
TEST_MAIN()
