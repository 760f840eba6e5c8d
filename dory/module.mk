# libdory's public face: dory.h. What the dory command can do, composed from the folders below.
SRCS := archive.c target.c find.c interpreter.c make.c programs.c compose.c resolved.c kernel.c run.c supervise.c attend.c launch.c ask.c attach.c exec.c signals.c detach_keys.c \
        build.c digest.c export.c import.c prune.c origins.c plan.c sbom.c sbom_licence.c \
        packages_sources.c packages_plan.c packages_resolve.c packages_compose.c packages_lock.c packages_from_deb.c boot.c volumes.c volume_format.c
DEPS := lib abi dory/base dory/config dory/repository dory/compose dory/content dory/disk dory/image dory/hypervisor dory/network dory/instance \
        dory/instances dory/supervisor dory/manifest dory/runtime dory/package dory/resolution dory/hub
TESTS := target_test.c detach_keys_test.c
include build/module.mk
