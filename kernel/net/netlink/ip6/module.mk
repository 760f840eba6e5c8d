# IPv6's part of netlink: addresses, routes, rules.
IN := host-asan x86_64
SMALL := y
SRCS := address6.c route6.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ip6 kernel/net/netlink
TESTS := netlink6_test.c
TEST_WHOLE := kernel/net/netlink kernel/net/netlink/ip6
include build/module.mk
