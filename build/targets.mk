# What a person types.

PREFIX  ?= /usr/local
DESTDIR ?=

.PHONY: all check check-unit check-guest check-cli bench install uninstall clean docs help deps kernel
all: $(OUT)/bin/dory $(OUT)/libexec/dory/dory-compose kernel compile_commands.json ## build the dory command and the guest kernel

# out/bin/dory finds the kernel beside it, out/share/dory/kernel.elf, and so the program that makes images.
$(OUT)/bin/dory: $(OUT)/host/cli/dory | $(OUT)/libexec/dory/dory-compose
	@mkdir -p $(@D); ln -f $< $@
$(OUT)/libexec/dory/dory-compose: $(OUT)/host/cli/dory-compose
	@mkdir -p $(@D); ln -f $< $@

kernel: $(OUT)/share/dory/kernel.elf $(OUT)/share/dory/microvm.bin ## build the guest kernel (PROFILE=minimal|programs|default|full)

# The unit tests' programs, one a line: tests/run needs no make to find them.
$(OUT)/unit-tests: $(UNIT_TESTS)
	@printf '%s\n' $(UNIT_TESTS) > $@

check-unit: $(OUT)/unit-tests ## unit and model tests, with sanitizers (seconds)
	@tests/run unit

check: all $(OUT)/unit-tests ## every test; ends with "N passed, N failed"
	@tests/run all

check-guest: all ## guest programs, compared with Linux
	@tests/run guest

check-cli: all ## the dory command with real programs in real VMs
	@tests/run cli

bench: all ## measure against a Linux guest under the same QEMU; prints ratios
	@bench/run

docs: ## make the pages that come from the sources again
	@build/syscall-table > docs/syscalls.md.new && mv docs/syscalls.md.new docs/syscalls.md

# Where the shells look for completions, below share/.
COMPLETIONS := bash-completion/completions/dory zsh/site-functions/_dory fish/vendor_completions.d/dory.fish
completion_shell = $(firstword $(subst -, ,$(subst /, ,$(1))))

install: all ## install below $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/dory $(DESTDIR)$(PREFIX)/share/dory $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 755 $(OUT)/host/cli/dory $(DESTDIR)$(PREFIX)/bin/dory
	install -m 755 $(OUT)/host/cli/dory-compose $(DESTDIR)$(PREFIX)/libexec/dory/dory-compose
	install -m 644 $(OUT)/share/dory/kernel.elf $(OUT)/share/dory/microvm.bin $(DESTDIR)$(PREFIX)/share/dory
	install -m 644 $(wildcard man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(wildcard man/*.5) $(DESTDIR)$(PREFIX)/share/man/man5
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,$(dir $(COMPLETIONS)))
	$(foreach c,$(COMPLETIONS),$(OUT)/host/cli/dory completion $(call completion_shell,$(c)) > $(DESTDIR)$(PREFIX)/share/$(c) &&) true

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/dory $(addprefix $(DESTDIR)$(PREFIX)/share/man/man1/,$(notdir $(wildcard man/*.1))) \
	    $(addprefix $(DESTDIR)$(PREFIX)/share/man/man5/,$(notdir $(wildcard man/*.5)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/,$(COMPLETIONS))
	rm -rf $(DESTDIR)$(PREFIX)/share/dory $(DESTDIR)$(PREFIX)/libexec/dory

deps: ## install the Debian packages of build/packages.list
	@build/install-packages

clean: ## remove all that was built
	rm -rf $(OUT) compile_commands.json

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' build/targets.mk | expand -t 18

# Every object's command, for clangd and clang-tidy.
compile_commands.json: Makefile build/variants.mk build/engine.mk $(addsuffix /module.mk,$(MODULES))
	@build/compile-commands $(foreach o,$(OBJECTS),$(o)) > $@.tmp && mv $@.tmp $@
