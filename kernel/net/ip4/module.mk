# IPv4 (RFC 791, 1122) and ICMP (RFC 792): routes, fragments, path MTU.
IN := host host-asan x86_64
SRCS := ip4.c route.c input.c output.c icmp.c
DEPS := lib kernel/uapi kernel/net/core
TESTS := ip4_test.c
include build/module.mk
