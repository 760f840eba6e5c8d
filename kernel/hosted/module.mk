# Stand-ins, for this machine, of what kernel libraries call below themselves, so that their unit tests run in milliseconds
# with sanitizers: log, panic, CPUs, direct map, clock, locks.
IN := host-asan
SRCS := hosted.c
DEPS := lib kernel/arch kernel/log kernel/mem kernel/sched kernel/platform kernel/uapi
include build/module.mk
