/* SPDX-License-Identifier: BSD-3-Clause */
/* dory build: a Capstanfile becomes an image. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/content/content.h"
#include "dory/manifest/capstanfile.h"
#include "dory/parts.h"

enum { CAPSTANFILE_MAX = 1 << 20, OUTPUT_SHOWN = 1 << 16 };

extern char **environ;

/*
 * Capstan's base images, which hold OSv: what of Debian does the same for the program. Without a package the program gets
 * just the libraries that it links.
 */
static const struct {
	const char *base, *package;
} known_bases[] = {
	{"cloudius/osv-base", NULL},
	{"cloudius/osv", NULL},
	{"mike/osv-loader", NULL},
	{"osv-loader", NULL},
	{"cloudius/osv-openjdk", "default-jre-headless"},
	{"cloudius/osv-openjdk8", "default-jre-headless"},
	{"cloudius/osv-node", "nodejs"},
	{"cloudius/osv-nodejs", "nodejs"},
	{"cloudius/osv-python", "python3"},
};

struct building {
	const struct dory_config *config;
	const struct dory_build *build;
	struct capstanfile file;
	struct compose_source *sources;
	size_t source_count;
	struct text_list texts; /* what the sources borrow */
	struct text_list packages;
	bool has_image_base;
	struct debian_set set;
	struct run_config run;
};

static const char *keep(struct building *b, char *text)
{
	text_list_take(&b->texts, text);
	return text;
}

static void add_source(struct building *b, enum compose_source_kind kind, const char *path, const char *target)
{
	struct compose_source *source = array_push(&b->sources, &b->source_count, sizeof(*source));

	*source = (struct compose_source){.kind = kind, .path = path, .target = target};
}

/* ---- the build command ---- */

static void show_output(int output)
{
	char bytes[4096];
	off_t size = lseek(output, 0, SEEK_END), at = size > OUTPUT_SHOWN ? size - OUTPUT_SHOWN : 0;
	ssize_t n;

	while ((n = pread(output, bytes, sizeof(bytes), at)) > 0) {
		fwrite(bytes, 1, (size_t)n, stderr);
		at += n;
	}
}

static int wait_for(pid_t pid, const char *command, int output, struct dory_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return error_set_errno(err, DORY_ERROR_IO, "waiting for %s", command);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (output >= 0)
		show_output(output);
	if (WIFSIGNALED(status))
		return error_set(err, DORY_ERROR_IO, "the build command `%s` was killed by signal %d", command, WTERMSIG(status));
	return error_set(err, DORY_ERROR_IO, "the build command `%s` failed with status %d", command, WEXITSTATUS(status));
}

/* Its words are divided at blanks, as Capstan does; there is no shell. The output is shown when it fails, or with -v. */
static int run_build(const struct building *b, struct dory_error *err)
{
	const char *command = b->file.build;
	int output = b->config->verbose ? -1 : memfd_create("build", MFD_CLOEXEC), failure, result;
	posix_spawn_file_actions_t actions;
	struct text_list words = {0};
	pid_t pid;

	for (const char *c = command; c += strspn(c, " \t\n"), *c; c += strcspn(c, " \t\n"))
		text_list_take(&words, text_copy_n(c, strcspn(c, " \t\n")));
	text_list_take(&words, NULL);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output >= 0 ? output : STDERR_FILENO, STDOUT_FILENO);
	if (output >= 0)
		posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	failure = words.count > 1 ? posix_spawnp(&pid, words.items[0], &actions, NULL, words.items, environ) : EINVAL;
	posix_spawn_file_actions_destroy(&actions);
	errno = failure;
	if (failure)
		result = error_set_errno(err, failure == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "starting the build command `%s`", command);
	else
		result = wait_for(pid, command, output, err);
	text_list_release(&words);
	if (output >= 0)
		close(output);
	return result;
}

/* ---- bases ---- */

/* The base's files as an archive in the cache, made once for each state of the base. */
static int add_image_base(struct building *b, const struct image *image, struct dory_error *err)
{
	char *directory = text_format("%s/cache/bases", b->config->root), *path, *temporary;
	struct content *content = NULL;
	struct stat st;
	int fd, result;

	if (stat(image->disk_path, &st) < 0 || file_make_directories(directory, err) < 0) {
		free(directory);
		return error_set_errno(err, DORY_ERROR_IO, "%s", image->disk_path);
	}
	path = text_format("%s/%llx-%llx-%llx.%lx.tar", directory, (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
		(unsigned long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	temporary = text_format("%s.%d", path, (int)getpid());
	result = content_open(image->disk_path, &content, err);
	if (result == 0 && access(path, F_OK) < 0) {
		fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0)
			result = error_set_errno(err, DORY_ERROR_IO, "making %s", temporary);
		else
			result = content_write_tar(content, fd, path, err);
		if (fd >= 0)
			close(fd);
		if (result == 0 && rename(temporary, path) < 0)
			result = error_set_errno(err, DORY_ERROR_IO, "renaming %s", temporary);
		if (result < 0)
			unlink(temporary);
	}
	content_close(content);
	if (result == 0)
		add_source(b, COMPOSE_ARCHIVE, keep(b, path), NULL);
	else
		free(path);
	free(temporary);
	free(directory);
	b->has_image_base = true;
	return result;
}

static int add_base(struct building *b, const char *base, struct dory_error *err)
{
	struct image image;
	int result;

	if (strncmp(base, "deb:", 4) == 0) {
		text_list_add(&b->packages, base);
		return 0;
	}
	if (image_name_check(base, err) < 0)
		return error_wrap(err, "base");
	if (image_find(b->config->root, base, &image, err) == 0) {
		result = add_image_base(b, &image, err);
		image_release(&image);
		return result;
	}
	if (err->kind != DORY_ERROR_NOT_FOUND)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(known_bases); i++) {
		if (strcmp(known_bases[i].base, base) != 0)
			continue;
		if (known_bases[i].package)
			text_list_take(&b->packages, text_format("deb:%s", known_bases[i].package));
		return 0;
	}
	error_set(err, DORY_ERROR_NOT_FOUND, "%s: there is no base image %s", b->build->file, base);
	return error_hint(err, "Name an image of the store (dory images), or a Debian package: base: deb:NAME");
}

static int add_bases(struct building *b, struct dory_error *err)
{
	struct dory_target packages = {0};
	int result;

	for (size_t i = 0; i < b->file.bases.count; i++) {
		if (add_base(b, b->file.bases.items[i], err) < 0)
			return -1;
	}
	if (b->packages.count == 0)
		return 0;
	if (dory_target_init(&packages, "./", true, (const char *const *)b->packages.items, b->packages.count, err) < 0)
		return -1;
	result = packages_get(b->config, packages.packages, packages.package_count, b->build->refresh, &b->set, err);
	dory_target_release(&packages);
	return result;
}

/* ---- files ---- */

static int add_root(struct building *b, struct dory_error *err)
{
	const char *root = b->file.rootfs ? b->file.rootfs : "ROOTFS";
	struct stat st;

	if (stat(root, &st) == 0 && S_ISDIR(st.st_mode)) {
		add_source(b, COMPOSE_DIRECTORY, root, "/");
		return 0;
	}
	if (b->file.rootfs)
		return error_set(err, DORY_ERROR_NOT_FOUND, "%s: rootfs: %s does not exist", b->build->file, root);
	return 0;
}

/* The libraries that a program links, where the base brings none. */
static void add_libraries(struct building *b, const char *program)
{
	struct elf_closure closure = {0};
	struct dory_error ignored; /* a script, or data */

	if (b->packages.count > 0 || b->has_image_base || elf_closure_find(program, &closure, &ignored) < 0)
		return;
	for (size_t i = 1; i < closure.count && !closure.is_script; i++)
		add_source(b, COMPOSE_FILE, keep(b, text_copy(closure.files[i].host_path)), keep(b, text_copy(closure.files[i].guest_path)));
	elf_closure_release(&closure);
}

static int add_path(struct building *b, const struct capstanfile_entry *entry, const char *host, const char *guest, struct dory_error *err)
{
	struct stat st;

	if (stat(host, &st) < 0) {
		int failure = errno;

		return error_set(err, DORY_ERROR_NOT_FOUND, "%s, line %u: %s: %s", b->build->file, entry->line, host, strerror(failure));
	}
	if (S_ISDIR(st.st_mode)) {
		add_source(b, COMPOSE_DIRECTORY, host, guest);
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, DORY_ERROR_USAGE, "%s, line %u: %s is neither a file nor a directory", b->build->file, entry->line, host);
	add_libraries(b, host);
	add_source(b, COMPOSE_FILE, host, guest);
	return 0;
}

/* A pattern's files go into the folder of the guest's path. */
static int add_pattern(struct building *b, const struct capstanfile_entry *entry, struct dory_error *err)
{
	glob_t found = {0};
	int result = 0;

	if (glob(entry->host, 0, NULL, &found) != 0)
		result = error_set(err, DORY_ERROR_NOT_FOUND, "%s, line %u: no file matches %s", b->build->file, entry->line, entry->host);
	for (size_t i = 0; i < found.gl_pathc && result == 0; i++) {
		const char *path = keep(b, text_copy(found.gl_pathv[i])), *slash = strrchr(path, '/');

		result = add_path(b, entry, path, keep(b, text_format("%s/%s", entry->guest, slash ? slash + 1 : path)), err);
	}
	globfree(&found);
	return result;
}

static int add_files(struct building *b, struct dory_error *err)
{
	for (size_t i = 0; i < b->file.count; i++) {
		const struct capstanfile_entry *entry = &b->file.files[i];
		bool is_pattern = strpbrk(entry->host, "*?[") && access(entry->host, F_OK) < 0;

		if ((is_pattern ? add_pattern(b, entry, err) : add_path(b, entry, entry->host, entry->guest, err)) < 0)
			return -1;
	}
	return 0;
}

/* ---- the command line ---- */

static int choose_command(struct building *b, struct text_list *environment, struct dory_error *err)
{
	struct text_list skipped = {0};
	const char *command = command_line_skip_options(b->file.command, environment, &skipped);

	for (size_t i = 0; i < skipped.count && !b->config->quiet; i++)
		progress_warning("%s: the option %s of OSv means nothing here", b->build->file, skipped.items[i]);
	text_list_release(&skipped);
	if (command_line_split(&b->run.command, command, err) < 0) {
		err->kind = DORY_ERROR_FORMAT; /* the file is wrong, not our command line */
		return error_wrap(err, "%s: cmdline", b->build->file);
	}
	if (b->run.command.count == 0)
		return error_set(err, DORY_ERROR_FORMAT, "%s: cmdline names no program", b->build->file);
	b->run.environment = (const char *const *)environment->items;
	b->run.environment_count = environment->count;
	return run_config_check(&b->run, err);
}

static int build_image(struct building *b, struct dory_error *err)
{
	struct text_list environment = {0};
	char *origin = realpath(b->build->file, NULL);
	struct image_recipe recipe = {.image = b->build->image,
		.origin = origin ? origin : b->build->file,
		.fingerprint = (char *)"",
		.set = &b->set,
		.config = &b->run};
	int result = choose_command(b, &environment, err);

	if (result == 0 && b->file.build)
		result = run_build(b, err);
	if (result == 0)
		result = add_bases(b, err);
	if (result == 0)
		result = add_root(b, err);
	if (result == 0)
		result = add_files(b, err);
	recipe.files = b->sources;
	recipe.file_count = b->source_count;
	if (result == 0)
		result = recipe_compose(b->config, &recipe, err);
	text_list_release(&environment);
	free(origin);
	return result;
}

int dory_build_image(const struct dory_config *config, const struct dory_build *build, struct dory_error *err)
{
	struct building b = {.config = config, .build = build};
	char *text = NULL;
	size_t length;
	int result;

	if (image_name_check(build->image, err) < 0)
		return -1;
	if (file_read(build->file, CAPSTANFILE_MAX, &text, &length, err) < 0) {
		if (err->kind == DORY_ERROR_NOT_FOUND)
			error_hint(err, "A Capstanfile says what an image is built from: see dory-capstanfile(5).");
		return -1;
	}
	result = capstanfile_parse(build->file, text, length, config->quiet, &b.file, err);
	free(text);
	if (result < 0)
		return -1;
	result = build_image(&b, err);
	command_line_release(&b.run.command);
	debian_set_release(&b.set);
	text_list_release(&b.texts);
	text_list_release(&b.packages);
	free(b.sources);
	capstanfile_release(&b.file);
	return result;
}
