# Settings: defaults, config.yaml, the environment, and what apt on this host is set to.
SRCS := config.c settings.c apt_sources.c apt_conf.c apt_host.c apt_key.c default_archive.c
DEPS := lib dory/base
TESTS := config_test.c

# Where Debian's archive is, for hosts whose apt knows no Debian sources, is known to the machine that builds, not to this tree:
# one word, from its own apt.
DEBIAN_ARCHIVE ?= $(shell apt-get indextargets --format '$$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
                    'Label: Debian' 2>/dev/null | head -n 1)
$(OUT)/host/dory/config/default_archive.o: CC_host = $(CLANG) -DDORY_DEBIAN_ARCHIVE='"$(DEBIAN_ARCHIVE)"'
include build/module.mk
