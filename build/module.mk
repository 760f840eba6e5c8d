# Included as the last line of every module.mk. A module is the folder that the module.mk stands in.
# What a module.mk may set:
#
#   SRCS        sources built in every variant of VARIANTS_IN      (x.c, x.S)
#   SRCS_<v>    sources built in variant <v> only
#   IN          the variants the module is built in                (default: host host-asan)
#   DEPS        the modules (folders), or single headers, whose headers its sources may include and that it links with
#   DEPS_<v>    further ones that only variant <v> links and sees
#   SMALL       not empty: in the kernel made short rather than fast: code that runs at the start or seldom, where under an emulator
#               each instruction that runs for the first time costs a thousand times what it costs later
#   FAST        the sources of a SMALL module that are made fast all the same: what a busy program calls again and again
#   TESTS       unit tests: each a program of one source, linked with the module and all it depends on, with sanitizers
#   TEST_DEPS   further modules that the tests link and see
#   TEST_WHOLE  modules of these that the tests link with all their members of linker sets, which nothing refers to
#   PROGRAMS    programs: each of one source (with main), linked with the module and all it depends on (variants host, guest)
#
# A source sees only the headers of its own module and of DEPS: "#include "lib/list.h"" compiles
# only where lib is declared, so an arrow that the design does not allow does not compile.

M := $(patsubst %/,%,$(dir $(lastword $(filter %/module.mk,$(filter-out build/%,$(MAKEFILE_LIST))))))
ifeq ($(origin IN),undefined)
IN := host host-asan
endif
$(eval $(call module,$(M)))

# Nothing leaks into the next module.
undefine SRCS
undefine IN
undefine DEPS
undefine SMALL
undefine FAST
undefine TESTS
undefine TEST_DEPS
undefine TEST_WHOLE
undefine PROGRAMS
$(foreach v,$(VARIANTS),$(eval undefine SRCS_$(v))$(eval undefine DEPS_$(v)))
