# Where packages come from. Debian's archive: signed indices, resolution through libsolv, downloads.
SRCS := archive_find.c archive_pool.c archive_take.c debian.c download.c fact.c index.c names.c package_lists.c packages_sizes.c preferences.c refresh.c release.c resolve.c signature.c solver_facts.c solv_file.c
DEPS := lib dory/base dory/config dory/fetch
TESTS := release_test.c archive_test.c
include build/module.mk
