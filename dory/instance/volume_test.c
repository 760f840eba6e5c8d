/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of --volume. */
#include "dory/instance/volume.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "tests/unit/test.h"

static char path[] = "/tmp/dory-volume-XXXXXX";

static int parse(const char *rest, struct volume *volume, struct dory_error *err)
{
	char *text = text_format("%s%s", path, rest);
	int result = volume_parse(text, volume, err);

	free(text);
	return result;
}

TEST(words)
{
	struct volume volume;
	struct dory_error err;
	char *mount;

	close(mkstemp(path));
	CHECK_EQ(parse("", &volume, &err), 0);
	CHECK(strcmp(volume.machine.path, path) == 0 && strcmp(volume.machine.format, "raw") == 0 && !volume.target && !volume.machine.is_read_only);
	volume_release(&volume);
	CHECK_EQ(parse(":Format=qcow2:AIO=native:cache=none", &volume, &err), 0);
	CHECK(strcmp(volume.machine.format, "qcow2") == 0 && strcmp(volume.machine.aio, "native") == 0 && strcmp(volume.machine.cache, "none") == 0);
	volume_release(&volume);
	CHECK_EQ(parse(":aio=native:format=vmdk", &volume, &err), 0);
	CHECK(strcmp(volume.machine.cache, "none") == 0 && strcmp(volume.machine.format, "vmdk") == 0);
	volume_release(&volume);
	CHECK_EQ(parse(":/data:ro", &volume, &err), 0);
	CHECK(volume.machine.is_read_only && strcmp(volume.target, "/data") == 0);
	mount = volume_mount(&volume, 1);
	CHECK(strcmp(mount, "/dev/vdc /data ext4 ro") == 0);
	free(mount);
	volume_release(&volume);
	unlink(path);
}

TEST(mistakes)
{
	static const struct {
		const char *rest, *message;
	} cases[] = {{":x=1", "unknown volume setting: 'x'"}, {":raw", "neither"}, {":format=zip", "format cannot be 'zip'"}, {":aio=native:cache=writeback", "cache=none or directsync"}, {":", "neither"},
		{":/a:/b", "neither"}, {":/a b", "neither"}, {":=", "unknown volume setting"}};
	struct volume volume;
	struct dory_error err;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	close(mkstemp(path));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(parse(cases[i].rest, &volume, &err), -1);
		CHECK(err.kind == DORY_ERROR_USAGE && strstr(err.message, cases[i].message));
	}
	unlink(path);
	CHECK_EQ(parse("", &volume, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
}

TEST_MAIN()
