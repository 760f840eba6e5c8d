# Parsers of outside bytes that take more than a unit test beside the module: damaged at random, by a seed.
IN := host-asan
DEPS := abi lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/block kernel/file kernel/platform kernel/uapi kernel/fs/ext4 kernel/hosted
TESTS := ext4_fuzz.c elf_fuzz.c run_config_fuzz.c
include build/module.mk
