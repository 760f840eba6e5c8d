# Settings: defaults, config.yaml, the environment, and what apt on this host is set to.
SRCS := config.c settings.c apt_sources.c apt_conf.c apt_host.c apt_key.c default_archive.c
DEPS := lib dory/base
TESTS := config_test.c

# Where Debian's archive is, for hosts whose apt knows no Debian sources, is known to the machine that builds, not to this tree:
# by default its own apt's. Written to a file that default_archive.c takes in.
DEBIAN_ARCHIVE ?= $(shell apt-get indextargets --format '$$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
                    'Label: Debian' 2>/dev/null | head -n 1)
$(OUT)/debian-archive: dory/config/module.mk
	@mkdir -p $(@D); printf '%s' '$(DEBIAN_ARCHIVE)' > $@
$(OUT)/host/dory/config/default_archive.o $(OUT)/host-asan/dory/config/default_archive.o: $(OUT)/debian-archive
include build/module.mk
