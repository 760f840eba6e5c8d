# Networks of machines: what people ask for (addresses, forwarded ports), and what of this machine it takes.
SRCS := address.c forward.c reserve.c port_owner.c plan.c network.c nat.c ip_word.c \
        tap.c tap_device.c bridge_helper.c relay.c segment.c switch.c switch_peers.c store.c member.c subnet.c
DEPS := lib abi dory/base dory/hypervisor
TESTS := address_test.c forward_test.c plan_test.c relay_test.c store_test.c switch_test.c
include build/module.mk
