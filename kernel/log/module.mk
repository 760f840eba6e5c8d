# The kernel's log, panic with a backtrace, and the marks of the boot chart.
IN := host-asan x86_64
SMALL := y
SRCS_x86_64 := log.c panic.c symbol.c boot_chart.c
DEPS := lib kernel/arch
include build/module.mk
