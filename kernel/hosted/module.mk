# Stand-ins, for this machine, of what kernel libraries call below themselves, so that their unit tests run in milliseconds
# with sanitizers: log, panic, CPUs, direct map, page tables, clock, locks.
IN := host-asan
SRCS := hosted.c page_table.c
DEPS := lib kernel/arch kernel/log kernel/mem kernel/sched kernel/platform kernel/uapi
include build/module.mk
