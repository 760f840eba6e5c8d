# The DHCP client (RFC 2131, RFC 2132).
IN := host-asan x86_64
SRCS := dhcp.c message.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ip4 kernel/net/udp
TESTS := dhcp_test.c
include build/module.mk
