# TCP (RFC 9293).
IN := host host-asan x86_64
SRCS := tcp.c table.c segment.c option.c input.c acknowledge.c scoreboard.c receive.c output.c timer.c tail.c spurious.c time_wait.c memory.c listen.c cookie.c user.c congestion.c setting.c close.c
DEPS := lib kernel/uapi kernel/net/core
TESTS := stream_test.c crowd_test.c state_test.c receive_test.c send_test.c spurious_test.c listen_test.c
TEST_DEPS := kernel/net/ip4 kernel/net/ip6 kernel/net/cubic
include build/module.mk
