# Classic BPF: programs that choose among packets (SO_ATTACH_FILTER), checked before they run.
IN := host-asan x86_64
SMALL := y
SRCS := check.c run.c
DEPS := lib kernel/uapi
TESTS := bpf_test.c
include build/module.mk
