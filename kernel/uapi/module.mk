# The Linux ABI's numbers and structs, as the manual pages of sections 2 and 7 give them. Headers only; structs carry the
# prefix linux_ so that they can stand beside the host's own in tests.
IN := host-asan x86_64 guest
include build/module.mk
