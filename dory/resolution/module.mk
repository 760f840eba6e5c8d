# What goes together: packages of all repositories, Debian's archive among them, in one libsolv pool; the order in which they are laid over each other.
SRCS := compose_order.c explain.c packages.c solve.c stand_in.c wishes.c
DEPS := lib dory/base dory/config dory/manifest dory/runtime dory/package dory/repository
TESTS := resolution_test.c pool_test.c model_test.c
include build/module.mk
