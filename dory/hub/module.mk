# Repositories of packages over a network: which are known, their keys and layouts, their indices here, and the packages fetched from them.
SRCS := hub.c key.c index.c refresh.c serial.c layout_dory.c layout_capstan.c layout_github.c listing.c source.c push.c
DEPS := lib dory/base dory/config dory/fetch dory/manifest dory/package
TESTS := hub_test.c
include build/module.mk
