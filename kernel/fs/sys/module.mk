# sysfs: the few files that C libraries and language runtimes read (sysfs(5)).
IN := x86_64
SMALL := y
SRCS := sysfs.c topology.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/fs/tmpfs kernel/platform kernel/uapi
include build/module.mk
