# IPv4's part of netlink: addresses, routes, rules.
IN := host-asan x86_64
SMALL := y
SRCS := address4.c route4.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ip4 kernel/net/netlink
TESTS := netlink_test.c
TEST_WHOLE := kernel/net/netlink kernel/net/netlink/ip4
include build/module.mk
