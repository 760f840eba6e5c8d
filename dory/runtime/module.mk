# Runtimes and run configurations: meta/run.yaml, what its sets inherit, and the command lines that they give.
SRCS := runtime.c stub.c run_manifest.c builtin.c boot.c boot_json.c expand.c
DEPS := lib dory/base dory/manifest dory/instance/command_line.h
TESTS := runtime_test.c
TEST_DEPS := dory/instance
include build/module.mk
