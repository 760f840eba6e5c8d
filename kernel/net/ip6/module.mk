# IPv6 (RFC 8200): addresses that make themselves, routes, fragments, ICMPv6, Neighbour Discovery, MLD.
IN := host host-asan x86_64
SRCS := ip6.c address.c lifetime.c source.c route.c input.c header.c output.c icmp.c nd.c router.c mld.c
SRCS_x86_64 := configure.c
DEPS := lib kernel/uapi kernel/net/core
DEPS_x86_64 := kernel/log kernel/net/system/system.h
TESTS := ip6_test.c nd_test.c
TEST_DEPS := kernel/net/ethernet kernel/net/ip4 kernel/net/udp
include build/module.mk
