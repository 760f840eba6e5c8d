/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * End to end: a small archive in a temporary directory, signed with a key made here, over file URIs. What is resolved, fetched, kept;
 * and what happens when any of it is broken.
 */
#include "debian.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "tests/unit/test.h"

static char directory[] = "/tmp/archive-test-XXXXXX";
static struct dory_error err;

static void shell(const char *command)
{
	char *line = text_format("cd %s && export GNUPGHOME=%s/gnupg && { %s; } >>%s/log 2>&1", directory, directory, command, directory);
	int status = system(line);

	if (status != 0)
		printf("# %s\n", line);
	free(line);
	CHECK_EQ(status, 0);
}

static void put(const char *name, const char *content, size_t length)
{
	char *path = text_format("%s/%s", directory, name);

	CHECK_EQ(file_replace(path, content, length, &err), 0);
	free(path);
}

/* A stanza of Packages, and the file that it describes. */
static void add_package(struct text_buffer *packages, const char *name, const char *version, const char *fields)
{
	char *content = text_format("package %s %s\n", name, version), *path = text_format("archive/pool/%s_%s.deb", name, version);
	char digest[DIGEST_TEXT_SIZE];

	put(path, content, strlen(content));
	digest_sha256(content, strlen(content), digest);
	text_append_format(packages, "Package: %s\nVersion: %s\nArchitecture: %s\n%sFilename: pool/%s_%s.deb\nSize: %zu\nSHA256: %s\n\n", name,
	    version, strstr(name, "-common") ? "all" : "amd64", fields, name, version, strlen(content), digest);
	free(content);
	free(path);
}

static void write_packages(void)
{
	struct text_buffer packages = {0};

	add_package(&packages, "base-files", "12", "Pre-Depends: awk\nEssential: yes\n");
	add_package(&packages, "mawk", "1.3", "Provides: awk\n");
	add_package(&packages, "gawk", "5.2", "Provides: awk\n");
	add_package(&packages, "dpkg", "1.21", "Depends: tar\n");
	add_package(&packages, "perl-base", "5.36", "");
	add_package(&packages, "debconf", "1.5", "Depends: perl-base\nProvides: debconf-2.0\n");
	add_package(&packages, "libc6", "2.36-9", "Depends: libgcc (>= 1)\n");
	add_package(&packages, "libgcc", "12", "Depends: libc6\n");
	add_package(&packages, "server-common", "2", "Multi-Arch: foreign\n");
	add_package(&packages, "server", "1:2.0-1", "Pre-Depends: dpkg (>= 1.15)\nDepends: libc6 (>= 2.30), server-common:any (>= 1), "
						     "first | second, debconf (>= 0.5) | debconf-2.0\nRecommends: gawk\n");
	add_package(&packages, "server", "1:1.0-1", "Depends: libc6\n");
	add_package(&packages, "a-second", "9", "Provides: second\n");
	add_package(&packages, "first", "1", "Provides: position\n");
	add_package(&packages, "one", "1", "Conflicts: two\n");
	add_package(&packages, "two", "2", "");
	add_package(&packages, "lonely", "1", "Depends: nobody-has-this\n");
	put("archive/dists/test/main/binary-amd64/Packages", packages.text, packages.length);
	free(packages.text);
}

/* Release with the digests of the lists, signed; `fields` go before them. */
static void sign(const char *fields)
{
	char *command = text_format("cd archive/dists/test && rm -rf by-hash main/binary-amd64/by-hash InRelease Release Release.gpg && "
				    "xz -kf main/binary-amd64/Packages && mkdir -p main/binary-amd64/by-hash/SHA256 && "
				    "ln main/binary-amd64/Packages.xz main/binary-amd64/by-hash/SHA256/$(sha256sum < "
				    "main/binary-amd64/Packages.xz | cut -d' ' -f1) && { printf 'Origin: Test\\nArchitectures: amd64\\n%s"
				    "Acquire-By-Hash: yes\\nSHA256:\\n'; for f in main/binary-amd64/Packages main/binary-amd64/Packages.xz; do "
				    "echo \" $(sha256sum $f | cut -d' ' -f1) $(stat -c %%s $f) $f\"; done; } > Release && "
				    "gpg --batch --yes --clearsign -o InRelease Release && gpg --batch --yes -b -a -o Release.gpg Release",
	    fields);

	shell(command);
	free(command);
}

static const char current[] = "Date: Sat, 11 Jul 2026 10:16:37 UTC\\n";

/* Once: keys. Then for each test: a fresh archive, an empty cache. */
static struct dory_config set_up(void)
{
	static bool has_keys;
	struct dory_config config = {
	    .architecture = text_copy("amd64"), .quiet = true, .proxy = text_copy(""), .memory = text_copy("256M")};
	char *uri;

	if (!has_keys) {
		CHECK(mkdtemp(directory) != NULL);
		shell("mkdir -m 700 gnupg && gpg --batch --passphrase '' --quick-gen-key tester@example ed25519 sign never && "
		      "gpg --export tester@example > keyring.gpg && gpg --armor --export tester@example > keyring.asc && "
		      "mkdir -m 700 other && GNUPGHOME=$PWD/other gpg --batch --passphrase '' --quick-gen-key other@example ed25519 sign "
		      "never && GNUPGHOME=$PWD/other gpg --export other@example > other.gpg");
		has_keys = true;
	}
	shell("rm -rf archive root && mkdir -p archive/pool archive/dists/test/main/binary-amd64");
	write_packages();
	sign(current);
	config.root = text_format("%s/root", directory);
	config.keyring = text_format("%s/keyring.gpg", directory);
	uri = text_format("file://%s/archive", directory);
	CHECK_EQ(config_choose_archive(&config, uri, "test", "main", NULL, &err), 0);
	free(uri);
	return config;
}

/* Warnings that a test provokes are not for who reads its results. */
static int silence(void)
{
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDERR_FILENO);
	close(null);
	return saved;
}

static void speak(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static char *names_of(const struct debian_set *set)
{
	struct text_buffer text = {0};

	text_append(&text, "", 0);
	for (size_t i = 0; i < set->count; i++)
		text_append_format(&text, "%s%s", i ? " " : "", set->packages[i].name);
	return text.text;
}

static size_t place_of(const struct debian_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->packages[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

static int resolve(const struct dory_config *config, const char *name, bool refresh, struct debian_set *set)
{
	err = (struct dory_error){0};
	return debian_resolve(config, &name, 1, refresh ? DEBIAN_ALWAYS : DEBIAN_IF_OLD, set, &err);
}

static bool resolves(const struct dory_config *config, const char *name, bool refresh)
{
	struct debian_set set = {0};
	int saved = silence(), status = resolve(config, name, refresh, &set);

	speak(saved);
	debian_set_release(&set);
	return status == 0;
}

static bool fails(const struct dory_config *config, const char *name, bool refresh, enum dory_error_kind kind, const char *text)
{
	struct debian_set set = {0};

	if (resolve(config, name, refresh, &set) < 0 && err.kind == kind && (strstr(err.message, text) || strstr(err.hint, text)))
		return true;
	printf("# kind %d: %s; %s\n", err.kind, err.message, err.hint);
	debian_set_release(&set);
	return false;
}

TEST(resolves_and_fetches)
{
	struct dory_config config = set_up();
	struct debian_set set;
	char *names;

	CHECK_EQ(resolve(&config, "server", false, &set), 0);
	names = names_of(&set);
	CHECK_EQ(set.count, 7);
	CHECK(place_of(&set, "libc6") < place_of(&set, "server") && place_of(&set, "server") < set.count);
	CHECK(place_of(&set, "first") < place_of(&set, "server"));
	CHECK(place_of(&set, "mawk") < place_of(&set, "base-files"));
	CHECK(!text_has_word(names, "dpkg") && !text_has_word(names, "perl-base") && !text_has_word(names, "gawk"));
	CHECK(strcmp(set.packages[place_of(&set, "server")].version, "1:2.0-1") == 0);
	CHECK_EQ(debian_fetch(&config, &set, &err), 0);
	for (size_t i = 0; i < set.count; i++)
		CHECK_EQ(access(set.packages[i].path, R_OK), 0);
	shell("test $(ls root/cache/debian/packages/*.deb | wc -l) = 7 && ! ls root/cache/debian/*/*.part root/cache/debian/*/*.new");
	free(names);
	debian_set_release(&set);
	config_release(&config);
}

TEST(cached_runs_ask_nobody)
{
	struct dory_config config = set_up();
	struct debian_set set;
	char before[65], after[65];
	const char *name = "server";

	CHECK_EQ(debian_fingerprint(&config, &name, 1, before, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK_EQ(resolve(&config, name, false, &set), 0);
	CHECK_EQ(debian_fetch(&config, &set, &err), 0);
	debian_set_release(&set);
	CHECK_EQ(debian_fingerprint(&config, &name, 1, before, &err), 0);
	shell("mv archive gone");
	CHECK_EQ(resolve(&config, name, false, &set), 0);
	CHECK_EQ(debian_fetch(&config, &set, &err), 0);
	debian_set_release(&set);
	CHECK_EQ(debian_fingerprint(&config, &name, 1, after, &err), 0);
	CHECK(strcmp(before, after) == 0);
	CHECK(resolves(&config, name, true)); /* a refresh that fails leaves what there was */
	CHECK_EQ(debian_fingerprint(&config, &name, 1, after, &err), 0);
	CHECK(strcmp(before, after) == 0);
	name = "two";
	CHECK_EQ(debian_fingerprint(&config, &name, 1, after, &err), 0);
	CHECK(strcmp(before, after) != 0);
	shell("rm -rf gone");
	config_release(&config);
}

TEST(a_refresh_takes_what_is_new)
{
	struct dory_config config = set_up();
	char before[65], after[65];
	const char *name = "two";

	CHECK(resolves(&config, "two", false));
	CHECK(fails(&config, "three", false, DORY_ERROR_NOT_FOUND, "no package 'three'"));
	CHECK_EQ(debian_fingerprint(&config, &name, 1, before, &err), 0);
	shell("sed -i 's/^Package: two/Package: three/' archive/dists/test/main/binary-amd64/Packages");
	sign("Date: Sun, 12 Jul 2026 10:16:37 UTC\\n");
	CHECK(fails(&config, "three", false, DORY_ERROR_NOT_FOUND, "no package 'three'"));
	CHECK(resolves(&config, "three", true));
	CHECK_EQ(debian_fingerprint(&config, &name, 1, after, &err), 0);
	CHECK(strcmp(before, after) != 0);
	/* Somebody hands out last week's lists. */
	shell("sed -i 's/^Package: three/Package: four/' archive/dists/test/main/binary-amd64/Packages");
	sign(current);
	CHECK(resolves(&config, "three", true));
	config_release(&config);
}

TEST(names_and_versions)
{
	struct dory_config config = set_up();
	struct debian_set set;

	CHECK_EQ(resolve(&config, "server=1:1.0-1", false, &set), 0);
	CHECK(strcmp(set.packages[place_of(&set, "server")].version, "1:1.0-1") == 0);
	debian_set_release(&set);
	CHECK_EQ(resolve(&config, "position", false, &set), 0);
	CHECK(place_of(&set, "first") < set.count);
	debian_set_release(&set);
	CHECK_EQ(resolve(&config, "debconf", false, &set), 0);
	CHECK(place_of(&set, "debconf") < set.count && place_of(&set, "perl-base") < set.count);
	debian_set_release(&set);
	CHECK_EQ(resolve(&config, "gawk", false, &set), 0);
	CHECK(place_of(&set, "mawk") == SIZE_MAX);
	debian_set_release(&set);
	CHECK(resolves(&config, "server:amd64", false));
	CHECK(fails(&config, "server=3", false, DORY_ERROR_NOT_FOUND, "1:2.0-1"));
	CHECK(fails(&config, "sever", false, DORY_ERROR_NOT_FOUND, "Did you mean server"));
	CHECK(fails(&config, "server:arm64", false, DORY_ERROR_NOT_FOUND, "arm64"));
	CHECK(fails(&config, "awk", false, DORY_ERROR_NOT_FOUND, "provided by"));
	CHECK(fails(&config, "../x", false, DORY_ERROR_NOT_FOUND, "no name of a package"));
	CHECK(fails(&config, "", false, DORY_ERROR_NOT_FOUND, "no name of a package"));
	config_release(&config);
}

TEST(conflicts_are_explained)
{
	struct dory_config config = set_up();
	const char *names[] = {"one", "two"};
	struct debian_set set;

	CHECK_EQ(debian_resolve(&config, names, 2, DEBIAN_IF_OLD, &set, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	CHECK(strstr(err.message, "one") && strstr(err.message, "two"));
	CHECK(fails(&config, "lonely", false, DORY_ERROR_CONFLICT, "nobody-has-this"));
	config_release(&config);
}

TEST(a_signature_must_hold)
{
	struct dory_config config = set_up();

	shell("sed -i 's/^Origin: Test/Origin: Tess/' archive/dists/test/InRelease");
	CHECK(fails(&config, "two", false, DORY_ERROR_UNTRUSTED, "changed after it was signed"));
	sign(current);
	text_replace(&config.keyring, text_format("%s/other.gpg", directory));
	CHECK(fails(&config, "two", false, DORY_ERROR_UNTRUSTED, "a key that is not in"));
	text_replace(&config.keyring, text_format("%s/none.gpg", directory));
	CHECK(fails(&config, "two", false, DORY_ERROR_NOT_FOUND, "keyring"));
	text_replace(&config.keyring, text_format("%s/keyring.asc", directory));
	CHECK(resolves(&config, "two", false));
	shell("rm archive/dists/test/InRelease && cp archive/dists/test/Release archive/dists/test/InRelease");
	text_replace(&config.keyring, text_format("%s/keyring.gpg", directory));
	CHECK(fails(&config, "two", false, DORY_ERROR_UNTRUSTED, "no signature"));
	config_release(&config);
}

TEST(text_outside_the_signature_is_ignored)
{
	struct dory_config config = set_up();

	shell("{ printf 'SHA256:\\n 0 0 evil\\n\\n'; cat archive/dists/test/InRelease; printf '\\nOrigin: evil\\n'; } > in && "
	      "mv in archive/dists/test/InRelease");
	if (resolves(&config, "two", false))
		shell("! grep evil root/cache/debian/*/Release");
	config_release(&config);
}

TEST(detached_signatures)
{
	struct dory_config config = set_up();

	shell("rm archive/dists/test/InRelease");
	CHECK(resolves(&config, "two", false));
	shell("echo >> archive/dists/test/Release");
	CHECK(resolves(&config, "two", true)); /* with a warning: the cached lists serve */
	shell("rm -rf root");
	CHECK(fails(&config, "two", false, DORY_ERROR_UNTRUSTED, "signature"));
	config_release(&config);
}

TEST(expired_releases)
{
	struct dory_config config = set_up();

	sign("Date: Sat, 11 Jul 2020 10:16:37 UTC\\nValid-Until: Sat, 18 Jul 2020 10:16:37 UTC\\n");
	CHECK(fails(&config, "two", false, DORY_ERROR_UNTRUSTED, "expired"));
	config.ignore_expiry = true;
	CHECK(resolves(&config, "two", false));
	config_release(&config);
}

TEST(broken_lists)
{
	struct dory_config config = set_up();

	shell("cd archive/dists/test/main/binary-amd64 && for f in by-hash/SHA256/*; do echo x >> $f; done");
	CHECK(fails(&config, "two", false, DORY_ERROR_UNTRUSTED, "longer"));
	sign(current);
	shell("cd archive/dists/test/main/binary-amd64 && truncate -s -5 by-hash/SHA256/*");
	CHECK(fails(&config, "two", false, DORY_ERROR_NETWORK, "ends after"));
	sign(current);
	shell("cd archive/dists/test/main/binary-amd64 && rm -r by-hash");
	CHECK(resolves(&config, "two", false)); /* the plain name serves */
	shell("cd root/cache/debian && for f in */*.solv; do head -c 100 $f > x && mv x $f; done");
	CHECK(resolves(&config, "two", false)); /* a broken cache is made again */
	config_release(&config);
}

TEST(broken_packages)
{
	struct dory_config config = set_up();
	struct debian_set set;

	CHECK_EQ(resolve(&config, "two", false, &set), 0);
	shell("sed -i s/two/owt/ archive/pool/two_2.deb");
	CHECK_EQ(debian_fetch(&config, &set, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_UNTRUSTED);
	CHECK(set.packages[0].path == NULL);
	shell("test ! -e root/cache/debian/packages/two* && truncate -s -3 archive/pool/two_2.deb");
	CHECK_EQ(debian_fetch(&config, &set, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NETWORK);
	shell("printf 'package two 2\\n' > archive/pool/two_2.deb");
	CHECK_EQ(debian_fetch(&config, &set, &err), 0); /* what is left of "owt" does not fit, and is fetched again */
	debian_set_release(&set);
	config_release(&config);
}

TEST(one_source_of_two_serves)
{
	struct dory_config config = set_up();
	struct debian_source *gone = array_push(&config.sources, &config.source_count, sizeof(*gone));

	*gone = (struct debian_source){.uri = text_copy("http://127.0.0.1:1/debian"), .suite = text_copy("test"),
	    .components = text_copy("main")};
	CHECK(resolves(&config, "server", false));
	CHECK(resolves(&config, "server", false)); /* and it is left alone for a while */
	config_release(&config);
}

TEST(flat_archives)
{
	struct dory_config config = set_up();
	struct debian_set set;

	shell("mkdir flat && cp -r archive/pool flat && cp archive/dists/test/main/binary-amd64/Packages flat && cd flat && gzip -k Packages && "
	      "{ echo SHA256:; for f in Packages Packages.gz; do echo \" $(sha256sum < $f | cut -d' ' -f1) $(stat -c %s $f) $f\"; done; } "
	      "> Release && gpg --batch --clearsign -o InRelease Release");
	text_replace(&config.sources[0].uri, text_format("file://%s/flat", directory));
	text_replace(&config.sources[0].suite, text_copy("./"));
	text_replace(&config.sources[0].components, text_copy(""));
	CHECK_EQ(resolve(&config, "server", false, &set), 0);
	CHECK_EQ(debian_fetch(&config, &set, &err), 0);
	CHECK_EQ(set.count, 7);
	debian_set_release(&set);
	config_release(&config);
}

TEST(a_forged_source_is_no_weather)
{
	struct dory_config config = set_up();
	struct debian_source *forged = array_push(&config.sources, &config.source_count, sizeof(*forged));

	*forged = (struct debian_source){.uri = text_format("file://%s/forged", directory), .suite = text_copy("test"),
	    .components = text_copy("main")};
	shell("cp -r archive forged && sed -i 's/^Origin: Test/Origin: Tess/' forged/dists/test/InRelease");
	CHECK(fails(&config, "two", false, DORY_ERROR_UNTRUSTED, "changed after it was signed"));
	shell("rm -rf forged");
	config_release(&config);
}

TEST(no_source_at_all)
{
	struct dory_config config = set_up();

	text_replace(&config.sources[0].uri, text_copy("http://127.0.0.1:1/debian"));
	CHECK(fails(&config, "server", false, DORY_ERROR_NETWORK, "127.0.0.1"));
	config_release(&config);
	config = (struct dory_config){.root = text_copy("/nowhere"), .architecture = text_copy("amd64")};
	CHECK(fails(&config, "server", false, DORY_ERROR_NOT_FOUND, "--archive"));
	config_release(&config);
}

int main(int argc, char **argv)
{
	int status = test_main(argc, argv);
	char *command = text_format("GNUPGHOME=%s/gnupg gpgconf --kill gpg-agent; GNUPGHOME=%s/other gpgconf --kill gpg-agent; rm -rf %s",
	    directory, directory, directory);

	if (system(command) != 0)
		status = 1;
	free(command);
	return status;
}
