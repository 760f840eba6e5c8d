# The kernel image: the modules that the profile names, linked whole, so that leaving a module out leaves
# its feature out (linker sets: lib/linkerset.h). Linked twice: the second time with its own symbol table,
# which a panic's backtrace reads.

PROFILE ?= default
include build/profiles/$(PROFILE).mk

KERNEL_DIR  := $(OUT)/x86_64/kernel-$(PROFILE)
KERNEL_LIBS = $(foreach m,$(KERNEL_MODULES),$(if $(HAS_x86_64_$(m)),$(OUT)/x86_64/$(m).a))
KERNEL_ASM   = $(foreach m,$(KERNEL_MODULES),$(ASM_x86_64_$(m)))
KERNEL_LINK = $(LLD) -nostdlib -pie --no-dynamic-linker -z notext -z norelro --pack-dyn-relocs=relr --gc-sections -z noexecstack -z max-page-size=4096 -T kernel/arch/x86_64/kernel.lds

# All modules become one object, optimised across their borders: calls are what a system call spends its time on, above all under an
# emulator (half of it, measured). The first link does it, since a whole program's own functions can be changed as those of a part cannot.
# Small functions alone are taken in line; more makes the image larger, but not faster. But for those that a program's start calls from one
# place alone (bench/blocks): under an emulator, which translates each block of code when it first runs, the call and its return are two more.
START_INLINE := $(foreach f,$(shell grep -v '^\#' build/start.inline),-mllvm -force-attribute=$f:alwaysinline)

$(KERNEL_DIR)/kernel.o $(KERNEL_DIR)/pass1.elf &: $$(KERNEL_LIBS) $(OUT)/x86_64/init_image.o kernel/arch/x86_64/kernel.lds build/profiles/$(PROFILE).mk build/kernel.mk build/start.inline
	@mkdir -p $(KERNEL_DIR); echo "  LTO $(KERNEL_DIR)/kernel.o"
	@$(KERNEL_LINK) --lto-O2 -mllvm -inline-threshold=40 $(START_INLINE) -mllvm -stack-size-section --lto-obj-path=$(KERNEL_DIR)/kernel.o \
	    -o $(KERNEL_DIR)/pass1.elf --whole-archive $(filter %.a,$^) --no-whole-archive $(filter %.o,$^)

$(KERNEL_DIR)/symbols.S: $(KERNEL_DIR)/pass1.elf build/symbols
	@build/symbols $(NM) $(READOBJ) $< > $@

$(KERNEL_DIR)/symbols.o: $(KERNEL_DIR)/symbols.S
	@$(CC_x86_64) -c $< -o $@

# The debugger's copy (for gdb), with DWARF; and what ships, stripped. The same objects in the same order: the functions stand where the
# table says, which is checked.
$(KERNEL_DIR)/kernel.elf: $$(KERNEL_ASM) $(OUT)/x86_64/init_image.o $(KERNEL_DIR)/kernel.o $(KERNEL_DIR)/symbols.o kernel/arch/x86_64/kernel.lds
	@echo "  LD $@"
	@$(KERNEL_LINK) -o $@.part $(filter %.o,$^)
	@build/symbols $(NM) $(READOBJ) $@.part | cmp - $(KERNEL_DIR)/symbols.S
	@mv $@.part $@

# One place for every profile's kernel: it is made again when the one there is of another profile.
ifneq ($(shell cat $(OUT)/share/dory/.profile 2>/dev/null),$(PROFILE))
.PHONY: $(OUT)/share/dory/kernel.elf
endif
$(OUT)/share/dory/kernel.elf: $(KERNEL_DIR)/kernel.elf
	@mkdir -p $(@D); $(OBJCOPY) --strip-all $< $@; echo $(PROFILE) > $(@D)/.profile

# The firmware of a microvm (firmware/microvm.S): a ROM.
$(OUT)/share/dory/microvm.bin: firmware/microvm.S firmware/microvm.lds
	@mkdir -p $(@D); echo "  LD $@"
	@$(CLANG) --target=i386-none-elf -c $< -o $(OUT)/x86_64/microvm.o
	@$(LLD) -T firmware/microvm.lds $(OUT)/x86_64/microvm.o -o $(OUT)/x86_64/microvm.elf
	@$(OBJCOPY) -O binary $(OUT)/x86_64/microvm.elf $@

# The vDSO: a shared object for programs, carried in the kernel's read-only data (kernel/arch/vdso.h).
VDSO := kernel/arch/x86_64/vdso
$(OUT)/x86_64/vdso.o: $(VDSO)/vdso.c kernel/platform/platform.h build/variants.mk
	@mkdir -p $(@D); echo "  CC vdso $<"
	@$(CLANG) --target=x86_64-linux-gnu -std=gnu11 -O2 $(filter -W%,$(COMMON)) -Wno-missing-prototypes -fPIC -ffreestanding -nostdinc \
	    -isystem $(RESOURCE_INCLUDE) -I. -fno-stack-protector -fno-asynchronous-unwind-tables -mgeneral-regs-only -c $< -o $@

$(OUT)/x86_64/vdso.so: $(OUT)/x86_64/vdso.o $(VDSO)/vdso.lds
	@$(LLD) -shared -s --hash-style=both --build-id=none -Bsymbolic -soname linux-vdso.so.1 -z noexecstack -z max-page-size=4096 -T $(VDSO)/vdso.lds -o $@ $<

$(OUT)/x86_64/kernel/arch/x86_64/vdso_image.o: $(OUT)/x86_64/vdso.so

# init travels inside the kernel image.
$(OUT)/x86_64/init_image.o: $(OUT)/guest/guest/init/init
	@mkdir -p $(@D)
	@printf '.section .rodata.init_image, "a"\n.balign 4096\n.globl init_image_start, init_image_end\ninit_image_start:\n.incbin "$<"\ninit_image_end:\n' > $(@:.o=.S)
	@$(CC_x86_64) -c $(@:.o=.S) -o $@
