# The contract that each CPU architecture implements. Headers only; kernel/arch/x86_64 has the code.
IN := host-asan x86_64
DEPS := lib
include build/module.mk
