# devtmpfs: nodes of the devices that there are, and the devices that need no driver; pseudoterminals and devpts.
IN := x86_64
SMALL := y
SRCS := devtmpfs.c memory.c run_config.c block.c pty.c devpts.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/block kernel/file kernel/fs/tmpfs kernel/platform kernel/uapi
include build/module.mk
