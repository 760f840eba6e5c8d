/* SPDX-License-Identifier: BSD-3-Clause */
/* The store of instances: names in use, locks, what kills leave behind. */
#include "dory/instances/store.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "tests/unit/test.h"

static char *root;

static void begin(void)
{
	char pattern[] = "/tmp/dory-store-XXXXXX";

	root = text_copy(mkdtemp(pattern));
}

static void end(void)
{
	struct dory_error err;

	CHECK_EQ(file_remove_tree(root, &err), 0);
	free(root);
}

static bool exists(const char *name)
{
	char *path = text_format("%s/instances/%s", root, name);
	bool is_there = access(path, F_OK) == 0;

	free(path);
	return is_there;
}

/* One that was started once: worth keeping. */
static void note_start(const struct instance_place *place, int status)
{
	struct instance_state state = {.status = status, .starts = 1};
	struct dory_error err;

	CHECK_EQ(instance_state_write(place->directory, &state, true, &err), 0);
}

static char *create(const char *name, bool is_chosen, struct instance_place *place)
{
	struct instance_spec spec = {.is_name_chosen = is_chosen, .is_detached = true};
	struct dory_error err;
	char *chosen;

	return instance_create(root, name, &spec, place, &chosen, &err) == 0 ? chosen : NULL;
}

static void leave(const char *name, int status)
{
	struct instance_place place;
	char *chosen = create(name, true, &place);

	CHECK(chosen && strcmp(chosen, name) == 0);
	note_start(&place, status);
	instance_place_close(&place);
	free(chosen);
}

TEST(names_are_chosen_or_refused)
{
	struct instance_place first, second;
	struct instance_spec spec = {.is_name_chosen = true};
	struct dory_error err;
	char *a, *b, *c;

	begin();
	a = create("web", false, &first);
	b = create("web", false, &second);
	CHECK(a && b && strcmp(a, "web") == 0 && strcmp(b, "web-2") == 0);
	CHECK_EQ(instance_create(root, "web", &spec, &(struct instance_place){0}, &c, &err), -1);
	CHECK(err.kind == DORY_ERROR_CONFLICT && strstr(err.message, "the name web is in use by an instance that runs"));
	CHECK_EQ(instance_create(root, "../x", &spec, &(struct instance_place){0}, &c, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	instance_place_close(&first);
	instance_place_close(&second);
	free(a);
	free(b);
	end();
}

TEST(what_was_never_started_is_debris)
{
	struct instance_place place;
	struct instance *list;
	struct dory_error err;
	size_t count;
	char *name;

	begin();
	name = create("web", true, &place);
	CHECK(name && exists("web"));
	CHECK_EQ(instance_list(root, &list, &count, &err), 0);
	CHECK_EQ(count, 1); /* it is being started */
	instance_list_free(list, count);
	instance_place_close(&place);
	free(name);
	name = create("web", true, &place); /* the same command again */
	CHECK(name && strcmp(name, "web") == 0);
	instance_place_close(&place);
	free(name);
	CHECK_EQ(instance_list(root, &list, &count, &err), 0);
	CHECK(count == 0 && !exists("web"));
	end();
}

TEST(half_made_and_half_removed_ones_are_debris)
{
	struct instance *list;
	struct dory_error err;
	size_t count;
	char *path;

	begin();
	leave("kept", STATUS_EXITED);
	path = text_format("%s/instances/half", root);
	CHECK_EQ(mkdir(path, 0700), 0);
	CHECK_EQ(instance_list(root, &list, &count, &err), 0);
	CHECK(count == 1 && strcmp(list[0].name, "kept") == 0 && !exists("half"));
	instance_list_free(list, count);
	free(path);
	end();
}

TEST(one_that_nobody_looks_after_is_lost)
{
	struct instance_state state;
	struct instance instance;
	struct instance *list;
	struct dory_error err;
	size_t count;

	begin();
	leave("web", STATUS_RUNNING);
	CHECK_EQ(instance_find(root, "web", &instance, &err), 0);
	CHECK(instance.state.status == STATUS_LOST && strstr(instance.state.end, "was killed"));
	CHECK_EQ(instance_state_read(instance.directory, &state, &err), 0);
	CHECK_EQ(state.status, STATUS_RUNNING); /* finding one writes nothing */
	instance_state_release(&state);
	CHECK_EQ(instance_list(root, &list, &count, &err), 0);
	instance_list_free(list, count);
	CHECK_EQ(instance_state_read(instance.directory, &state, &err), 0);
	CHECK_EQ(state.status, STATUS_LOST);
	instance_state_release(&state);
	instance_release(&instance);
	end();
}

TEST(a_boot_of_this_computer_is_told_apart)
{
	struct instance_state state = {.status = STATUS_RUNNING, .starts = 1, .boot_id = text_copy("of-yesterday")};
	struct instance_place place;
	struct instance instance;
	struct dory_error err;
	char *name;

	begin();
	name = create("web", true, &place);
	CHECK_EQ(instance_state_write(place.directory, &state, true, &err), 0);
	instance_place_close(&place);
	CHECK_EQ(instance_find(root, "web", &instance, &err), 0);
	CHECK(instance.state.status == STATUS_LOST && strstr(instance.state.end, "started anew"));
	instance_release(&instance);
	free(state.boot_id);
	free(name);
	end();
}

TEST(the_lock_is_the_process)
{
	struct instance_place place;
	struct instance instance;
	struct dory_error err;
	int ready[2], status;
	char byte;
	pid_t pid;

	begin();
	leave("web", STATUS_EXITED);
	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (instance_take(root, "web", &instance, &place, &err) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_EQ(instance_take(root, "web", &instance, &place, &err), -1);
	CHECK(err.kind == DORY_ERROR_CONFLICT && strstr(err.message, "the instance web runs"));
	CHECK_EQ(instance_remove(root, "web", &err), -1);
	CHECK(err.kind == DORY_ERROR_CONFLICT && strstr(err.hint, "dory stop web"));
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(instance_take(root, "web", &instance, &place, &err), 0);
	instance_place_close(&place);
	instance_release(&instance);
	CHECK_EQ(instance_remove(root, "web", &err), 0);
	CHECK(!exists("web"));
	close(ready[0]);
	close(ready[1]);
	end();
}

TEST(a_locked_one_is_renamed_and_removed_where_it_is)
{
	struct instance_place place;
	struct dory_error err;
	char *name;

	begin();
	leave("other", STATUS_EXITED);
	name = create("web", true, &place);
	note_start(&place, STATUS_RUNNING);
	CHECK_EQ(instance_rename(root, "web", "other", &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	CHECK_EQ(instance_rename(root, "web", "shop", &err), 0);
	CHECK(!exists("web") && exists("shop"));
	note_start(&place, STATUS_EXITED); /* whoever runs it goes on */
	CHECK_EQ(instance_remove_locked(root, &place, &err), 0);
	CHECK(!exists("shop") && exists("other"));
	instance_place_close(&place);
	free(name);
	end();
}

TEST(a_misspelt_name)
{
	struct instance instance;
	struct dory_error err;

	begin();
	leave("storage", STATUS_EXITED);
	CHECK_EQ(instance_find(root, "storge", &instance, &err), -1);
	CHECK(err.kind == DORY_ERROR_NOT_FOUND && strstr(err.hint, "storage"));
	CHECK_EQ(instance_find(root, "..", &instance, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	end();
}

TEST(a_damaged_one_says_so)
{
	struct instance instance;
	struct dory_error err;
	char *path;
	int fd;

	begin();
	leave("web", STATUS_EXITED);
	path = text_format("%s/instances/web/state.json", root);
	fd = open(path, O_WRONLY | O_TRUNC);
	CHECK(fd >= 0 && write(fd, "{\"status\": 3", 12) == 12);
	close(fd);
	CHECK_EQ(instance_find(root, "web", &instance, &err), -1);
	CHECK(err.kind == DORY_ERROR_FORMAT && strstr(err.message, "damaged"));
	free(path);
	end();
}

TEST_MAIN()
