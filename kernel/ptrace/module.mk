# ptrace(2): what debuggers see and do. kernel/process keeps the records of who traces whom; a profile can leave this out.
IN := x86_64
SMALL := y
SRCS := stop.c attach.c tracee.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi
include build/module.mk
