# ptrace(2), as kernel/syscall is for the rest: a module of its own, so that a profile can leave it out.
IN := x86_64
SMALL := y
SRCS := ptrace.c tracee_state.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi kernel/ptrace kernel/syscall
include build/module.mk
