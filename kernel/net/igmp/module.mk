# IGMP (RFC 3376), the host's side: routers hear which IPv4 groups are wanted.
IN := host-asan x86_64
SMALL := y
SRCS := igmp.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ip4
TESTS := igmp_test.c
include build/module.mk
