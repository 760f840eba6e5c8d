# Dory. `make help` lists the targets; build/module.mk says how a folder becomes part of the build.
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
.DEFAULT_GOAL := all
.SECONDEXPANSION:
.DELETE_ON_ERROR:

include build/variants.mk
include build/engine.mk
include $(sort $(shell find abi lib kernel guest dory cli tests bench -name module.mk))
include build/kernel.mk
include build/targets.mk
-include $(OBJECTS:.o=.d)
