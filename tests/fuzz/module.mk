# Parsers of outside bytes that take more than a unit test beside the module: damaged at random, by a seed.
IN := host-asan
DEPS := abi lib guest/init kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/block kernel/file kernel/platform kernel/uapi kernel/fs/ext4 kernel/hosted \
        kernel/net/core kernel/net/ethernet kernel/net/ip4 kernel/net/ip6 kernel/net/igmp kernel/net/udp kernel/net/tcp kernel/net/cubic
TESTS := ext4_fuzz.c elf_fuzz.c run_config_fuzz.c net_fuzz.c tcp_fuzz.c
include build/module.mk
