# fanotify's system calls.
IN := x86_64
SMALL := y
SRCS := fanotify.c strace.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/fs/proc kernel/platform kernel/uapi kernel/fanotify kernel/syscall
include build/module.mk
