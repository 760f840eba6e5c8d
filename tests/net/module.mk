# The stack against Linux's own, over tap devices in a network namespace of the test's.
IN := host-asan
SRCS := device.c relay.c linux_end.c our_end.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ethernet kernel/net/ip4 kernel/net/ip6 kernel/net/udp kernel/net/tcp kernel/net/cubic
TESTS := peer_test.c
include build/module.mk
