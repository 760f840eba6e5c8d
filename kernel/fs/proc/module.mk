# /proc: what programs read of processes and of the system (proc(5)); also /proc/dory's counters.
IN := x86_64
SMALL := y
SRCS := proc.c text.c moment.c process.c status.c oom.c mounts.c memory.c pagemap.c vmstat.c tracing.c descriptors.c system.c sysctl.c sysrq.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/block kernel/process kernel/bpf kernel/platform kernel/uapi
include build/module.mk
