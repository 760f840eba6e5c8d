# Ethernet's part of netlink: who has which hardware address.
IN := host-asan x86_64
SMALL := y
SRCS := neighbour.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ethernet kernel/net/netlink
include build/module.mk
