# libdory's public face: dory.h. What the dory command can do, composed from the folders below.
SRCS := target.c find.c interpreter.c make.c programs.c compose.c kernel.c run.c
DEPS := lib abi dory/base dory/config dory/repository dory/compose dory/image dory/hypervisor dory/network dory/instance
TESTS := target_test.c
include build/module.mk
