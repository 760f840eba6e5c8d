# fanotify(7): groups, their marks and events, questions of permission; its system calls are syscall/fanotify.
IN := x86_64
SMALL := y
SRCS := group.c mark.c observe.c event.c report.c question.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/fs/proc kernel/platform kernel/uapi
include build/module.mk
