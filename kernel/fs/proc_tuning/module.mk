# What of /proc/sys is only kept: a module of its own, so that a profile can leave it out.
IN := x86_64
SMALL := y
SRCS := tuning.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/fs/proc
include build/module.mk
