# Contracts that the guest and the tool share. Headers only.
IN := host host-asan x86_64 guest
include build/module.mk
