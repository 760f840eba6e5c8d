# The engine: turns what a module.mk declares into rules. See build/module.mk for the declarations.

OUT := out
UNIT_TESTS :=
OBJECTS :=
comma := ,

# $(call closure,module,variant): the module and all that it depends on, each once.
# Single-header dependencies (x.h) are for the compiler alone and do not link.
closure = $(eval seen :=)$(call visit,$(1),$(2))$(seen)
visit = $(if $(filter $(1),$(seen)),,$(eval seen += $(1))$(foreach d,$(filter-out %.h,$(LINKDEPS_$(2)_$(1))),$(call visit,$(d),$(2))))
archives = $(foreach m,$(call closure,$(1),$(2)),$(if $(HAS_$(2)_$(m)),$(OUT)/$(2)/$(m).a))
# Header-only modules have no objects and no archive.

# $(call link_headers,modules or headers): links to them in the folder of the target, outer folders first, which show inner ones as well.
# Relative ones: a tree that is built may be moved.
link_headers = for d in $(sort $(1)); do [ -e $$(@D)/$$$$d ] || { mkdir -p $$(@D)/$$$$(dirname $$$$d); ln -sfnr $$$$d $$(@D)/$$$$d; }; done

# $(call flat,module): the name of the folder of its links; a/b's must not lie inside a's, which is removed before it is made again.
flat = $(subst /,.,$(1))

define module
MODULES += $(1)
$(foreach v,$(IN),$(call module_variant,$(1),$(v),$(SRCS) $(SRCS_$(v)),$(DEPS) $(DEPS_$(v))))
$(if $(TESTS),$(call test_links,$(1),$(TEST_DEPS)))
$(foreach t,$(TESTS),$(call unit_test,$(1),$(t:.c=),$(TEST_DEPS),$(patsubst %,$(OUT)/host-asan/%.a,$(TEST_WHOLE))))
$(foreach v,$(filter host host-asan,$(IN)),$(foreach p,$(PROGRAMS),$(call program_hosted,$(1),$(p:.c=),$(v))))
$(if $(filter guest,$(IN)),$(foreach p,$(PROGRAMS),$(call program_guest,$(1),$(p:.c=))))
endef

# module, variant, sources, dependencies
define module_variant
LINKDEPS_$(2)_$(1) := $(4)
HAS_$(2)_$(1) := $(strip $(3))
ASM_$(2)_$(1) := $(patsubst %.S,$(OUT)/$(2)/$(1)/%.o,$(filter %.S,$(3)))
$(OUT)/inc/$(2)/$(call flat,$(1))/.links: $(1)/module.mk build/module.mk build/engine.mk
	@rm -rf $$(@D); mkdir -p $$(@D)
	@$(call link_headers,$(1) $(4)); touch $$@
$(foreach s,$(3),$(call object,$(1),$(2),$(s)))
$(if $(strip $(3)),$(OUT)/$(2)/$(1).a: $(patsubst %,$(OUT)/$(2)/$(1)/%.o,$(basename $(3))) $(1)/module.mk
	@rm -f $$@; $(AR) rcsD $$@ $$(filter %.o,$$^)
OBJECTS += $(patsubst %,$(OUT)/$(2)/$(1)/%.o,$(basename $(3))))

endef

# module, variant, source [, include folder's name where it is not the module's own]
define object
$(OUT)/$(2)/$(1)/$(basename $(3)).o: $(1)/$(3) build/variants.mk | $(OUT)/inc/$(if $(4),$(4),$(2)/$(call flat,$(1)))/.links
	@mkdir -p $$(@D); echo "  CC $(2) $$<"
	@$(CC_$(2)) $(CFLAGS_$(2))$(if $(filter x86_64,$(2)),$(if $(SMALL),$(if $(filter $(FAST),$(3)),, -Os))) -MMD -MP -I$(OUT)/inc/$(if $(4),$(4),$(2)/$(call flat,$(1))) -c $$< -o $$@

endef

# module, further dependencies
define test_links
$(OUT)/inc/tests/$(call flat,$(1))/.links: $(1)/module.mk build/module.mk build/engine.mk
	@rm -rf $$(@D); mkdir -p $$(@D)
	@$(call link_headers,$(1) $(DEPS) $(DEPS_host-asan) $(2) tests/unit); touch $$@
endef

# module, test, further dependencies, archives to be linked whole
define unit_test
LINKDEPS_host-asan_$(1)/$(2) := $(1) $(3)
UNIT_TESTS += $(OUT)/host-asan/$(1)/$(2)
OBJECTS += $(OUT)/host-asan/$(1)/$(2).o
$(call object,$(1),host-asan,$(2).c,tests/$(call flat,$(1)))
$(OUT)/host-asan/$(1)/$(2): $(OUT)/host-asan/$(1)/$(2).o $$$$(call archives,$(1)/$(2),host-asan)
	@echo "  LD $$@"
	@$(CC_host-asan) $(LDFLAGS_host-asan) -o $$@ $$< $(if $(4),-Wl$(comma)--whole-archive $(4) -Wl$(comma)--no-whole-archive) \
	    -Wl,--start-group $$(filter-out $(4),$$(filter %.a,$$^)) -Wl,--end-group $(LIBS_host-asan)

endef

# module, program, variant
define program_hosted
OBJECTS += $(OUT)/$(3)/$(1)/$(2).o
$(call object,$(1),$(3),$(2).c)
$(OUT)/$(3)/$(1)/$(2): $(OUT)/$(3)/$(1)/$(2).o $$$$(call archives,$(1),$(3))
	@echo "  LD $$@"
	@$(CC_$(3)) $(LDFLAGS_$(3)) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(LIBS_$(3))

endef

# module, program
define program_guest
OBJECTS += $(OUT)/guest/$(1)/$(2).o
$(call object,$(1),guest,$(2).c)
$(OUT)/guest/$(1)/$(2): $(OUT)/guest/$(1)/$(2).o $$$$(call archives,$(1),guest)
	@echo "  LD $$@"
	@$(LLD) $(LDFLAGS_guest) -o $$@ $$< --start-group $$(filter %.a,$$^) --end-group

endef
