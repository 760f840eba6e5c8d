# The dory command: one file a verb; parses, calls libdory, prints.
# dory.c is linked without the composing half of libdory, so that it starts in a millisecond; dory-compose.c has it all.
SRCS := command.c complete.c complete_names.c completion.c options.c global_options.c message.c settings.c composer.c run.c run_spec.c run_project.c signal_name.c supervise.c \
        instance_names.c ps.c start.c stop.c kill.c rm.c logs.c attach.c exec.c wait.c inspect.c rename.c stats.c \
        build.c capstan.c compose.c doctor.c image.c images.c image_contents.c image_exchange.c rmi.c network.c config.c version.c help.c \
        package.c package_verbs.c package_remote.c package_push.c package_describe.c package_tree.c runtime.c volume.c repo.c repo_verbs.c
DEPS := lib abi dory dory/base dory/doctor dory/instances dory/supervisor dory/network dory/hub
TESTS := options_test.c
PROGRAMS := dory.c dory-compose.c
include build/module.mk
