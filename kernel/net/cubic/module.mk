# CUBIC, a congestion control (RFC 9438).
IN := host host-asan x86_64
SRCS := cubic.c
DEPS := lib kernel/uapi kernel/net/core kernel/net/tcp
include build/module.mk
