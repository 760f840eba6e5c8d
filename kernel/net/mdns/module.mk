# Names of the hosts on a link: multicast DNS (RFC 6762), and the resolver's stub that programs ask.
IN := host-asan x86_64
SMALL := y
SRCS := message.c mdns.c stub.c forward.c
SRCS_x86_64 := configure.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ip4 kernel/net/udp
DEPS_x86_64 := kernel/log kernel/net/system/system.h
TESTS := mdns_test.c
include build/module.mk
