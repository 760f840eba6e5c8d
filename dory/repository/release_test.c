/* SPDX-License-Identifier: BSD-3-Clause */
/* The pure parts: Release files, sizes from Packages files, gpgv's status lines, near names. */
#include "release.h"
#include <string.h>
#include "dory/base/near_names.h"
#include "packages_sizes.h"
#include "signature.h"
#include "tests/unit/test.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct dory_error err;

static int parse(const char *text, struct release *release)
{
	return release_parse(text, strlen(text), "Release", release, &err);
}

TEST(release_fields)
{
	struct release release;

	CHECK_EQ(parse("Origin: Debian\nSuite: oldstable\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n"
		       "Valid-Until: Thu, 01 Jan 1970 00:01:40 UTC\nAcquire-By-Hash: yes\nArchitectures: all amd64\n"
		       "MD5Sum:\n 0 1 x\nSHA256:\n " DIGEST "  123 main/binary-amd64/Packages.xz\n " DIGEST " 0 y\nNotAutomatic: yes\n",
		     &release), 0);
	CHECK_EQ(release.file_count, 2);
	CHECK_EQ(release_find(&release, "main/binary-amd64/Packages.xz")->size, 123);
	CHECK(release_find(&release, "x") == NULL);
	CHECK_EQ(release.date, 1783764997);
	CHECK_EQ(release.valid_until, 100);
	CHECK(release.has_by_hash && release.is_not_automatic && release.is_all_apart);
	release_fini(&release);
	CHECK_EQ(parse("Architectures: all amd64\nNo-Support-for-Architecture-all: Packages\nSHA256:\n " DIGEST " 1 a\n", &release), 0);
	CHECK(!release.is_all_apart);
	release_fini(&release);
}

TEST(release_errors)
{
	struct release release;

	CHECK_EQ(parse("", &release), -1);
	CHECK_EQ(parse("Origin: Debian\n", &release), -1);
	CHECK_EQ(parse("SHA256:\n 12 34 x\n", &release), -1);
	CHECK(strstr(err.message, "line 2") != NULL);
	CHECK_EQ(parse("SHA256:\n " DIGEST " 12\n", &release), -1);
	CHECK_EQ(parse("SHA256:\n " DIGEST " -1 x\n", &release), -1);
	CHECK_EQ(parse("SHA256:\n " DIGEST " 1 ../../etc/passwd\n", &release), -1);
	CHECK_EQ(parse("SHA256:\n " DIGEST " 1 /etc/passwd\n", &release), -1);
	CHECK_EQ(release_parse_date("yesterday"), 0);
	CHECK_EQ(release_parse_date("Sat, 11 Xyz 2026 10:16:37 UTC"), 0);
}

TEST(release_of_any_bytes)
{
	static const char alphabet[] = "SHA256:\n 0123456789abcdef Date:, x\t\r";

	for (int round = 0; round < 2000; round++) {
		size_t length = test_random() % 200;
		char *text = malloc(length ? length : 1);
		struct release release;

		for (size_t i = 0; i < length; i++)
			text[i] = test_random() % 16 ? alphabet[test_random() % sizeof(alphabet)] : (char)test_random();
		if (release_parse(text, length, "Release", &release, &err) == 0)
			release_fini(&release);
		free(text);
	}
}

TEST(sizes_however_the_file_is_cut)
{
	static const char text[] = "Package: a\nSize: 10\nDescription: long, longer, longer, longer, longer, longer, longer, longer, "
				   "longer, longer than a line that is kept\nSHA256: " DIGEST "\n\nPackage: b\nSHA256: " DIGEST
				   "\n\nPackage: c\nSHA256: " DIGEST "\nInstalled-Size: 7\nSize: 12";

	for (size_t cut = 1; cut < sizeof(text); cut++) {
		struct packages_sizes sizes = {0};

		for (size_t at = 0; at < sizeof(text) - 1; at += cut)
			packages_sizes_take(&sizes, text + at, at + cut < sizeof(text) - 1 ? cut : sizeof(text) - 1 - at);
		packages_sizes_end(&sizes);
		CHECK_EQ(sizes.count, 2);
		CHECK_EQ(sizes.packages[0].size, 10);
		CHECK_EQ(sizes.packages[1].size, 12);
		CHECK(strcmp(sizes.packages[1].sha256, DIGEST) == 0);
		packages_sizes_fini(&sizes);
	}
}

TEST(signature_status)
{
	CHECK(signature_status_is_good("[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG A b\n[GNUPG:] VALIDSIG F\n"));
	CHECK(signature_status_is_good("[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG A\n[GNUPG:] NO_PUBKEY A\n[GNUPG:] NEWSIG\n"
				       "[GNUPG:] GOODSIG A b\n[GNUPG:] VALIDSIG F\n"));
	CHECK(!signature_status_is_good(""));
	CHECK(!signature_status_is_good("[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG A b\n"));
	CHECK(!signature_status_is_good("[GNUPG:] NEWSIG\n[GNUPG:] EXPKEYSIG A b\n[GNUPG:] VALIDSIG F\n"));
	CHECK(!signature_status_is_good("[GNUPG:] NEWSIG\n[GNUPG:] REVKEYSIG A b\n[GNUPG:] VALIDSIG F\n"));
	CHECK(!signature_status_is_good("[GNUPG:] GOODSIG A b\n[GNUPG:] VALIDSIG F\n[GNUPG:] NEWSIG\n[GNUPG:] BADSIG A b\n"));
	CHECK(!signature_status_is_good("gpgv: GOODSIG A\nGOODSIG A\nVALIDSIG F\n"));
}

TEST(distances)
{
	CHECK_EQ(near_names_distance("sqlite3", "sqlite3", 2), 0);
	CHECK_EQ(near_names_distance("sqlit3", "sqlite3", 2), 1);
	CHECK_EQ(near_names_distance("sqltie3", "sqlite3", 2), 1);
	CHECK_EQ(near_names_distance("abc", "xyz", 2), 3);
	CHECK_EQ(near_names_distance("", "ab", 2), 2);
	CHECK_EQ(near_names_distance("a", "abcd", 2), 3);
}

TEST(near_names_are_few_and_sorted)
{
	struct near_names near = {0};
	static const char *const names[] = {"redis", "redis-server", "redis-sentinel", "nginx", "redsi", "rediss", "redit",
	    "libredis-perl", "redis-server"};
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		near_names_offer(&near, "redi", names[i]);
	text = near_names_text(&near);
	CHECK(strcmp(text, "redis, redit, redsi, rediss or redis-server") == 0);
	free(text);
}

TEST_MAIN()
