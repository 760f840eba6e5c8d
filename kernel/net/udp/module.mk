# UDP (RFC 768).
IN := host-asan x86_64
SRCS := udp.c port.c input.c
DEPS := lib kernel/uapi kernel/net/core
TESTS := udp_test.c
TEST_DEPS := kernel/net/ip4
include build/module.mk
