# The 16550 serial port: sink of the kernel's log, and the console where there is no other.
IN := x86_64
SMALL := y
SRCS := serial.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/platform kernel/uapi
include build/module.mk
