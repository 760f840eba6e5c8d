/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters, as they come and damaged. */
#include "dory/supervisor/counters.h"
#include <string.h>
#include <unistd.h>
#include "tests/unit/test.h"

TEST(of_the_host)
{
	static const char stat[] = "4711 (a) R (b) S 1 4711 4711 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 12345 99999999 2000 18446744073709551615 1 1";
	struct host_counters counters;

	CHECK(host_counters_parse(stat, 100, 4096, &counters));
	CHECK(counters.cpu_ms == 3000 && counters.resident == 2000 * 4096);
	CHECK(!host_counters_parse("", 100, 4096, &counters));
	CHECK(!host_counters_parse("1 (x) S 1 2 3", 100, 4096, &counters));
	CHECK(host_counters_read(getpid(), &counters) && counters.resident > 0);
	CHECK(!host_counters_read(0x7fffffff, &counters));
}

TEST(of_the_guest)
{
	static const char good[] = "memory_total=100 memory_available=60 future=1 net_received=5 net_sent=6 disk_read=7 disk_written=8";
	static const char *const bad[] = {"", "memory_total=100", "memory_total=1 memory_available=60 net_received=5 net_sent=6 disk_read=7 disk_written=8",
		"memory_total=x memory_available=0 net_received=5 net_sent=6 disk_read=7 disk_written=8",
		"memory_total=100 memory_available=60 net_received=5 net_sent=6 disk_read=7 disk_written=8x",
		"memory_total=100 memory_available=60 net_received=-5 net_sent=6 disk_read=7 disk_written=8",
		"xmemory_total=100 memory_available=60 net_received=5 net_sent=6 disk_read=7 disk_written=8"};
	struct guest_counters counters;

	CHECK(guest_counters_parse(good, &counters));
	CHECK(counters.memory_total == 100 && counters.memory_available == 60 && counters.net_received == 5 && counters.net_sent == 6 &&
		counters.disk_read == 7 && counters.disk_written == 8);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!guest_counters_parse(bad[i], &counters));
}

TEST_MAIN()
