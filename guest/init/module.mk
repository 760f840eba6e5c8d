# init: process 1. Reads the run configuration, starts the program, reaps children, reports the exit status.
IN := guest
SRCS := entry.S account.c control.c counters.c file.c program.c exec.c
DEPS := abi lib kernel/uapi
PROGRAMS := init.c
include build/module.mk
