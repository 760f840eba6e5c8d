# How --strace prints calls, a file a family as in kernel/syscall. Left out, calls are printed by the letters of their SYSCALL.
IN := x86_64
SMALL := y
SRCS := file.c memory.c process.c signal.c socket.c event.c time.c system.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/net/bpf kernel/platform kernel/uapi kernel/syscall
include build/module.mk
