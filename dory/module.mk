# libdory's public face: dory.h. What the dory command can do, composed from the folders below.
SRCS := target.c find.c interpreter.c make.c programs.c compose.c kernel.c run.c digest.c export.c import.c prune.c origins.c sbom.c sbom_licence.c
DEPS := lib abi dory/base dory/config dory/repository dory/compose dory/content dory/disk dory/image dory/hypervisor dory/network dory/instance
TESTS := target_test.c
include build/module.mk
