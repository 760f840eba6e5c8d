# Block devices as file systems see them.
IN := host-asan x86_64
SMALL := y
SRCS := block.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/uapi
DEPS_host-asan := kernel/hosted
include build/module.mk
