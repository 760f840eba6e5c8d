# /proc/sysvipc: the objects of System V IPC (sysvipc(7)).
IN := x86_64
SMALL := y
SRCS := sysvipc.c limits.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/fs/proc kernel/ipc
include build/module.mk
