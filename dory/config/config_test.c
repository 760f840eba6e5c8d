/* SPDX-License-Identifier: BSD-3-Clause */
/* The parsers of apt's files and of config.yaml, and what a host's apt makes of the settings. */
#include "config.h"
#include <string.h>
#include <sys/stat.h>
#include "apt_conf.h"
#include "apt_host.h"
#include "apt_key.h"
#include "apt_sources.h"
#include "settings.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "tests/unit/test.h"

static struct dory_error err;

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static struct apt_entries parse_list(const char *text)
{
	struct apt_entries list = {0};

	apt_parse_list(text, strlen(text), &list);
	return list;
}

static struct apt_entries parse_deb822(const char *text)
{
	struct apt_entries list = {0};

	apt_parse_deb822(text, strlen(text), &list);
	return list;
}

TEST(one_line_sources)
{
	struct apt_entries list = parse_list(
	    "# comment\n"
	    "deb http://a.example/debian/ bookworm main contrib # more\n"
	    "deb-src http://a.example/debian bookworm main\n"
	    "  deb\t[ arch=amd64,arm64 signed-by=/k.gpg ]  http://b.example/x\tstable  main\n"
	    "deb [arch=i386] http://c.example sid main\n"
	    "deb [broken http://d.example sid main\n"
	    "deb http://e.example\n"
	    "deb file:/flat ./");

	CHECK_EQ(list.count, 4);
	CHECK(same(list.entries[0].uri, "http://a.example/debian"));
	CHECK(same(list.entries[0].suite, "bookworm"));
	CHECK(text_has_word(list.entries[0].components, "contrib"));
	CHECK(list.entries[0].signed_by == NULL);
	CHECK(same(list.entries[1].signed_by, "/k.gpg"));
	CHECK(same(list.entries[1].architectures, "amd64,arm64"));
	CHECK(text_has_word(list.entries[1].architectures, "arm64"));
	CHECK(same(list.entries[2].architectures, "i386"));
	CHECK(same(list.entries[3].suite, "./"));
	apt_entries_release(&list);
}

TEST(deb822_sources)
{
	struct apt_entries list = parse_deb822(
	    "# the distribution\n"
	    "Types: deb deb-src\n"
	    "# a comment within\n"
	    "URIs: http://a.example/debian http://b.example/debian/\n"
	    "suites: bookworm\n"
	    " bookworm-updates\n"
	    "Components: main\n"
	    "Signed-By:\n"
	    " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
	    " .\n"
	    " AAAA\n"
	    "\n"
	    "Types: deb\n"
	    "Enabled: No\n"
	    "URIs: http://c.example\n"
	    "Suites: bookworm\n"
	    "\n\n"
	    "Types: deb-src\n"
	    "URIs: http://d.example\n"
	    "Suites: bookworm\n"
	    "\n"
	    "Types: deb\r\n"
	    "URIs: http://e.example\r\n"
	    "Suites: sid\r\n"
	    "Signed-By: /k.gpg\r\n");

	CHECK_EQ(list.count, 5);
	CHECK(same(list.entries[0].uri, "http://a.example/debian"));
	CHECK(same(list.entries[1].suite, "bookworm-updates"));
	CHECK(same(list.entries[2].uri, "http://b.example/debian"));
	CHECK(strstr(list.entries[0].signed_by, "BLOCK-----\n\nAAAA") != NULL);
	CHECK(same(list.entries[4].uri, "http://e.example"));
	CHECK(same(list.entries[4].suite, "sid"));
	CHECK(same(list.entries[4].signed_by, "/k.gpg"));
	apt_entries_release(&list);
}

/* Whatever stands in a file of somebody else's: no crash, no read beyond its end. */
TEST(sources_of_any_bytes)
{
	static const char alphabet[] = "deb [arch=x]: \n\t#.-Types:URIs:Suites:Signed-By\r";

	for (int round = 0; round < 2000; round++) {
		struct apt_entries list = {0};
		size_t length = test_random() % 200;
		char *text = malloc(length + 1);

		for (size_t i = 0; i < length; i++)
			text[i] = test_random() % 16 ? alphabet[test_random() % sizeof(alphabet)] : (char)test_random();
		text = realloc(text, length ? length : 1);
		apt_parse_list(text, length, &list);
		apt_parse_deb822(text, length, &list);
		apt_entries_release(&list);
		free(text);
	}
}

static void append_setting(const char *name, const char *value, void *context)
{
	text_append_format(context, "%s=%s\n", name, value);
}

static bool conf_is(const char *text, const char *expected)
{
	struct text_buffer found = {0};
	bool is_same;

	text_append(&found, "", 0);
	apt_conf_parse(text, strlen(text), append_setting, &found);
	is_same = same(found.text, expected);
	if (!is_same)
		printf("# found: %s\n", found.text);
	free(found.text);
	return is_same;
}

TEST(apt_settings)
{
	CHECK(conf_is("Acquire::http::Proxy \"http://p:3128/\";", "Acquire::http::Proxy=http://p:3128/\n"));
	CHECK(conf_is("// c\n/* c\n */ Acquire { http { Proxy \"x\"; }; Retries 3; };\nA::B no; # c\nC \"d\";",
	    "Acquire::http::Proxy=x\nAcquire::Retries=3\nA::B=no\nC=d\n"));
	CHECK(conf_is("APT::Never { \"a\"; \"b\"; };\nX \"y\";", "APT::Never::=a\nAPT::Never::=b\nX=y\n"));
	CHECK(conf_is("A \"unfinished", ""));
	CHECK(conf_is("}; A \"b\";", ""));
	CHECK(conf_is("", ""));
}

TEST(apt_settings_of_any_bytes)
{
	static const char alphabet[] = "A::b{}\";\n /*#x";

	for (int round = 0; round < 2000; round++) {
		struct text_buffer found = {0};
		size_t length = test_random() % 100;
		char *text = malloc(length ? length : 1);

		for (size_t i = 0; i < length; i++)
			text[i] = test_random() % 16 ? alphabet[test_random() % sizeof(alphabet)] : (char)test_random();
		apt_conf_parse(text, length, append_setting, &found);
		free(found.text);
		free(text);
	}
}

static int parse_settings(struct dory_config *config, const char *text)
{
	*config = (struct dory_config){.root = text_copy("/r"), .keyring = text_copy("/k"), .memory = text_copy("256M"),
	    .architecture = text_copy("amd64"), .cpus = 1};
	return settings_parse(config, "config.yaml", text, strlen(text), &err);
}

TEST(settings)
{
	struct dory_config config;

	CHECK_EQ(parse_settings(&config, "debian:\n  archive: http://a.example/debian/\n  suite: bookworm bookworm-updates\n"
					 "  ignore-expiry: true\n  keyring: /my.gpg\nproxy: ''\naccelerator: tcg\ncpus: 4\n"
					 "memory: 1G\ndocumentation: yes\n"), 0);
	CHECK_EQ(config.source_count, 2);
	CHECK(same(config.sources[1].uri, "http://a.example/debian"));
	CHECK(same(config.sources[1].suite, "bookworm-updates"));
	CHECK(same(config.sources[1].components, "main"));
	CHECK(config.ignore_expiry && config.with_documentation);
	CHECK(same(config.keyring, "/my.gpg") && same(config.proxy, "") && same(config.accelerator, "tcg"));
	CHECK_EQ(config.cpus, 4);
	config_release(&config);
	CHECK_EQ(parse_settings(&config, "# nothing but a comment\n"), 0);
	config_release(&config);
	CHECK_EQ(parse_settings(&config, ""), 0);
	config_release(&config);
}

static bool fails_with(const char *text, const char *message)
{
	struct dory_config config;
	bool has_failed = parse_settings(&config, text) < 0 && err.kind == DORY_ERROR_FORMAT && strstr(err.message, message);

	if (!has_failed)
		printf("# %s\n", err.message);
	config_release(&config);
	return has_failed;
}

TEST(wrong_settings_name_the_line)
{
	CHECK(fails_with("cpus: 2\nmemroy: 1G\n", "config.yaml, line 2: unknown key memroy"));
	CHECK(strstr(err.hint, "memory") != NULL);
	CHECK(fails_with("debian:\n  sources:\n    - uri: x\n", "line 3: a source needs uri and suite"));
	CHECK(fails_with("debian:\n  sources: x\n", "line 2"));
	CHECK(fails_with("cpus: many\n", "line 1"));
	CHECK(fails_with("cpus: [1]\n", "line 1"));
	CHECK(fails_with("documentation: perhaps\n", "line 1"));
	CHECK(fails_with("a: b: c\n", "line 1"));
	CHECK(fails_with("- list\n", "line 1"));
	CHECK(fails_with("x: \"unfinished\n", "line"));
}

TEST(printed_settings_are_settings)
{
	struct dory_config config, again;
	char *text, *text_again;

	CHECK_EQ(parse_settings(&config, "debian:\n  sources:\n  - {uri: 'http://a.example', suite: sid, components: main contrib}\n"
					 "  - {uri: 'http://b.example', suite: './', components: '', keyring: '/k\"\\ x.gpg'}\n"
					 "proxy: http://p:1\nqemu: /q\n"), 0);
	text = config_print(&config);
	CHECK_EQ(parse_settings(&again, text), 0);
	CHECK_EQ(again.source_count, 2);
	text_replace(&again.sources_origin, text_copy(config.sources_origin));
	text_again = config_print(&again);
	CHECK(same(text, text_again));
	free(text);
	free(text_again);
	config_release(&config);
	config_release(&again);
}

TEST(flags_choose_the_archive)
{
	struct dory_config config;

	CHECK_EQ(parse_settings(&config, "debian:\n  archive: http://a.example\n  suite: bookworm\n  components: main contrib\n"), 0);
	CHECK_EQ(config_choose_archive(&config, NULL, "sid", NULL, NULL, &err), 0);
	CHECK(same(config.sources[0].uri, "http://a.example") && same(config.sources[0].components, "main contrib"));
	CHECK(same(config.sources[0].suite, "sid"));
	CHECK_EQ(config_choose_archive(&config, "file:///b", NULL, NULL, "/k.gpg", &err), 0);
	CHECK_EQ(config.source_count, 1);
	CHECK(same(config.sources[0].uri, "file:///b") && same(config.sources[0].suite, "stable"));
	CHECK(same(config.keyring, "/k.gpg"));
	config_release(&config);
	CHECK_EQ(parse_settings(&config, ""), 0);
	CHECK_EQ(config_choose_archive(&config, NULL, "sid", NULL, NULL, &err), -1);
	CHECK(strstr(err.hint, "--archive") != NULL);
	config_release(&config);
}

static char directory[] = "/tmp/config-test-XXXXXX";

static void put(const char *name, const char *text)
{
	char *path = text_format("%s/%s", directory, name), *slash = strrchr(path, '/');

	*slash = '\0';
	CHECK_EQ(file_make_directories(path, &err), 0);
	*slash = '/';
	CHECK_EQ(file_replace(path, text, strlen(text), &err), 0);
	free(path);
}

static void read_host(struct dory_config *config, const char *id)
{
	char *etc = text_format("%s/apt", directory), *release = text_format("%s/os-release", directory),
	     *lists = text_format("%s/lists", directory), *text = text_format("NAME=x\nID=%s\nVERSION_CODENAME=\"bookworm\"\n", id);
	struct apt_host host = {.etc_apt = etc, .os_release = release, .lists = lists};

	put("os-release", text);
	*config = (struct dory_config){.architecture = text_copy("amd64"), .keyring = text_format("%s/debian.gpg", directory)};
	apt_host_read(&host, config);
	free(etc);
	free(release);
	free(lists);
	free(text);
}

/* An armoured OpenPGP packet of an old format, tag 6, 20 bytes; "debian.gpg" is a keyring that holds it. */
static const char inline_source[] = "Types: deb\nURIs: http://d.example/debian\nSuites: bookworm\nComponents: main\n"
				    "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mBQAAQIDBAUGBwgJCgsMDQ4PEBESEw==\n =abcd\n"
				    " -----END PGP PUBLIC KEY BLOCK-----\n";

TEST(third_parties_are_left_out)
{
	static const char keyring[] = "before\x98\x14\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13";
	struct dory_config config;
	char *path;

	CHECK(mkdtemp(directory) != NULL);
	path = text_format("%s/debian.gpg", directory);
	CHECK_EQ(file_replace(path, keyring, sizeof(keyring), &err), 0);
	free(path);
	put("apt/sources.list", "deb http://a.example/debian bookworm main\n"
				"deb http://a.example/debian bookworm contrib\n"
				"deb http://a.example/debian bookworm-updates main\n"
				"deb http://third.example/debian bookworm stable\n"
				"deb http://third.example/repo stable main\n"
				"deb [arch=arm64] http://a.example/debian sid main\n"
				"deb cdrom:[x]/ bookworm main\n");
	put("apt/sources.list.d/third.sources",
	    "Types: deb\nURIs: http://third.example/x\nSuites: bookworm\nComponents: main\nSigned-By: /etc/apt/keyrings/third.asc\n");
	put("apt/sources.list.d/inline.sources", inline_source);
	put("apt/sources.list.d/other.list.disabled", "deb http://off.example/debian bookworm main\n");
	put("lists/third.example_repo_dists_stable_InRelease", "-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin: Third\nLabel: x\n");
	put("lists/a.example_debian_dists_bookworm_InRelease", "-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin: Debian\nLabel: x\n");
	put("apt/apt.conf.d/90proxy", "Acquire::http::Proxy \"http://proxy.example:3128\";\n");
	put("apt/apt.conf.d/91no.bak", "Acquire::http::Proxy \"http://other.example:3128\";\n");
	put("apt/apt.conf", "Acquire::Check-Valid-Until \"false\";\n");
	read_host(&config, "debian");
	CHECK_EQ(config.source_count, 3);
	CHECK(same(config.sources[0].suite, "bookworm") && same(config.sources[0].components, "main contrib"));
	CHECK(same(config.sources[1].suite, "bookworm-updates"));
	CHECK(same(config.sources[2].uri, "http://d.example/debian"));
	CHECK(same(config.proxy, "http://proxy.example:3128"));
	CHECK(config.ignore_expiry);
	config_release(&config);
	read_host(&config, "ubuntu");
	CHECK_EQ(config.source_count, 0);
	config_release(&config);
}

int main(int argc, char **argv)
{
	int status = test_main(argc, argv);
	char *command = text_format("rm -rf %s", directory);

	if (system(command) != 0)
		status = 1;
	free(command);
	return status;
}
