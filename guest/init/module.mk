# init: process 1. Reads the run configuration, starts the program, reaps children, reports the exit status.
IN := guest
SRCS := run_config.c
DEPS := abi lib
PROGRAMS := init.c
include build/module.mk
