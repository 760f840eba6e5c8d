# System V IPC (sysvipc(7)): objects that processes find by a key and that stay until they are removed.
IN := x86_64
SMALL := y
SRCS := ipc.c segment.c semaphore.c message_queue.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi
include build/module.mk
