/* SPDX-License-Identifier: BSD-3-Clause */
/* -p as people write it, and ports that are taken. */
#include "dory/network/forward.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/unit/test.h"

/* The i-th as "ADDRESS:PORT/PROTOCOL GUEST". */
static bool is_forward(const struct forward_list *list, size_t i, const char *host, unsigned guest)
{
	char *printed;
	bool is_same;

	if (i >= list->count)
		return false;
	printed = forward_print(&list->forwards[i]);
	is_same = strcmp(printed, host) == 0 && list->forwards[i].guest_port == guest;
	free(printed);
	return is_same;
}

TEST(forms)
{
	static const struct {
		const char *text, *host;
		unsigned guest;
	} cases[] = {{"8080:80", "0.0.0.0:8080/tcp", 80}, {"8081:80/tcp", "0.0.0.0:8081/tcp", 80}, {"53:5353/udp", "0.0.0.0:53/udp", 5353},
		{"127.0.0.1:8082:80", "127.0.0.1:8082/tcp", 80}, {"[::1]:8080:80", "[::1]:8080/tcp", 80}, {"[::]:9090:1/tcp", "[::]:9090/tcp", 1},
		{"0:80", "0.0.0.0:0/tcp", 80}, {"0:80", "0.0.0.0:0/tcp", 80}, {"127.0.0.1:0:65535", "127.0.0.1:0/tcp", 65535},
		{"65535:1", "0.0.0.0:65535/tcp", 1}};
	struct forward_list list = {0};
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(forwards_parse(&list, cases[i].text, &err), 0);
		CHECK(is_forward(&list, i, cases[i].host, cases[i].guest));
	}
	forwards_release(&list);
}

TEST(ranges)
{
	struct forward_list list = {0};
	struct dory_error err;

	CHECK_EQ(forwards_parse(&list, "8000-8002:80-82/udp", &err), 0);
	CHECK_EQ(list.count, 3);
	CHECK(is_forward(&list, 0, "0.0.0.0:8000/udp", 80) && is_forward(&list, 2, "0.0.0.0:8002/udp", 82));
	CHECK_EQ(forwards_parse(&list, "[::1]:1-1:2-2", &err), 0);
	CHECK(is_forward(&list, 3, "[::1]:1/tcp", 2));
	CHECK_EQ(forwards_parse(&list, "1-2000:1-2000", &err), -1); /* too many */
	forwards_release(&list);
}

TEST(refusals)
{
	static const char *const bad[] = {"", ":", "8000", "8000:", ":80", "8000:0", "65536:80", "80:65536", "80:80/sctp", "80:80/", "80/tcp", "a:b", "-1:80",
		"1.2.3:80:80", "::1:80:80", "[::1]80:80", "[::1:80:80", "[1.2.3.4]:80:80", "[::1]:80", "[::1]:80:80/udp", "1.2.3.4:80", "80:80:80:80", "8000-8001:80", "8001-8000:81-80",
		"0-1:80-81", "80: 80", " 80:80", "80:80/udp ", "+80:80", "000080:80", "[]:80:80", "[", "[:", "1.2.3.4::80", "80-:80", "-80:80"};
	struct forward_list list = {0};
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err.kind = DORY_ERROR_NONE;
		CHECK_EQ(forwards_parse(&list, bad[i], &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_USAGE);
		CHECK(strstr(err.hint, "HOST:GUEST"));
	}
	CHECK_EQ(list.count, 0);
}

/* Bytes of the letters that stand in such words: nothing is read outside, and what is taken can be printed and read again. */
TEST(any_text)
{
	static const char letters[] = "0123456789:.-[]/tcpud";
	struct forward_list list = {0};
	struct dory_error err;

	for (unsigned n = 0; n < 20000; n++) {
		char text[24];
		size_t length = test_random() % sizeof(text);

		for (size_t i = 0; i < length; i++)
			text[i] = letters[test_random() % (sizeof(letters) - 1)];
		text[length < sizeof(text) ? length : sizeof(text) - 1] = '\0';
		if (forwards_parse(&list, text, &err) == 0)
			CHECK(list.count > 0 && list.forwards[0].guest_port > 0);
		forwards_release(&list);
	}
}

TEST(the_same_port_again)
{
	static const char *const pairs[][2] = {{"80:1", "80:2"}, {"127.0.0.1:80:1", "80:2"}, {"0.0.0.0:80:1", "127.0.0.1:80:2"}, {"[::]:80:1", "[::1]:80:1"},
		{"80-90:80-90", "85:1"}};
	static const char *const apart[][2] = {{"80:1", "80:1/udp"}, {"127.0.0.1:80:1", "127.0.0.2:80:1"}, {"80:1", "[::]:80:1"}, {"0:1", "0:1"}};
	struct forward_list list = {0};
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		CHECK_EQ(forwards_parse(&list, pairs[i][0], &err), 0);
		CHECK_EQ(forwards_parse(&list, pairs[i][1], &err), -1);
		CHECK(strstr(err.message, "already"));
		forwards_release(&list);
	}
	for (size_t i = 0; i < ARRAY_SIZE(apart); i++) {
		CHECK_EQ(forwards_parse(&list, apart[i][0], &err), 0);
		CHECK_EQ(forwards_parse(&list, apart[i][1], &err), 0);
		forwards_release(&list);
	}
}

TEST(any_port_is_chosen)
{
	struct forward_list list = {0};
	struct dory_error err;

	CHECK_EQ(forwards_parse(&list, "127.0.0.1:0:80", &err), 0);
	CHECK_EQ(forwards_parse(&list, "127.0.0.1:0:80/udp", &err), 0);
	CHECK_EQ(forwards_parse(&list, "127.0.0.1:0:81/udp", &err), 0);
	CHECK_EQ(forwards_reserve(&list, &err), 0);
	CHECK(list.forwards[0].host_port && list.forwards[1].host_port && list.forwards[1].host_port != list.forwards[2].host_port);
	forwards_release(&list);
}

/* A socket of ours on a port of loopback. */
static int take_port(int type, unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0);
	CHECK_EQ(type == SOCK_STREAM ? listen(fd, 1) : 0, 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

TEST(a_port_in_use_is_named_with_its_owner)
{
	static const char *const suffixes[] = {"", "/udp"};
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
	struct forward_list list = {0};
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		unsigned port;
		int fd = take_port(types[i], &port);
		char text[64], self[64];

		snprintf(text, sizeof(text), "%u:80%s", port, suffixes[i]);
		snprintf(self, sizeof(self), "(process %d)", (int)getpid());
		CHECK_EQ(forwards_parse(&list, text, &err), 0);
		CHECK_EQ(forwards_reserve(&list, &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
		snprintf(text, sizeof(text), "0.0.0.0:%u/", port);
		CHECK(strstr(err.message, text) && strstr(err.message, self));
		forwards_release(&list);
		close(fd);
	}
}

TEST(what_is_held_can_be_listened_on)
{
	struct forward_list list = {0};
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct dory_error err;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	CHECK_EQ(forwards_parse(&list, "0:80", &err), 0);
	CHECK_EQ(forwards_reserve(&list, &err), 0);
	address.sin_port = htons(list.forwards[0].host_port);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	CHECK_EQ(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_EQ(listen(fd, 1), 0);
	close(fd);
	forwards_release(&list);
}

TEST(an_address_of_another_machine)
{
	struct forward_list list = {0};
	struct dory_error err;

	CHECK_EQ(forwards_parse(&list, "198.51.100.7:0:80", &err), 0);
	CHECK_EQ(forwards_reserve(&list, &err), -1);
	CHECK(strstr(err.message, "no such address"));
	forwards_release(&list);
}
TEST_MAIN()
