# The dory command: one file a verb; parses, calls libdory, prints.
# dory.c is linked without the composing half of libdory, so that it starts in a millisecond; dory-compose.c has it all.
SRCS := command.c options.c message.c settings.c composer.c run.c compose.c image.c images.c image_contents.c image_exchange.c rmi.c network.c config.c version.c help.c \
        package.c package_verbs.c package_describe.c package_tree.c runtime.c repo.c repo_verbs.c
DEPS := lib abi dory
TESTS := options_test.c
PROGRAMS := dory.c dory-compose.c
include build/module.mk
