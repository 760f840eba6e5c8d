# The kernel image: the modules that the profile names, linked whole, so that leaving a module out leaves
# its feature out (linker sets: lib/linkerset.h). Linked twice: the second time with its own symbol table,
# which a panic's backtrace reads.

PROFILE ?= default
include build/profiles/$(PROFILE).mk

KERNEL_DIR  := $(OUT)/x86_64/kernel-$(PROFILE)
KERNEL_LIBS = $(foreach m,$(KERNEL_MODULES),$(if $(HAS_x86_64_$(m)),$(OUT)/x86_64/$(m).a))
KERNEL_LINK = $(LLD) -nostdlib -static --gc-sections -z noexecstack -z max-page-size=4096 -T kernel/arch/x86_64/kernel.lds

$(KERNEL_DIR)/pass1.elf: $$(KERNEL_LIBS) kernel/arch/x86_64/kernel.lds build/profiles/$(PROFILE).mk $(OUT)/x86_64/init_image.o
	@mkdir -p $(@D); echo "  LD $@"
	@$(KERNEL_LINK) -o $@ --whole-archive $(filter %.a,$^) --no-whole-archive $(filter %.o,$^)

$(KERNEL_DIR)/symbols.S: $(KERNEL_DIR)/pass1.elf build/symbols
	@build/symbols $(NM) $< > $@

$(KERNEL_DIR)/symbols.o: $(KERNEL_DIR)/symbols.S
	@$(CC_x86_64) -c $< -o $@

# The debugger's copy (make gdb), with DWARF; and what ships, stripped.
$(KERNEL_DIR)/kernel.elf: $(KERNEL_DIR)/symbols.o $$(KERNEL_LIBS) $(OUT)/x86_64/init_image.o
	@echo "  LD $@"
	@$(KERNEL_LINK) -o $@ --whole-archive $(filter %.a,$^) --no-whole-archive $(filter %.o,$^)

$(OUT)/share/dory/kernel.elf: $(KERNEL_DIR)/kernel.elf
	@mkdir -p $(@D); $(OBJCOPY) --strip-all $< $@

# init travels inside the kernel image.
$(OUT)/x86_64/init_image.o: $(OUT)/guest/guest/init/init
	@mkdir -p $(@D)
	@printf '.section .rodata.init_image, "a"\n.balign 4096\n.globl init_image_start, init_image_end\ninit_image_start:\n.incbin "$<"\ninit_image_end:\n' > $(@:.o=.S)
	@$(CC_x86_64) -c $(@:.o=.S) -o $@
