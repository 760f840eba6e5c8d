# The DHCP client (RFC 2131, RFC 2132).
IN := host-asan x86_64
SMALL := y
SRCS := dhcp.c message.c
SRCS_x86_64 := configure.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/ip4 kernel/net/udp
DEPS_x86_64 := kernel/log kernel/net/system/system.h
TESTS := dhcp_test.c
include build/module.mk
