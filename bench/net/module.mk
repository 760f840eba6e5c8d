# What the stack costs, counted in instructions: bench/net/cost.
IN := host
DEPS := lib kernel/uapi kernel/net/core kernel/net/ip4 kernel/net/tcp kernel/net/cubic
PROGRAMS := exchange.c
include build/module.mk
