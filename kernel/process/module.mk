# Processes and tasks (their threads): fork, exec, wait, signals, credentials, limits, futexes; the loop around user_run.
IN := host-asan x86_64
SRCS_x86_64 := task.c process.c fork.c exec.c exit.c signal.c signal_queue.c futex.c limits.c credentials.c group.c start.c oom.c vdso.c system_name.c
DEPS := lib abi kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/platform kernel/uapi
include build/module.mk
