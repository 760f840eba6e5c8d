# Looking after a running instance: restart policies, health checks, requests of other commands, counters.
SRCS := counters.c restart.c health.c health_watch.c requests.c ask.c attach.c exec.c exec_client.c
DEPS := lib abi dory/base dory/instance dory/instances
TESTS := counters_test.c restart_test.c health_test.c requests_test.c attach_test.c exec_test.c
include build/module.mk
