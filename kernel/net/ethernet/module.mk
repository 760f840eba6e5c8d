# Ethernet II (RFC 894), the neighbours at it and ARP (RFC 826).
IN := host-asan x86_64
SRCS := ethernet.c neighbour.c arp.c
DEPS := lib kernel/uapi kernel/net/core
TESTS := ethernet_test.c
TEST_DEPS := kernel/net/ip4
include build/module.mk
