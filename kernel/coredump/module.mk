# Core files (core(5)) of programs that signals end. kernel/process says when; a profile can leave this out.
IN := x86_64
SMALL := y
SRCS := dump.c notes.c regions.c name.c
DEPS := lib kernel/log kernel/arch kernel/mem kernel/sched kernel/vm kernel/file kernel/process kernel/platform kernel/uapi
include build/module.mk
