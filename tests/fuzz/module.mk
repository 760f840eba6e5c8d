# Parsers of outside bytes that take more than a unit test beside the module: damaged at random, by a seed.
IN := host-asan
DEPS := abi lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/block kernel/file kernel/platform kernel/uapi kernel/fs/ext4 kernel/hosted \
        kernel/net/core kernel/net/ethernet kernel/net/ip4 kernel/net/ip6 kernel/net/igmp kernel/net/udp kernel/net/tcp kernel/net/cubic \
        kernel/net/netlink kernel/net/netlink/ip4 kernel/net/netlink/ip6 kernel/net/netlink/ethernet
TESTS := tcp_fuzz.c ext4_fuzz.c elf_fuzz.c run_config_fuzz.c net_fuzz.c netlink_fuzz.c
TEST_WHOLE := kernel/net/netlink kernel/net/netlink/ip4 kernel/net/netlink/ip6 kernel/net/netlink/ethernet
include build/module.mk
