# A running machine: its command and run configuration, its streams and terminal, how it ended.
SRCS := command_line.c run_config.c terminal.c stream.c machine_log.c control.c session.c instance.c volume.c
DEPS := lib abi dory/base dory/hypervisor
TESTS := command_line_test.c run_config_test.c terminal_test.c control_test.c machine_log_test.c volume_test.c
include build/module.mk
