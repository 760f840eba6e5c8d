/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads apt's files as apt does: sources.list, sources.list.d/ *.list and *.sources, apt.conf.d/ *, apt.conf. What is Debian's own is
 * told by its suite and components, by the key that it must be signed with, and by what apt itself last fetched from it.
 */
#include "apt_host.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "apt_conf.h"
#include "apt_key.h"
#include "apt_sources.h"
#include "dory/base/file.h"
#include "dory/base/text.h"

enum { APT_FILE_MAX = 4 << 20 };

/* NULL where there is no such file, or none that can be read: apt is not our business to mend. */
static char *read_quietly(const char *path, size_t *length)
{
	struct dory_error ignored;
	char *text;

	return file_read(path, APT_FILE_MAX, &text, length, &ignored) < 0 ? NULL : text;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), n = strlen(suffix);

	return length > n && strcmp(name + length - n, suffix) == 0;
}

/* Calls `use` with each file of a directory, in the order of names, as run-parts(8) and apt order them. */
static void each_file(const char *directory, void (*use)(const char *path, void *context), void *context)
{
	struct dirent **names;
	int count = scandir(directory, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char *path = text_format("%s/%s", directory, names[i]->d_name);

		if (names[i]->d_name[0] != '.')
			use(path, context);
		free(path);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void read_source_file(const char *path, void *context)
{
	struct apt_entries *list = context;
	size_t length;
	char *text;

	if (!has_suffix(path, ".list") && !has_suffix(path, ".sources"))
		return;
	text = read_quietly(path, &length);
	if (!text)
		return;
	if (has_suffix(path, ".list"))
		apt_parse_list(text, length, list);
	else
		apt_parse_deb822(text, length, list);
	free(text);
}

/* The value of KEY=VALUE in os-release(5), without quotes; "" if it is not there. Returns owned. */
static char *os_release_value(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == '=') {
			const char *value = line + length + 1;

			value += strspn(value, "\"'");
			return text_copy_n(value, strcspn(value, "\"'\n"));
		}
	}
	return text_copy("");
}

/* "bookworm-updates", "stable/updates", "trixie-backports": a release of Debian and one of its companions. */
static bool is_debian_suite(const char *suite, const char *codename)
{
	static const char names[] = "stable oldstable oldoldstable testing unstable sid buster bullseye bookworm trixie forky duke";
	static const char companions[] =
	    "updates security backports backports-sloppy proposed-updates debug";
	size_t length = strcspn(suite, "-/");
	char *base = text_copy_n(suite, length);
	bool is_ours = text_has_word(names, base) || (*codename && strcmp(codename, base) == 0);

	free(base);
	return is_ours && (suite[length] == '\0' || text_has_word(companions, suite + length + 1));
}

static bool are_debian_components(const char *components)
{
	static const char *const debian = "main contrib non-free non-free-firmware";
	char *words = text_copy(components), *cursor = words, *word;
	bool are_all = *components != '\0';

	while ((word = strsep(&cursor, " \t\n")))
		if (*word && !text_has_word(debian, word))
			are_all = false;
	free(words);
	return are_all;
}

/*
 * What the host's apt fetched from the source says another origin? apt names the file after the URI without its scheme, with '_' for '/'.
 */
static bool is_known_foreign(const struct apt_host *host, const struct apt_entry *entry)
{
	const char *address = strstr(entry->uri, "://");
	char *path, *text, *origin;
	size_t length, start = strlen(host->lists) + 1;
	bool is_foreign = false;

	path = text_format("%s/%s_dists_%s_InRelease", host->lists, address ? address + 3 : entry->uri, entry->suite);
	for (char *c = path + start; *c; c++)
		*c = *c == '/' ? '_' : *c;
	text = read_quietly(path, &length);
	if (text) {
		origin = strstr(text, "\nOrigin: ");
		is_foreign = origin && strncmp(origin, "\nOrigin: Debian\n", 16) != 0;
		free(text);
	}
	free(path);
	return is_foreign;
}

/* Must it be signed with a key that Debian's own keyring has? Without Signed-By the signature will tell. */
static bool is_signed_by_debian(const struct apt_entry *entry, const char *keyring)
{
	const char *signed_by = entry->signed_by, *name;

	if (!signed_by || !*signed_by)
		return true;
	if (strstr(signed_by, "-----BEGIN"))
		return apt_key_is_in_keyring(signed_by, keyring);
	if (*signed_by != '/')
		return true; /* fingerprints */
	name = strrchr(signed_by, '/') + 1;
	return strcmp(signed_by, keyring) == 0 || strncmp(name, "debian-archive-", 15) == 0;
}

static bool is_own(const struct apt_host *host, const struct dory_config *config, const struct apt_entry *entry,
    const char *codename)
{
	return (strncmp(entry->uri, "http://", 7) == 0 || strncmp(entry->uri, "https://", 8) == 0 ||
		   strncmp(entry->uri, "file:/", 6) == 0) &&
	       (!*entry->architectures || text_has_word(entry->architectures, config->architecture)) &&
	       is_debian_suite(entry->suite, codename) && are_debian_components(entry->components) &&
	       is_signed_by_debian(entry, config->keyring) && !is_known_foreign(host, entry);
}

static bool is_one_file(const char *text)
{
	return text && *text == '/' && !strpbrk(text, " ,\t\n");
}

/* Appends the source, or its components to those of the same URI and suite. */
static void add_source(struct dory_config *config, const struct apt_entry *entry)
{
	struct debian_source *source;

	for (size_t i = 0; i < config->source_count; i++) {
		source = &config->sources[i];
		if (strcmp(source->uri, entry->uri) == 0 && strcmp(source->suite, entry->suite) == 0) {
			text_replace(&source->components, text_format("%s %s", source->components, entry->components));
			return;
		}
	}
	source = array_push(&config->sources, &config->source_count, sizeof(*source));
	source->uri = text_copy(entry->uri);
	source->suite = text_copy(entry->suite);
	source->components = text_copy(entry->components);
	if (is_one_file(entry->signed_by) && strcmp(entry->signed_by, config->keyring) != 0)
		source->keyring = text_copy(entry->signed_by);
}

static void read_sources(const struct apt_host *host, struct dory_config *config, const char *codename)
{
	struct apt_entries list = {0};
	char *path = text_format("%s/sources.list", host->etc_apt), *directory = text_format("%s/sources.list.d", host->etc_apt);

	read_source_file(path, &list);
	each_file(directory, read_source_file, &list);
	for (size_t i = 0; i < list.count; i++)
		if (is_own(host, config, &list.entries[i], codename))
			add_source(config, &list.entries[i]);
	if (config->source_count > 0)
		text_replace(&config->sources_origin, text_format("the sources of apt in %s", host->etc_apt));
	apt_entries_release(&list);
	free(path);
	free(directory);
}

struct apt_settings {
	char *http_proxy, *https_proxy;
	bool ignore_expiry;
};

static void take_setting(const char *name, const char *value, void *context)
{
	struct apt_settings *settings = context;
	bool is_none = strcasecmp(value, "DIRECT") == 0 || strcasecmp(value, "false") == 0;

	if (strcasecmp(name, "Acquire::http::Proxy") == 0)
		text_replace(&settings->http_proxy, text_copy(is_none ? "" : value));
	else if (strcasecmp(name, "Acquire::https::Proxy") == 0)
		text_replace(&settings->https_proxy, text_copy(is_none ? "" : value));
	else if (strcasecmp(name, "Acquire::Check-Valid-Until") == 0)
		settings->ignore_expiry = strcasecmp(value, "false") == 0 || strcasecmp(value, "no") == 0 || strcmp(value, "0") == 0;
}

/* apt-transport-https(1): https takes http's proxy unless it has its own. */
static void take_proxy(struct dory_config *config, struct apt_settings *settings)
{
	bool is_https = config->source_count > 0 && strncmp(config->sources[0].uri, "https:", 6) == 0;
	char **proxy = is_https && settings->https_proxy ? &settings->https_proxy : &settings->http_proxy;

	text_replace(&config->proxy, *proxy);
	*proxy = NULL;
}

static void read_setting_file(const char *path, void *context)
{
	const char *name = strrchr(path, '/') + 1;
	size_t length;
	char *text;

	/* apt.conf(5): no extension, or "conf" */
	if (strchr(name, '.') && !has_suffix(name, ".conf"))
		return;
	text = read_quietly(path, &length);
	if (text)
		apt_conf_parse(text, length, take_setting, context);
	free(text);
}

static void read_settings(const struct apt_host *host, struct apt_settings *settings)
{
	char *path = text_format("%s/apt.conf", host->etc_apt), *directory = text_format("%s/apt.conf.d", host->etc_apt);

	each_file(directory, read_setting_file, settings);
	read_setting_file(path, settings);
	free(path);
	free(directory);
}

void apt_host_read(const struct apt_host *host, struct dory_config *config)
{
	struct apt_settings settings = {0};
	size_t length;
	char *release = read_quietly(host->os_release, &length), *id, *codename;

	if (release) {
		id = os_release_value(release, "ID");
		codename = os_release_value(release, "VERSION_CODENAME");
		if (strcmp(id, "debian") == 0)
			read_sources(host, config, codename);
		free(id);
		free(codename);
	}
	read_settings(host, &settings);
	config->ignore_expiry = settings.ignore_expiry;
	take_proxy(config, &settings);
	free(settings.http_proxy);
	free(settings.https_proxy);
	free(release);
}
