/* SPDX-License-Identifier: BSD-3-Clause */
/* The order in which settings are put together, and how they are shown. */
#include "config.h"
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "apt_host.h"
#include "default_archive.h"
#include "settings.h"
#include "dory/base/file.h"
#include "dory/base/text.h"

enum { SETTINGS_FILE_MAX = 1 << 20 };

static const char default_keyring[] = "/usr/share/keyrings/debian-archive-keyring.gpg";
static const char default_suite[] = "stable";
static const char default_components[] = "main";

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static char *home_directory(void)
{
	const char *home = environment("HOME");
	const struct passwd *user = home ? NULL : getpwuid(getuid());

	return text_copy(home ? home : user && user->pw_dir ? user->pw_dir : "/");
}

static char *absolute(char *path)
{
	char here[PATH_MAX], *whole;

	if (path[0] == '/' || !getcwd(here, sizeof(here)))
		return path;
	whole = text_format("%s/%s", here, path);
	free(path);
	return whole;
}

/* XDG Base Directory Specification: data lives in $XDG_DATA_HOME, which must be absolute, or ~/.local/share. */
static char *find_root(void)
{
	const char *root = environment("DORY_ROOT"), *data = environment("XDG_DATA_HOME");
	char *home, *path;
	size_t length;

	if (root) {
		path = absolute(text_copy(root));
	} else if (data && data[0] == '/') {
		path = text_format("%s/dory", data);
	} else {
		home = home_directory();
		path = absolute(text_format("%s/.local/share/dory", home));
		free(home);
	}
	for (length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	return path;
}

static void read_environment(struct dory_config *config)
{
	const struct {
		const char *name;
		char **field;
	} fields[] = {
	    {"DORY_QEMU", &config->qemu},
	    {"DORY_ACCEL", &config->accelerator},
	    {"DORY_MACHINE", &config->machine},
	    {"DORY_AIO", &config->aio},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *value = environment(fields[i].name);

		if (value)
			text_replace(fields[i].field, text_copy(value));
	}
}

static int check_choice(const char *value, const char *const *choices, size_t count, const char *what, struct dory_error *err)
{
	if (!value)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (strcmp(value, choices[i]) == 0)
			return 0;
	return error_set(err, DORY_ERROR_USAGE, "unknown %s '%s'", what, value);
}

static int check(const struct dory_config *config, struct dory_error *err)
{
	static const char *const accelerators[] = {"kvm", "tcg"}, *const machines[] = {"microvm", "q35", "pc"}, *const aios[] = {"threads", "native"};

	if (check_choice(config->accelerator, accelerators, ARRAY_SIZE(accelerators), "accelerator", err) < 0)
		return error_hint(err, "it is kvm or tcg");
	if (check_choice(config->machine, machines, ARRAY_SIZE(machines), "machine type", err) < 0)
		return error_hint(err, "it is microvm, q35 or pc");
	if (check_choice(config->aio, aios, ARRAY_SIZE(aios), "kind of asynchronous I/O", err) < 0)
		return error_hint(err, "it is threads or native");
	return 0;
}

static int read_settings_file(struct dory_config *config, struct dory_error *err)
{
	char *path = text_format("%s/config.yaml", config->root), *text;
	struct dory_error problem;
	int result = 0;
	size_t length;

	if (file_read(path, SETTINGS_FILE_MAX, &text, &length, &problem) == 0) {
		result = settings_parse(config, path, text, length, err);
		free(text);
	} else if (problem.kind != DORY_ERROR_NOT_FOUND) {
		*err = problem;
		result = -1;
	}
	free(path);
	return result;
}

static void add_source(struct dory_config *config, const char *uri, const char *suite, const char *components,
    const char *keyring)
{
	struct debian_source *source = array_push(&config->sources, &config->source_count, sizeof(*source));
	size_t length;

	source->uri = text_copy(uri);
	for (length = strlen(source->uri); length > 0 && source->uri[length - 1] == '/'; length--)
		source->uri[length - 1] = '\0';
	source->suite = text_copy(suite);
	source->components = text_copy(components);
	source->keyring = text_copy(keyring);
}

void debian_sources_release(struct debian_source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(sources[i].uri);
		free(sources[i].suite);
		free(sources[i].components);
		free(sources[i].keyring);
	}
	free(sources);
}

static void set_defaults(struct dory_config *config)
{
	static const struct apt_host host = {
	    .etc_apt = "/etc/apt", .os_release = "/etc/os-release", .lists = "/var/lib/apt/lists"};

	config->root = find_root();
	config->architecture = text_copy("amd64");
	config->keyring = text_copy(default_keyring);
	config->memory = text_copy("256M");
	config->cpus = 1;
	apt_host_read(&host, config);
	if (config->source_count == 0 && *default_archive()) {
		add_source(config, default_archive(), default_suite, default_components, NULL);
		text_replace(&config->sources_origin, text_copy("the default, Debian stable"));
	}
}

int config_load(struct dory_config *config, struct dory_error *err)
{
	*config = (struct dory_config){0};
	set_defaults(config);
	if (read_settings_file(config, err) < 0)
		goto failed;
	read_environment(config);
	if (check(config, err) < 0)
		goto failed;
	return 0;
failed:
	config_release(config);
	return -1;
}

void config_release(struct dory_config *config)
{
	debian_sources_release(config->sources, config->source_count);
	free(config->root);
	free(config->architecture);
	free(config->keyring);
	free(config->sources_origin);
	free(config->proxy);
	free(config->qemu);
	free(config->accelerator);
	free(config->machine);
	free(config->memory);
	free(config->repo_url);
	free(config->aio);
	*config = (struct dory_config){0};
}

int config_choose_archive(struct dory_config *config, const char *archive, const char *suites, const char *components,
    const char *keyring, struct dory_error *err)
{
	struct debian_source *former = config->sources;
	size_t former_count = config->source_count;
	char *words, *cursor, *suite;

	if (keyring) {
		text_replace(&config->keyring, absolute(text_copy(keyring)));
		for (size_t i = 0; i < former_count; i++)
			text_replace(&former[i].keyring, NULL);
	}
	if (!archive && !suites && !components)
		return 0;
	if (!archive && former_count == 0)
		return config_explain_no_sources(config, err);
	if (!suites)
		suites = former_count && !archive ? former[0].suite : default_suite;
	config->sources = NULL;
	config->source_count = 0;
	cursor = words = text_copy(suites);
	while ((suite = strsep(&cursor, " \t,")))
		if (*suite)
			add_source(config, archive ? archive : former[0].uri, suite,
			    components			? components
				: former_count && !archive ? former[0].components
							: default_components,
			    archive || keyring ? NULL : former[0].keyring);
	free(words);
	debian_sources_release(former, former_count);
	text_replace(&config->sources_origin, text_copy("the command line"));
	return 0;
}

int config_explain_no_sources(const struct dory_config *config, struct dory_error *err)
{
	error_set(err, DORY_ERROR_NOT_FOUND, "no archive of Debian packages is known here: apt of this host has no sources of Debian's own");
	return error_hint(err, "name one with --archive URI, or with 'archive: URI' below 'debian:' in %s/config.yaml", config->root);
}

/* A YAML scalar in double quotes, which can hold everything. */
static void print_text(struct text_buffer *out, const char *indent, const char *key, const char *value)
{
	text_append_format(out, "%s%s: \"", indent, key);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			text_append(out, "\\", 1);
		if ((unsigned char)*value < 0x20)
			text_append_format(out, "\\x%02x", (unsigned char)*value);
		else
			text_append(out, value, 1);
	}
	text_append(out, "\"\n", 2);
}

static void print_optional(struct text_buffer *out, const char *key, const char *value, const char *otherwise)
{
	if (value)
		print_text(out, "", key, value);
	else
		text_append_format(out, "# %s: %s\n", key, otherwise);
}

static void print_sources(struct text_buffer *out, const struct dory_config *config)
{
	text_append_format(out, "debian:\n");
	print_text(out, "  ", "keyring", config->keyring);
	text_append_format(out, "  ignore-expiry: %s\n", config->ignore_expiry ? "true" : "false");
	if (config->source_count == 0) {
		text_append_format(out, "  # archive: none is known here\n");
		return;
	}
	text_append_format(out, "  sources: # from %s\n", config->sources_origin);
	for (size_t i = 0; i < config->source_count; i++) {
		const struct debian_source *source = &config->sources[i];

		print_text(out, "    ", "- uri", source->uri);
		print_text(out, "      ", "suite", source->suite);
		print_text(out, "      ", "components", source->components);
		if (source->keyring)
			print_text(out, "      ", "keyring", source->keyring);
	}
}

char *config_print(const struct dory_config *config)
{
	struct text_buffer out = {0};

	text_append_format(&out, "# The settings in force. State lives in %s (DORY_ROOT).\n", config->root);
	print_sources(&out, config);
	print_optional(&out, "proxy", config->proxy, "what the environment says");
	print_optional(&out, "qemu", config->qemu, "found in PATH");
	print_optional(&out, "accelerator", config->accelerator, "the faster one, measured");
	print_optional(&out, "machine", config->machine, "the fastest that works, measured");
	print_text(&out, "", "memory", config->memory);
	text_append_format(&out, "cpus: %u\n", config->cpus);
	text_append_format(&out, "documentation: %s\n", config->with_documentation ? "true" : "false");
	return out.text;
}
